// Estimates of what instances cost: right in proportion, silent where nothing is known.
import { expect, test } from "vitest";
import { catalogue } from "../../sim/ec2/catalogue.ts";
import { estimatedUsdPerHour } from "../../domain/prices.ts";

test.each([
  ["m7i.large", "on-demand", 0.1008],
  ["m7i.4xlarge", "on-demand", 0.8064],
  ["c6i.xlarge", "spot", 0.17 * 0.38],
  ["m9i.2xlarge", "on-demand", 0.4],
] as const)("%s %s costs about $%d an hour", (type, usage, usd) => {
  expect(estimatedUsdPerHour(type, usage)).toBeCloseTo(usd, 5);
});

test.each(["", "large", "u-6tb1.112xlarge", "m7i.metal-24xl", "g5.xlarge", "constructor.large"])(
  "of %j nothing is known",
  (type) => {
    expect(estimatedUsdPerHour(type, "on-demand")).toBeUndefined();
  },
);

test("the embedded EC2 has the same prices", () => {
  for (const { name, usdPerHour } of catalogue)
    expect(estimatedUsdPerHour(name, "on-demand"), name).toBeCloseTo(usdPerHour, 4);
});
