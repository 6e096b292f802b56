// GitHub's runner as child processes: the port, on the ground that a laptop has.
import type { RunnerProcess } from "../../../cloud/ports/runner.ts";
import { processGround, type ProcessGroundOptions } from "./process-ground.ts";
import { runnerProcess, type RunnerProcessOptions } from "../../runners/github/runner-process.ts";

export type ProcessRunnerOptions = ProcessGroundOptions & RunnerProcessOptions;

export interface ProcessRunner extends RunnerProcess {
  /** Resolves when no registration is being removed in the background any more: for an end in order. */
  settled(): Promise<void>;
}

export function processRunner(options: ProcessRunnerOptions): ProcessRunner {
  const ground = processGround(options);
  return { ...runnerProcess(ground, options), settled: () => ground.settled() };
}
