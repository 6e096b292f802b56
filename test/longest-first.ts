// The order of test files: the longest first, so that no worker is left alone with one at the end.
import type { TestSequencer, TestSpecification } from "vitest/node";

/** What takes half a minute and more on two cores, the longest first. The rest follows, in any order. */
export const longest = [
  "ami/image-root",
  "stacks/changes",
  "stacks/deployed",
  "simulation/simulation",
  "simulation/sabotage",
  "agent/systemd/crashes",
  "agent/systemd/endings",
  "laptop/laptop",
  "workflow-runner/bake",
  "model/clean",
  "agent/systemd/hostile-job",
  "agent/systemd/docker-jobs",
  "agent/systemd/serving",
  "agent/systemd/just-in-time",
  "ami/dnf-root",
  "agent/process-runner",
  "stacks/first-boot",
  "stacks/terraform",
  "action/cancel",
  "soak/soak",
  "laptop/keep",
  "agent/systemd/races",
  "model/mutations",
  "bench-calls/calls",
  "workflow-runner/examples",
  "cli/package",
  "action/release",
].map((name) => `test/${name}.test.ts`);

/** Its place in the list; after all of them where it is not in it. */
const placeOf = ({ moduleId }: TestSpecification): number => {
  const at = longest.findIndex((path) => moduleId.endsWith(`/${path}`));
  return at < 0 ? longest.length : at;
};

export default class LongestFirst implements TestSequencer {
  sort(files: TestSpecification[]): TestSpecification[] {
    return files.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
  shard(): TestSpecification[] {
    throw new Error("--shard is not supported: all tests run on one machine");
  }
}
