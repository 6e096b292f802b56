// Version skew: who may work on which environment, and what the refusal tells to do.
import { expect, test } from "vitest";
import { environmentSchema, oldestEnvironmentSchema, skewOf, version } from "../../domain/version.ts";

const own = { version: "2.0.0", newest: 3, oldest: 2 };

test("the versions between the oldest and the newest layout are worked on", () => {
  for (const schema of [2, 3]) expect(skewOf("dev", { deployedBy: "1.9.0", schema }, own)).toBeUndefined();
  expect(skewOf("dev", { deployedBy: version, schema: environmentSchema })).toBeUndefined();
  expect(oldestEnvironmentSchema).toBeLessThanOrEqual(environmentSchema);
});

test("an environment that is newer than the control plane is refused, and the version to use is named", () => {
  const told = skewOf("dev", { deployedBy: "2.1.0", schema: 4 }, own);
  expect(told).toContain('"dev" was deployed by runpool 2.1.0 (schema 4)');
  expect(told).toContain("@v2.1.0");
});

test("an environment that is older than the control plane works on is refused, and the deployment is named", () => {
  const told = skewOf("dev", { deployedBy: "1.0.0", schema: 1 }, own);
  expect(told).toContain("npm run cdktf -- deploy 'dev-*'");
  expect(told).toContain("until then keep the action and the command line at v1.0.0");
});

test("an environment that was deployed before versions were written down has the first layout", () => {
  expect(skewOf("dev", {}, { ...own, oldest: 1 })).toBeUndefined();
  expect(skewOf("dev", {}, own)).toContain("schema 1");
});
