// The agent's host and sandbox: systemd's units on real machines, plain processes on a laptop.
import { mkdir } from "node:fs/promises";
import type { Host } from "../../cloud/ports/host.ts";
import type { Program, Sandbox } from "../../cloud/ports/sandbox.ts";
import { processHost, readBootId } from "../../agent/hosts/process/process-host.ts";
import { processSandbox } from "../../agent/hosts/process/process-sandbox.ts";
import { rootFolders, rootRequests } from "../../agent/hosts/systemd/root-requests.ts";
import { systemdSupervisor } from "../../agent/hosts/systemd/supervisor.ts";
import { findCgroupTree, unitSandbox } from "../../agent/hosts/systemd/unit-sandbox.ts";
import { unitHost } from "../../agent/hosts/systemd/unit-host.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { prepareMs } from "../../domain/limits.ts";
import type { AgentEnvironment } from "./agent-environment.ts";
import { hostRandom } from "../host-random.ts";

interface AgentHost {
  readonly sandbox: Sandbox;
  readonly host: Host;
  readonly bootId: string;
  readonly onWake: (wake: () => void) => void;
  /** Sets, once the runner is there, what is still to be done before power off. */
  readonly onPowerOff: (lastWork: () => Promise<void>) => void;
}

interface AgentHostOptions {
  readonly settings: AgentEnvironment;
  readonly preRunnerScript: string;
  /** A forge's runner as a plain process, from its folder and the jobs' PATH. */
  readonly program: (runner: string, path: string) => Program;
  readonly clock: Clock;
  readonly log: Log;
}
interface Options extends AgentHostOptions {
  readonly bootId: string;
  readonly onChange: () => void;
  readonly lastWork: () => Promise<void>;
}

export async function agentHost(given: AgentHostOptions): Promise<AgentHost> {
  let wake = (): void => undefined;
  let lastWork = (): Promise<void> => Promise.resolve();
  const bootId = await readBootId();
  const options = { ...given, bootId, onChange: () => wake(), lastWork: () => lastWork() };
  return {
    ...(await (given.settings.RUNPOOL_HOST === "systemd" ? systemdHost(options) : processesHost(options))),
    bootId,
    onWake: (call) => void (wake = call),
    onPowerOff: (work) => void (lastWork = work),
  };
}

type Built = Promise<Pick<AgentHost, "sandbox" | "host">>;

/** Commands of a runner reach the network as the agent does. */
const proxyVariables = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i.test(name) ? [[name, value]] : [],
    ),
  );

async function systemdHost({ settings, bootId, onChange, lastWork, clock, log }: Options): Built {
  const stateDirectory = settings.RUNPOOL_STATE;
  const requests = rootRequests({ ...rootFolders, clock, random: hostRandom });
  const sandbox = unitSandbox({
    distribution: settings.RUNPOOL_RUNNER,
    rootsDirectory: settings.RUNPOOL_WORK,
    cgroupTree: await findCgroupTree(),
    stateDirectory,
    path: settings.RUNPOOL_PATH,
    environment: proxyVariables(),
    requests,
    clock,
    onChange,
  });
  const host = unitHost({
    stateDirectory,
    bootId,
    workDirectory: settings.RUNPOOL_WORK,
    prepareLimitMs: prepareMs(settings.RUNPOOL_BOOT_MS),
    requests,
    supervisor: systemdSupervisor(clock, log),
    lastWork,
    clock,
    log,
  });
  return { sandbox, host };
}

async function processesHost(options: Options): Built {
  const { settings, preRunnerScript, program, bootId, onChange, lastWork, clock, log } = options;
  const stateDirectory = settings.RUNPOOL_STATE;
  await mkdir(stateDirectory, { recursive: true });
  await mkdir(settings.RUNPOOL_WORK, { recursive: true });
  const path = settings.RUNPOOL_PATH;
  const sandbox = processSandbox({
    program: program(settings.RUNPOOL_RUNNER, path),
    rootsDirectory: settings.RUNPOOL_WORK,
    path,
    clock,
    log,
    onChange,
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
  return { sandbox, host };
}
