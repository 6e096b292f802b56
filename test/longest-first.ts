// The order of test files: the longest first, so that no worker is left alone with one at the end.
import type { TestSequencer, TestSpecification } from "vitest/node";

/** What takes half a minute and more on two cores, the longest first. The rest follows, in any order. */
export const longest = [
  "stacks/changes",
  "ami/image-root",
  "stacks/deployed",
  "stacks/first-boot",
  "simulation/sabotage",
  "agent/systemd/crashes",
  "model/mutations",
  "ami/dnf-root",
  "simulation/simulation",
  "laptop/laptop",
  "model/clean",
  "stacks/terraform",
  "laptop/keep",
  "agent/systemd/endings",
  "soak/soak",
  "workflow-runner/bake",
  "workflow-runner/examples",
  "agent/systemd/contracts",
  "cli/package",
  "agent/systemd/serving",
  "agent/systemd/hostile-job",
  "agent/systemd/docker-jobs",
  "action/cancel",
  "agent/process-runner",
  "cli/five-thousand",
  "bench-calls/calls",
  "agent/systemd/just-in-time",
  "agent/systemd/races",
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
