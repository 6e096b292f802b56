// What EC2 tells about instance types: their facts, which ones meet requirements, and what spot costs.
import { AwsFault } from "../http/service.ts";
import { catalogue, instanceType } from "./catalogue.ts";
import type { Architecture, InstanceType } from "./catalogue.ts";
import { refuse, structure, texts } from "./input.ts";
import type { Input } from "./input.ts";
import { page } from "./listing.ts";
import { matchingTypes } from "./matching-types.ts";
import { readRequirements } from "./requirements.ts";
import type { Answer, Actions, World } from "./world.ts";
import type { Xml } from "./xml.ts";

const described = (type: InstanceType): Xml => ({
  instanceType: type.name,
  currentGeneration: type.generation === "current",
  freeTierEligible: false,
  supportedUsageClasses: ["on-demand", "spot"],
  supportedRootDeviceTypes: ["ebs"],
  supportedVirtualizationTypes: ["hvm"],
  bareMetal: type.bareMetal,
  hypervisor: "nitro",
  processorInfo: { supportedArchitectures: [type.architecture] },
  vCpuInfo: { defaultVCpus: type.vcpu },
  memoryInfo: { sizeInMiB: type.mib },
  instanceStorageSupported: false,
  burstablePerformanceSupported: type.burstable,
});

function describeTypes(_: World, input: Input): Answer {
  refuse(input, ["Filter"]);
  const names = texts(input, "InstanceType");
  const unknown = names.filter((name) => instanceType(name) === undefined);
  if (unknown.length > 0)
    throw new AwsFault(
      "InvalidInstanceType",
      `The following supplied instance types do not exist: [${unknown.join(", ")}]`,
    );
  const all = names.length === 0 ? catalogue : names.flatMap((name) => instanceType(name) ?? []);
  const { entries, nextToken } = page(input, all, { min: 5, max: 100 });
  return { instanceTypeSet: entries.map(described), nextToken };
}

/** Price protection is not applied here, as in EC2 (its parameters "are not supported for" this call). */
function typesFromRequirements(_: World, input: Input): Answer {
  const requirements = structure(input, "InstanceRequirements");
  if (requirements === undefined)
    throw new AwsFault("MissingParameter", "The request must contain the parameter InstanceRequirements");
  const need = readRequirements(requirements);
  const found = texts(input, "ArchitectureType")
    .filter((name): name is Architecture => name === "x86_64" || name === "arm64")
    .flatMap((architecture) => matchingTypes(catalogue, need, architecture));
  const { entries, nextToken } = page(input, found, { min: 1, max: 1000 });
  return { instanceTypeSet: entries.map(({ name }) => ({ instanceType: name })), nextToken };
}

export const instanceTypeActions: Actions = {
  DescribeInstanceTypes: describeTypes,
  GetInstanceTypesFromInstanceRequirements: typesFromRequirements,
};
