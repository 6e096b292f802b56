// A machine of the benchmark: the real agent's bundle on plain processes, its metadata service, the stand-in runner.
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { chance } from "../sim/chance.ts";
import { ec2, type Ec2 } from "../sim/ec2/ec2.ts";
import { openImds } from "../sim/imds/imds.ts";
import { hostClock } from "../entry/host-clock.ts";
import { installRunnerStandIn } from "../sim/runner/install.ts";
import { instanceKey, poolManager, tags } from "../domain/names.ts";
import { place, type BenchCloud, type Environment } from "./bench-cloud.ts";
import { systemdsEar, type Ear } from "./systemds-ear.ts";

export interface AgentMachine {
  readonly key: string;
  readonly instanceId: string;
  /** From the process's start to its notice that it is ready, ms: given to systemd on units, written to its log on plain processes. */
  readonly readyMs: number;
  /** Resident memory now, MiB. */
  rss(): number;
  end(): Promise<void>;
}

const sims = new Map<string, Ec2>();
/** The machine itself, for its metadata service: EC2's part of it is not measured. */
async function newMachine(image: string) {
  const { region, account } = place;
  const sim = sims.get(image) ?? ec2({ clock: hostClock, chance: chance("bench/machines"), region, account });
  if (!sims.has(image)) sim.addImage({ name: "runpool-bench", architecture: "x86_64", id: image });
  sims.set(image, sim);
  const before = new Set(sim.machines().map(({ id }) => id));
  const TagSpecification = [{ ResourceType: "instance", Tag: [{ Key: tags.manager, Value: poolManager }] }];
  const IamInstanceProfile = { Name: "runpool-bench-instance" };
  const one = { MinCount: "1", MaxCount: "1" };
  const input = { ImageId: image, InstanceType: "m5.large", ...one, IamInstanceProfile, TagSpecification };
  await sim.service({ service: "ec2", action: "RunInstances", input, caller: { accessKeyId: "bench", region } });
  const machine = sim.machines().find(({ id }) => !before.has(id));
  if (machine === undefined) throw new Error("no machine was launched");
  return machine;
}

let distribution: string | undefined;

/** Rejects when the agent ends before that. */
async function untilReady(child: ChildProcessByStdio<null, Readable, null>, begun: number, ear?: Ear): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    const ready = (): void => resolve(performance.now() - begun);
    child.stdout.on("data", (part: Buffer) => {
      if (ear === undefined && part.includes("agent.status")) ready();
    });
    void ear?.heard().then((notice) => (notice.startsWith("--ready") ? ready() : reject(new Error(`heard ${notice}`))));
    child.once("exit", (code) => reject(new Error(`the agent ended with ${code}`)));
  }).catch(async (error: unknown) => {
    await ear?.close();
    throw error;
  });
}

export async function startAgent(
  cloud: BenchCloud,
  environment: Environment,
  directory: string,
  bundle: string,
  prepare: (key: string, instanceId: string) => Promise<void>,
  further: Readonly<Record<string, string>> = {},
): Promise<AgentMachine> {
  const machine = await newMachine(cloud.image);
  const key = instanceKey(place, machine.id);
  await prepare(key, machine.id);
  const imds = await openImds({ machine, clock: hostClock });
  if (distribution === undefined) installRunnerStandIn((distribution = join(directory, "runner")));
  const folder = join(directory, machine.id);
  // On units it is installation that makes the two within.
  for (const part of ["state", "work"]) mkdirSync(join(folder, part), { recursive: true });
  const path = process.env["PATH"] ?? "";
  const ear = further["RUNPOOL_HOST"] === "systemd" ? await systemdsEar(folder) : undefined;
  const begun = performance.now();
  const child = spawn(process.execPath, [bundle], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: ear === undefined ? path : `${ear.bin}:${path}`,
      HOME: folder,
      AWS_ENDPOINT_URL: cloud.front,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
      RUNPOOL_ENVIRONMENT: environment.name,
      RUNPOOL_FORGE_SERVER: environment.defaults.forge.serverUrl,
      RUNPOOL_RUNNER: distribution,
      RUNPOOL_STATE: join(folder, "state"),
      RUNPOOL_WORK: join(folder, "work"),
      RUNPOOL_HOOKS: join(import.meta.dirname, "..", "agent", "runners", "github", "units"),
      RUNPOOL_PATH: path,
      ...further,
    },
  });
  const readyMs = await untilReady(child, begun, ear);
  return {
    key,
    instanceId: machine.id,
    readyMs,
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) / 1024,
    end: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.removeAllListeners("exit");
      child.once("exit", () => undefined);
      child.kill("SIGKILL");
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000))]);
      await ear?.close();
      await imds.close();
    },
  };
}
