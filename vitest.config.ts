// How the tests run: processes of their own (some drive child processes and signals), as many as the machine has cores for.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    // Worth a thought, not an error: a test that takes longer is printed with its time.
    slowTestThreshold: 2_000,
    // `.only` is for the moment: what is committed runs everything.
    allowOnly: true,
  },
});
