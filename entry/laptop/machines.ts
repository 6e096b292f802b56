// The laptop's machines: for each instance that EC2 boots, a child process with the real agent bundle and a metadata service.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readBeginning } from "../../agent/machine/disk-state.ts";
import { hostMaxima } from "../../agent/machine/host-limits.ts";
import { openImds, type Imds } from "../../sim/imds/imds.ts";
import type { Ec2 } from "../../sim/ec2/ec2.ts";
import { installRunnerStandIn } from "../../sim/runner/install.ts";
import { hostClock } from "../host-clock.ts";
import { place } from "./embedded-cloud.ts";
import { packed } from "./packed.ts";

export interface MachinesOptions {
  /** A folder of the laptop's own; one folder a machine is made in it. */
  readonly directory: string;
  readonly agentBundle: string;
  readonly hooks: string;
  readonly awsEndpoint: string;
  /** The address of GitHub: agents register nowhere else. */
  readonly forgeServer: string;
  readonly ec2: Ec2;
  readonly preRunnerScript: string;
  /** Further variables of every agent. */
  readonly agentVariables?: Readonly<Record<string, string>>;
  /** An agent has been started, for the first time or again; `kill` ends it as `kill -9` does. */
  readonly onAgent?: (instanceId: string, kill: () => void) => void;
}

export interface Machines {
  /** Ends every process of every machine. */
  endAll(): Promise<void>;
  /** Resident memory of the agents that live, MiB, by instance. */
  agentMemory(): Promise<ReadonlyMap<string, number>>;
}

interface Running {
  readonly imds: Imds;
  child: ChildProcess | undefined;
  ended: boolean;
}

export async function openMachines(options: MachinesOptions): Promise<Machines> {
  const running = new Map<string, Running>();
  const work = new Set<Promise<void>>();
  const distribution = join(options.directory, "runner");
  const runner = packed("runner");
  installRunnerStandIn(distribution, runner === undefined ? {} : { source: runner });
  const script = join(options.directory, "pre-runner.sh");
  await writeFile(script, options.preRunnerScript);
  const track = (one: Promise<void>): void => {
    const done = one.catch(() => undefined).finally(() => work.delete(done));
    work.add(done);
  };
  const end = async (id: string): Promise<void> => {
    const machine = running.get(id);
    if (machine === undefined || machine.ended) return;
    machine.ended = true;
    await killMarked(folderOf(options, id));
    await machine.imds.close();
  };
  const start = async (id: string): Promise<void> => {
    const machine = options.ec2.machine(id);
    if (machine === undefined) return;
    const imds = await openImds({ machine, clock: hostClock });
    const one: Running = { imds, child: undefined, ended: false };
    running.set(id, one);
    await mkdir(folderOf(options, id), { recursive: true });
    startAgent(options, id, one, distribution, script, () => track(end(id)));
  };
  // A machine's journal is what its console shows.
  options.ec2.hooks.console = ({ id }) => {
    const journal = join(folderOf(options, id), "journal");
    return existsSync(journal) ? readFileSync(journal, "utf8") : "";
  };
  options.ec2.hooks.onLaunch = ({ id }) => track(start(id));
  options.ec2.hooks.onTerminate = ({ id }) => track(end(id));
  return {
    endAll: async () => {
      await Promise.all(work);
      await Promise.all([...running.keys()].map(end));
    },
    agentMemory: async () => {
      const memory = new Map<string, number>();
      for (const [id, { child, ended }] of running)
        if (!ended && child?.pid !== undefined) memory.set(id, await residentMib(child.pid));
      return memory;
    },
  };
}

const folderOf = ({ directory }: MachinesOptions, id: string): string => join(directory, "machines", id);

/** As the agent's unit has it: a small heap collects its garbage early, which holds the agent under 90 MB. */
const agentNodeOptions = ["--max-semi-space-size=1", "--max-old-space-size=40"];

/** As systemd would: an agent that exits in order has powered the machine off, one that dies is started again. */
function startAgent(
  options: MachinesOptions,
  id: string,
  one: Running,
  distribution: string,
  script: string,
  onPowerOff: () => void,
): void {
  const folder = folderOf(options, id);
  const journal = openSync(join(folder, "journal"), "a");
  const child = spawn(process.execPath, [...agentNodeOptions, options.agentBundle], {
    cwd: folder,
    stdio: ["ignore", journal, journal],
    detached: true,
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      AWS_ENDPOINT_URL: options.awsEndpoint,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: one.imds.url,
      AWS_REGION: place.region,
      RUNPOOL_ENVIRONMENT: place.environment,
      RUNPOOL_FORGE_SERVER: options.forgeServer,
      RUNPOOL_RUNNER: distribution,
      RUNPOOL_STATE: join(folder, "state"),
      RUNPOOL_WORK: join(folder, "work"),
      RUNPOOL_HOOKS: options.hooks,
      RUNPOOL_PATH: process.env["PATH"],
      RUNPOOL_PRE_RUNNER: script,
      ...options.agentVariables,
    },
  });
  closeSync(journal);
  one.child = child;
  options.onAgent?.(id, () => void child.kill("SIGKILL"));
  child.on("exit", (code) => {
    if (one.ended) return;
    if (code === 0) {
      options.ec2.poweredOff(id);
      onPowerOff();
      return;
    }
    void hostClock.sleep(200).then(() => {
      if (!one.ended) startAgent(options, id, one, distribution, script, onPowerOff);
    });
  });
}

/** Kills every process whose environment names the folder: the agent's names its state, the runner's its root. */
async function killMarked(folder: string): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const marked = await markedProcesses(folder);
    if (marked.length === 0) return;
    for (const pid of marked)
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    await hostClock.sleep(20);
  }
}

async function markedProcesses(folder: string): Promise<readonly number[]> {
  const entries = await readdir("/proc").catch(() => []);
  const found: number[] = [];
  await Promise.all(
    entries
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map(async (name) => {
        const environment = (await readBeginning(`/proc/${name}/environ`, hostMaxima.environmentBytes)) ?? "";
        if (environment.includes(`${folder}/`)) found.push(Number(name));
      }),
  );
  return found;
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** Removes the laptop's folder, whatever ended processes were still writing there. */
export const removeFolder = (directory: string): Promise<void> =>
  rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
