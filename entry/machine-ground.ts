// What the agent has under its feet: plain processes (the laptop's machines), or systemd's units (real machines).
import { mkdir } from "node:fs/promises";
import type { Host } from "../cloud/ports/host.ts";
import type { RunnerProcess } from "../cloud/ports/runner.ts";
import { processHost, readBootId } from "../agent/hosts/process/process-host.ts";
import { processRunner } from "../agent/hosts/process/process-runner.ts";
import { rootFolders, rootRequests } from "../agent/hosts/systemd/root-requests.ts";
import { systemdSupervisor } from "../agent/hosts/systemd/supervisor.ts";
import { findCgroupTree } from "../agent/hosts/systemd/unit-ground.ts";
import { unitHost } from "../agent/hosts/systemd/unit-host.ts";
import { unitRunner } from "../agent/hosts/systemd/unit-runner.ts";
import type { Clock } from "../cloud/ports/clock.ts";
import type { Log } from "../cloud/ports/log.ts";
import { prepareMs } from "../domain/limits.ts";
import type { AgentEnvironment } from "./agent/agent-environment.ts";
import { hostRandom } from "./host-random.ts";

interface MachineGround {
  readonly runner: RunnerProcess;
  readonly host: Host;
  readonly onWake: (wake: () => void) => void;
}

export const machineGround = (
  settings: AgentEnvironment,
  preRunnerScript: string,
  clock: Clock,
  log: Log,
): Promise<MachineGround> =>
  settings.RUNPOOL_GROUND === "units"
    ? unitsBelow(settings, clock, log)
    : processesBelow(settings, preRunnerScript, clock, log);

/** `config.sh` goes out of the machine as the agent does. */
const waysOut = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i.test(name) ? [[name, value]] : [],
    ),
  );

async function unitsBelow(settings: AgentEnvironment, clock: Clock, log: Log): Promise<MachineGround> {
  let wake = (): void => undefined;
  const stateDirectory = settings.RUNPOOL_STATE;
  const bootId = await readBootId();
  const requests = rootRequests({ ...rootFolders, clock, random: hostRandom });
  const runner = unitRunner({
    distribution: settings.RUNPOOL_RUNNER,
    rootsDirectory: settings.RUNPOOL_WORK,
    cgroupTree: await findCgroupTree(),
    stateDirectory,
    bootId,
    path: settings.RUNPOOL_PATH,
    environment: waysOut(),
    hooks: { directory: settings.RUNPOOL_HOOKS },
    requests,
    clock,
    log,
    onChange: () => wake(),
  });
  const host = unitHost({
    stateDirectory,
    bootId,
    workDirectory: settings.RUNPOOL_WORK,
    prepareLimitMs: prepareMs(settings.RUNPOOL_BOOT_MS),
    requests,
    supervisor: systemdSupervisor(clock, log),
    lastWork: () => runner.settled(),
    clock,
    log,
  });
  return { runner, host, onWake: (call) => (wake = call) };
}

async function processesBelow(
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
    prepareLimitMs: prepareMs(settings.RUNPOOL_BOOT_MS),
    powerOff: async () => {
      await runner.settled();
      process.exit(0);
    },
    clock,
    log,
  });
  return { runner, host, onWake: (call) => (wake = call) };
}
