// GitHub's runner in a systemd unit: the port, on the ground that a real machine has.
import type { RunnerProcess } from "../../../cloud/ports/runner.ts";
import { runnerProcess, type RunnerProcessOptions } from "../../runners/github/runner-process.ts";
import { unitGround, type UnitGroundOptions } from "./unit-ground.ts";

export type UnitRunnerOptions = UnitGroundOptions & RunnerProcessOptions;

export interface UnitRunner extends RunnerProcess {
  /** Resolves when no registration is being removed any more. */
  settled(): Promise<void>;
}

export function unitRunner(options: UnitRunnerOptions): UnitRunner {
  const ground = unitGround(options);
  return { ...runnerProcess(ground, options), settled: () => ground.settled() };
}
