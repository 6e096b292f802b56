// What the agent has under its feet: plain processes (the laptop's machines); real machines have systemd.
import { mkdir } from "node:fs/promises";
import type { Host, RunnerProcess } from "../cloud/agent-ports.ts";
import { processHost, readBootId } from "../cloud/host/process-host.ts";
import { processRunner } from "../cloud/host/process-runner.ts";
import type { Clock, Log } from "../cloud/ports.ts";
import type { AgentEnvironment } from "./agent-environment.ts";

interface MachineGround {
  readonly runner: RunnerProcess;
  readonly host: Host;
  readonly onWake: (wake: () => void) => void;
}

export async function machineGround(
  settings: AgentEnvironment,
  preRunnerScript: string,
  clock: Clock,
  log: Log,
): Promise<MachineGround> {
  let wake = (): void => undefined;
  const stateDirectory = settings.RUNPOOL_STATE;
  await mkdir(stateDirectory, { recursive: true });
  await mkdir(settings.RUNPOOL_WORK, { recursive: true });
  const bootId = await readBootId();
  const path = settings.RUNPOOL_PATH;
  const runner = processRunner({
    distribution: settings.RUNPOOL_RUNNER,
    rootsDirectory: settings.RUNPOOL_WORK,
    stateDirectory,
    bootId,
    path,
    hooks: { directory: settings.RUNPOOL_HOOKS },
    clock,
    log,
    onChange: () => wake(),
  });
  const host = processHost({
    preRunnerScript,
    stateDirectory,
    bootId,
    path,
    workDirectory: settings.RUNPOOL_WORK,
    powerOff: async () => {
      await runner.settled();
      process.exit(0);
    },
    clock,
    log,
  });
  return { runner, host, onWake: (call) => (wake = call) };
}
