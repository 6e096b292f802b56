// How the tests run: processes of their own (some drive child processes and signals), two more than the machine has cores, since many mostly wait.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import LongestFirst from "./test/longest-first.ts";

/**
 * Tests that stand on real processes, and so on the machine's scheduling: what fails for want of time on a busy one is tried
 * once more, and the closing report names it.
 */
const real = ["action", "agent", "ami", "cli", "laptop", "soak", "stacks", "workflow-runner"].map(
  (name) => `test/${name}/**/*.test.ts`,
);

/** Of these, what looks for a loss that chance brings about: one in two tries is a loss. */
const once = ["test/action/cancel.test.ts", "test/soak/**/*.test.ts"];

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    // For what hangs, not for what a busy machine takes its time over.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 10_000,
    // Worth a thought, not an error: a test that takes longer is printed with its time.
    slowTestThreshold: 2_000,
    // `.only` is for the moment: what is committed runs everything.
    allowOnly: true,
    projects: [
      // They leave nothing behind in their process, so the next file finds the SDK and the product read already.
      { extends: true, test: { name: "code", include: ["test/**/*.test.ts"], exclude: real, isolate: false } },
      { extends: true, test: { name: "real", include: real, exclude: once, retry: 1 } },
      { extends: true, test: { name: "once", include: once, retry: 0 } },
    ],
  },
});
