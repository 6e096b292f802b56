// Reads InstanceRequirements off the wire.
import { AwsFault } from "../http/service.ts";
import type { InstanceType, Manufacturer } from "./catalogue.ts";
import { invalid, number, range, structure, text, texts } from "./input.ts";
import type { Input } from "./input.ts";
import type { PriceProtection, Requirements } from "./matching-types.ts";

type Choice = "included" | "excluded" | "required";
const choices: readonly Choice[] = ["included", "excluded", "required"];
const generations: readonly InstanceType["generation"][] = ["current", "previous"];
const manufacturers: readonly Manufacturer[] = ["intel", "amd", "amazon-web-services"];

const oneOf = <T extends string>(allowed: readonly T[], value: string, key: string): T => {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw invalid(`Value (${value}) for parameter ${key} is invalid.`);
  return found;
};

const choice = (input: Input, key: string): Choice | undefined => {
  const value = text(input, key);
  return value === undefined ? undefined : oneOf(choices, value, key);
};

/** Attributes of which every type in the catalogue has the same, or none: asking for them must not be ignored silently. */
const unmodelled = ["NetworkInterfaceCount", "TotalLocalStorageGB", "BaselineEbsBandwidthMbps", "NetworkBandwidthGbps"];

export function readRequirements(input: Input): Requirements {
  const [vcpu, mib] = [range(input, "VCpuCount"), range(input, "MemoryMiB")];
  if (vcpu.min === undefined || mib.min === undefined)
    throw new AwsFault("MissingParameter", "VCpuCount.Min and MemoryMiB.Min are required in InstanceRequirements.");
  const other = unmodelled.find((key) => structure(input, key) !== undefined);
  if (other !== undefined)
    throw new AwsFault("UnsupportedOperation", `The embedded cloud does not model InstanceRequirements.${other}.`);
  const [allowed, excluded] = [texts(input, "AllowedInstanceType"), texts(input, "ExcludedInstanceType")];
  if (allowed.length > 0 && excluded.length > 0)
    throw new AwsFault(
      "InvalidParameterCombination",
      "AllowedInstanceTypes and ExcludedInstanceTypes cannot be used together.",
    );
  const [burstable, bareMetal, localStorage] = [
    choice(input, "BurstablePerformance"),
    choice(input, "BareMetal"),
    choice(input, "LocalStorage"),
  ];
  return {
    vcpu,
    mib,
    gibPerVcpu: range(input, "MemoryGiBPerVCpu"),
    allowedTypes: allowed,
    excludedTypes: excluded,
    manufacturers: texts(input, "CpuManufacturer").map((value) => oneOf(manufacturers, value, "CpuManufacturers")),
    generations: texts(input, "InstanceGeneration").map((value) => oneOf(generations, value, "InstanceGenerations")),
    accelerators: range(input, "AcceleratorCount"),
    ...(burstable === undefined ? {} : { burstable }),
    ...(bareMetal === undefined ? {} : { bareMetal }),
    ...(localStorage === undefined ? {} : { localStorage }),
  };
}

export function readPriceProtection(input: Input): PriceProtection {
  const [onDemandOverLowest, spotOverLowest, spotOfOnDemand] = [
    number(input, "OnDemandMaxPricePercentageOverLowestPrice"),
    number(input, "SpotMaxPricePercentageOverLowestPrice"),
    number(input, "MaxSpotPriceAsPercentageOfOptimalOnDemandPrice"),
  ];
  if (spotOverLowest !== undefined && spotOfOnDemand !== undefined)
    throw new AwsFault(
      "InvalidParameterCombination",
      "Only one of SpotMaxPricePercentageOverLowestPrice or MaxSpotPriceAsPercentageOfOptimalOnDemandPrice can be specified.",
    );
  return {
    ...(onDemandOverLowest === undefined ? {} : { onDemandOverLowest }),
    ...(spotOverLowest === undefined ? {} : { spotOverLowest }),
    ...(spotOfOnDemand === undefined ? {} : { spotOfOnDemand }),
  };
}
