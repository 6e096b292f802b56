// One CreateFleet `instant`, and what it launched in our terms.
import type {
  ArchitectureType,
  CreateFleetInstance,
  CreateFleetResult,
  EC2Client,
  VirtualizationType,
  _InstanceType,
} from "@aws-sdk/client-ec2";
import type * as Ec2 from "./ec2-sdk.ts";
import type { Launched, LaunchFailure, LaunchOutcome, LaunchRequest } from "../ports/fleet.ts";
import type { Unknown } from "../ports/outcomes.ts";
import { attributesOf, createFleetInput, namesTypes } from "./fleet-request.ts";
import { distinct, failureOf, type FleetFailure } from "./launch-failures.ts";
import { asSdkError, problemOf, troubleOf } from "./sdk-errors.ts";

export interface LaunchTools {
  readonly sdk: typeof Ec2;
  readonly client: EC2Client;
  /** Sizes of instance types met before: they never change. */
  readonly sizes: Map<string, { readonly cpu: number; readonly mmem: number }>;
  /** Types that meet requirements, by the question asked of EC2. */
  readonly types: Map<string, readonly string[]>;
  /** Client tokens whose wildcards could not be resolved when they were first used. */
  readonly asAsked: Set<string>;
}

/** Asks for all unknown types at once. A failure is not worth losing machines that run: they then count as the minimum they have. */
async function learnSizes({ sdk, client, sizes }: LaunchTools, types: readonly string[]): Promise<void> {
  const unknown = types.filter((type) => !sizes.has(type));
  if (unknown.length === 0) return;
  try {
    const pages = sdk.paginateDescribeInstanceTypes({ client }, { InstanceTypes: unknown as _InstanceType[] });
    for await (const { InstanceTypes = [] } of pages)
      for (const { InstanceType, VCpuInfo, MemoryInfo } of InstanceTypes) {
        const [cpu, mmem] = [VCpuInfo?.DefaultVCpus, MemoryInfo?.SizeInMiB];
        if (InstanceType !== undefined && cpu !== undefined && mmem !== undefined)
          sizes.set(InstanceType, { cpu, mmem });
      }
  } catch (error) {
    troubleOf(error);
  }
}

async function launchedBy(
  tools: LaunchTools,
  request: LaunchRequest,
  groups: readonly CreateFleetInstance[],
): Promise<readonly Launched[]> {
  await learnSizes(tools, [...new Set(groups.map(({ InstanceType }) => InstanceType ?? ""))]);
  const zones = new Map(request.subnets.map(({ id, zone }) => [id, zone]));
  return groups.flatMap(({ InstanceIds, InstanceType = "", LaunchTemplateAndOverrides, Lifecycle }) => {
    const { SubnetId = "", AvailabilityZone } = LaunchTemplateAndOverrides?.Overrides ?? {};
    const size = tools.sizes.get(InstanceType) ?? request.minimum;
    return (InstanceIds ?? []).map((instanceId) => ({
      instanceId,
      instanceType: InstanceType,
      cpu: size.cpu,
      mmem: size.mmem,
      zone: zones.get(SubnetId) ?? AvailabilityZone ?? request.subnets[0]?.zone ?? "",
      usageClass: Lifecycle === "spot" ? "spot" : Lifecycle === "on-demand" ? "on-demand" : request.usageClass,
    }));
  });
}

/** The types of the region that meet the requirements, in order; undefined where EC2 does not say. Asked once for each question. */
async function matching({ sdk, client, types }: LaunchTools, request: LaunchRequest): Promise<Types> {
  const question = {
    ArchitectureTypes: [request.architecture === "x64" ? "x86_64" : "arm64"] satisfies ArchitectureType[],
    VirtualizationTypes: ["hvm"] satisfies VirtualizationType[],
    InstanceRequirements: attributesOf(request),
  };
  const key = JSON.stringify(question);
  const known = types.get(key);
  if (known !== undefined) return known;
  const found: string[] = [];
  try {
    for (let NextToken: string | undefined; ;) {
      const page = NextToken === undefined ? question : { ...question, NextToken };
      const reply = await client.send(new sdk.GetInstanceTypesFromInstanceRequirementsCommand(page));
      found.push(...(reply.InstanceTypes ?? []).flatMap(({ InstanceType }) => InstanceType ?? []));
      NextToken = reply.NextToken === "" ? undefined : reply.NextToken;
      if (NextToken === undefined) break;
    }
  } catch (error) {
    troubleOf(error);
    return undefined;
  }
  const inOrder = found.toSorted();
  types.set(key, inOrder);
  return inOrder;
}
type Types = readonly string[] | undefined;

/**
 * The types among which some are to be avoided. A client token answers only for the very same request, so a round that could not
 * resolve its wildcards keeps them when it is repeated.
 */
async function typesToAvoidAmong(tools: LaunchTools, request: LaunchRequest): Promise<Types> {
  if (request.avoid.length === 0 || namesTypes(request) || tools.asAsked.has(request.clientToken)) return undefined;
  const types = await matching(tools, request);
  if (types === undefined) tools.asAsked.add(request.clientToken);
  return types;
}

const isFleetConfig = ({ code }: FleetFailure): boolean => /^Invalid(FleetConfig|InstanceRequirement)/.test(code);

/** EC2 does not document how CreateFleet says that no type meets the requirements, so it is asked whether any does. */
async function explained(
  tools: LaunchTools,
  request: LaunchRequest,
  failures: readonly FleetFailure[],
): Promise<readonly LaunchFailure[]> {
  const avoids = request.avoid.length > 0;
  const isVague = (failure: FleetFailure): boolean =>
    isFleetConfig(failure) && (failure.kind === "refused" || (avoids && failure.kind === "no-type"));
  if (!failures.some(isVague)) return distinct(failures);
  if ((await matching(tools, request))?.length === 0)
    return distinct(
      failures.map(({ code, kind, reason }) => ({ code, kind: kind === "refused" ? "no-type" : kind, reason })),
    );
  if (!avoids) return distinct(failures);
  // Types do meet the request: only without the avoided pools none is left, and waiting, or the next rung, may help.
  return distinct(failures.map((one) => (isVague(one) ? { ...one, kind: "no-capacity" } : one)));
}

/** EC2 gives up after three pools that fail, and says this of the others: they were not tried, and may well have what is wanted. */
const untried = "UnfulfillableCapacity";

/** The SDK tries again after a lost reply with the same client token, so nothing is launched twice. */
export async function launch(tools: LaunchTools, request: LaunchRequest): Promise<LaunchOutcome | Unknown> {
  let reply: CreateFleetResult;
  try {
    const types = await typesToAvoidAmong(tools, request);
    reply = await tools.client.send(new tools.sdk.CreateFleetCommand(createFleetInput(request, types)));
  } catch (error) {
    const trouble = troubleOf(error);
    const failure = failureOf(asSdkError(error).name, asSdkError(error).message);
    // A server error that names a lack of capacity or a limit is an answer; any other is none.
    if (trouble === "unclear" && failure.kind !== "no-capacity" && failure.kind !== "quota")
      return { kind: "unknown", problem: `CreateFleet: ${problemOf(error)}` };
    const certain: FleetFailure = trouble === "throttled" ? { ...failure, kind: "throttled" } : failure;
    return { kind: "answered", launched: [], failures: await explained(tools, request, [certain]) };
  }
  const failures = (reply.Errors ?? []).map(({ ErrorCode, ErrorMessage, LaunchTemplateAndOverrides }) => {
    const { InstanceType: instanceType, SubnetId, AvailabilityZone } = LaunchTemplateAndOverrides?.Overrides ?? {};
    const zone = request.subnets.find(({ id }) => id === SubnetId)?.zone ?? AvailabilityZone;
    const failure = failureOf(ErrorCode ?? "Unknown", ErrorMessage ?? "");
    const tried = failure.kind === "no-capacity" && ErrorCode !== untried;
    return tried && instanceType !== undefined && zone !== undefined
      ? { ...failure, pool: { instanceType, zone } }
      : failure;
  });
  const launched = await launchedBy(tools, request, reply.Instances ?? []);
  return { kind: "answered", launched, failures: await explained(tools, request, failures) };
}
