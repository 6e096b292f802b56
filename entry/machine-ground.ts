// What the agent has under its feet: plain processes (the laptop's machines), or systemd's units (real machines).
import { mkdir } from "node:fs/promises";
import type { Host } from "../cloud/ports/host.ts";
import type { Sandbox } from "../cloud/ports/sandbox.ts";
import { processHost, readBootId } from "../agent/hosts/process/process-host.ts";
import { processSandbox } from "../agent/hosts/process/process-sandbox.ts";
import { rootFolders, rootRequests } from "../agent/hosts/systemd/root-requests.ts";
import { systemdSupervisor } from "../agent/hosts/systemd/supervisor.ts";
import { findCgroupTree, unitSandbox } from "../agent/hosts/systemd/unit-sandbox.ts";
import { unitHost } from "../agent/hosts/systemd/unit-host.ts";
import { githubProgram } from "../agent/runners/github/program.ts";
import type { Clock } from "../cloud/ports/clock.ts";
import type { Log } from "../cloud/ports/log.ts";
import { prepareMs } from "../domain/limits.ts";
import type { AgentEnvironment } from "./agent/agent-environment.ts";
import { hostRandom } from "./host-random.ts";

interface MachineGround {
  readonly sandbox: Sandbox;
  readonly host: Host;
  readonly bootId: string;
  readonly onWake: (wake: () => void) => void;
  /** Said once the runner is there: what is still to be done before power goes. */
  readonly onPowerOff: (lastWork: () => Promise<void>) => void;
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

/** The commands of a runner go out of the machine as the agent does. */
const waysOut = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i.test(name) ? [[name, value]] : [],
    ),
  );

async function unitsBelow(settings: AgentEnvironment, clock: Clock, log: Log): Promise<MachineGround> {
  let wake = (): void => undefined;
  let lastWork = (): Promise<void> => Promise.resolve();
  const stateDirectory = settings.RUNPOOL_STATE;
  const bootId = await readBootId();
  const requests = rootRequests({ ...rootFolders, clock, random: hostRandom });
  const sandbox = unitSandbox({
    distribution: settings.RUNPOOL_RUNNER,
    rootsDirectory: settings.RUNPOOL_WORK,
    cgroupTree: await findCgroupTree(),
    stateDirectory,
    path: settings.RUNPOOL_PATH,
    environment: waysOut(),
    requests,
    clock,
    onChange: () => wake(),
  });
  const host = unitHost({
    stateDirectory,
    bootId,
    workDirectory: settings.RUNPOOL_WORK,
    prepareLimitMs: prepareMs(settings.RUNPOOL_BOOT_MS),
    requests,
    supervisor: systemdSupervisor(clock, log),
    lastWork: () => lastWork(),
    clock,
    log,
  });
  return {
    sandbox,
    host,
    bootId,
    onWake: (call) => void (wake = call),
    onPowerOff: (work) => void (lastWork = work),
  };
}

async function processesBelow(
  settings: AgentEnvironment,
  preRunnerScript: string,
  clock: Clock,
  log: Log,
): Promise<MachineGround> {
  let wake = (): void => undefined;
  let lastWork = (): Promise<void> => Promise.resolve();
  const stateDirectory = settings.RUNPOOL_STATE;
  await mkdir(stateDirectory, { recursive: true });
  await mkdir(settings.RUNPOOL_WORK, { recursive: true });
  const bootId = await readBootId();
  const path = settings.RUNPOOL_PATH;
  const sandbox = processSandbox({
    program: githubProgram(settings.RUNPOOL_RUNNER, path),
    rootsDirectory: settings.RUNPOOL_WORK,
    path,
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
      await lastWork();
      process.exit(0);
    },
    clock,
    log,
  });
  return {
    sandbox,
    host,
    bootId,
    onWake: (call) => void (wake = call),
    onPowerOff: (work) => void (lastWork = work),
  };
}
