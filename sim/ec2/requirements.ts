// Reads InstanceRequirements off the wire: those that a fleet of ours sets. Any other is refused, never ignored.
import { AwsFault } from "../http/service.ts";
import { invalid, number, range, text, texts, unmodelled } from "./input.ts";
import type { Input } from "./input.ts";
import type { PriceProtection, Requirements } from "./matching-types.ts";

type Choice = "included" | "excluded" | "required";
const choices: readonly Choice[] = ["included", "excluded", "required"];

const choice = (input: Input, key: string): Choice | undefined => {
  const value = text(input, key);
  const found = choices.find((one) => one === value);
  if (value !== undefined && found === undefined) throw invalid(`Value (${value}) for parameter ${key} is invalid.`);
  return found;
};

const [onDemandOverLowest, spotOverLowest] = [
  "OnDemandMaxPricePercentageOverLowestPrice",
  "SpotMaxPricePercentageOverLowestPrice",
];
const modelled: ReadonlySet<string> = new Set([
  "VCpuCount",
  "MemoryMiB",
  "AllowedInstanceType",
  "ExcludedInstanceType",
  "BurstablePerformance",
  "BareMetal",
  onDemandOverLowest,
  spotOverLowest,
]);

export function readRequirements(input: Input): Requirements {
  const other = Object.keys(input).find((key) => !modelled.has(key));
  if (other !== undefined) throw unmodelled(`InstanceRequirements.${other}`);
  const [vcpu, mib] = [range(input, "VCpuCount"), range(input, "MemoryMiB")];
  if (vcpu.min === undefined || mib.min === undefined)
    throw new AwsFault("MissingParameter", "VCpuCount.Min and MemoryMiB.Min are required in InstanceRequirements.");
  const [allowed, excluded] = [texts(input, "AllowedInstanceType"), texts(input, "ExcludedInstanceType")];
  if (allowed.length > 0 && excluded.length > 0)
    throw new AwsFault(
      "InvalidParameterCombination",
      "AllowedInstanceTypes and ExcludedInstanceTypes cannot be used together.",
    );
  const [burstable, bareMetal] = [choice(input, "BurstablePerformance"), choice(input, "BareMetal")];
  return {
    vcpu,
    mib,
    allowedTypes: allowed,
    excludedTypes: excluded,
    ...(burstable === undefined ? {} : { burstable }),
    ...(bareMetal === undefined ? {} : { bareMetal }),
  };
}

export function readPriceProtection(input: Input): PriceProtection {
  const [onDemand, spot] = [number(input, onDemandOverLowest), number(input, spotOverLowest)];
  return {
    ...(onDemand === undefined ? {} : { onDemandOverLowest: onDemand }),
    ...(spot === undefined ? {} : { spotOverLowest: spot }),
  };
}
