// An environment of another version: every command that would change something refuses it, with the command that fixes it.
import { afterEach, beforeEach, expect, test } from "vitest";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { environmentSchema } from "../../domain/version.ts";
import { openCliBench, type CliBench } from "./bench.ts";
import { repository } from "./cloud.ts";

let bench: CliBench;
beforeEach(async () => {
  bench = await openCliBench();
  await bench.put(defaultsItem({ ...bench.defaults, deployedBy: "9.1.0", schema: environmentSchema + 1 }));
});
afterEach(() => bench.close());

const job = { GITHUB_RUN_ID: "1001", GITHUB_RUN_ATTEMPT: "1", GITHUB_REPOSITORY: repository, GITHUB_JOB: "ci" };

test.each([["provision"], ["release"], ["refresh"], ["drain", "--all"]])("%s changes nothing", async (...words) => {
  await bench.record({ instanceId: "i-0ccccccccccccccc1" });
  const before = bench.records();
  const { code, err } = await bench.run(words, job);
  expect(err).toContain('environment "dev" was deployed by runpool 9.1.0');
  expect(err).toContain("@v9.1.0");
  expect(code).toBe(2);
  expect([bench.machines.machines(), bench.records()]).toEqual([[], before]);
});

test("doctor's finding is the same", async () => {
  const { out } = await bench.run(["doctor"], job);
  expect(out).toContain("was deployed by runpool 9.1.0");
});
