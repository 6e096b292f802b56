// What instances cost, approximately: for estimates in logs and summaries, never for bills.

/** Linux on demand in us-east-1, dollars an hour of a `large` (2 vCPU), by family (EC2 on-demand pricing page); others differ by region. */
export const largeUsdPerHour = {
  c5: 0.085,
  c5a: 0.077,
  c6i: 0.085,
  c6a: 0.0765,
  c7i: 0.08925,
  c7a: 0.10264,
  c6g: 0.068,
  c7g: 0.0725,
  m5: 0.096,
  m6i: 0.096,
  m6a: 0.0864,
  m7i: 0.1008,
  m7a: 0.11592,
  m7g: 0.0816,
  r5: 0.126,
  r6i: 0.126,
  r6a: 0.1134,
  r7i: 0.1323,
  r7g: 0.1071,
  t3: 0.0832,
  t4g: 0.0672,
} as const;

/** Families that are not in the table, by their letter: near the middle of their kind. */
const likely: Readonly<Record<string, number>> = { c: 0.085, m: 0.1, r: 0.13, t: 0.083 };

/** What spot capacity costs of the on-demand price, most days. */
const spotShare = 0.38;

/** vCPUs of a size; `4xlarge` has 16. Undefined for metal and what else has no fixed number. */
function vcpusOf(size: string): number | undefined {
  if (size === "medium") return 1;
  if (size === "large") return 2;
  const [, times = "1"] = /^(\d*)xlarge$/.exec(size) ?? [];
  return size.endsWith("xlarge") ? 4 * Number(times === "" ? 1 : times) : undefined;
}

/** Dollars an hour, an estimate; undefined for a type of which nothing is known. */
export function estimatedUsdPerHour(instanceType: string, usageClass: string): number | undefined {
  const [family = "", size = ""] = instanceType.split(".");
  const large = Object.hasOwn(largeUsdPerHour, family)
    ? largeUsdPerHour[family as keyof typeof largeUsdPerHour]
    : /^[a-z]\d/.test(family)
      ? likely[family.slice(0, 1)]
      : undefined;
  const vcpus = vcpusOf(size);
  if (large === undefined || vcpus === undefined) return undefined;
  return (large / 2) * vcpus * (usageClass === "spot" ? spotShare : 1);
}
