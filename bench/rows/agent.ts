// The agent: how fast it starts, what it holds and asks for when nothing happens, how soon a claim's runner is registered.
import { ownAssignment } from "../../domain/needs.ts";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { agent, bundle, type Built } from "../../build/bundles.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import type { ControlWorld } from "../../control/world.ts";
import { startAgent, type AgentMachine } from "../agent-machine.ts";
import { repository, type BenchCloud, type Environment } from "../bench-cloud.ts";
import { idleInstance } from "../instances.ts";
import { inTurn, median, peakOf, rowOf, run, type Sample, type Targets, type Result } from "../measure.ts";
import { freshRun, ownershipOf, worldOf } from "../requests.ts";

const idleMs = 60_000;
const hour = 3_600_000;
let built: Promise<Built> | undefined;
const bundled = (directory: string): Promise<Built> => (built ??= bundle(agent, directory));

interface Stage {
  readonly environment: Environment;
  readonly world: ControlWorld;
  readonly machine: AgentMachine;
  readonly record: InstanceRecord;
}

/** An environment whose only instance is idle, for as long as it is wanted, with its real agent. */
async function oneIdle(
  cloud: BenchCloud,
  directory: string,
  further: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  const environment = await cloud.environment();
  const world = worldOf(cloud, environment);
  const partition = `github:${repository}`;
  const at = { environment: environment.name, partition, scope: repository };
  for (const { name, make } of await world.forge.enrol(at)) await world.secrets.write(name, (await make()).token);
  let record = { ...idleInstance(environment), threshold: Date.now() + hour };
  const { entry } = await bundled(directory);
  const prepare = async (key: string, instanceId: string): Promise<void> => {
    record = { ...record, key, instanceId, heartbeatAt: Date.now() };
    await cloud.put(environment, [record]);
  };
  const machine = await startAgent(cloud, environment, directory, entry, prepare, further);
  return { environment, world, machine, record };
}

const bareNode = async (): Promise<Sample> => ({ ms: (await run(["-e", "0"], {})).ms });

const rehearsal = join(import.meta.dirname, "../../agent/hosts/systemd/units/rehearse.mjs");
/** The compile cache, as `install.sh` leaves it on a machine. */
async function rehearsed(directory: string): Promise<Readonly<Record<string, string>>> {
  const cache = join(directory, "compile-cache");
  const { code, err } = await run([rehearsal, (await bundled(directory)).entry, cache], {});
  if (code !== 0) throw new Error(`the rehearsal ended with ${code}: ${err}`);
  return { NODE_COMPILE_CACHE: cache };
}

/** From process start to the ready notification to systemd, installed as on a machine; memory, on plain processes, after a minute of idleness. */
export async function startRow(cloud: BenchCloud, directory: string): Promise<Result> {
  await cloud.agents(false);
  const installed = await rehearsed(directory);
  const started = async (environment: Readonly<Record<string, string>>): Promise<Sample> => {
    const { machine } = await oneIdle(cloud, directory, { ...environment, RUNPOOL_HOST: "systemd" });
    await machine.end();
    return { ms: machine.readyMs };
  };
  const without: number[] = [];
  const { samples, references } = await inTurn(
    15,
    () => started(installed),
    async () => {
      without.push((await started({})).ms ?? Number.NaN);
      return await bareNode();
    },
  );
  const { machine } = await oneIdle(cloud, directory, installed);
  await pause(idleMs);
  const rssMb = machine.rss();
  await machine.end();
  await cloud.agents(true);
  const bare = (await peakOf(["-e", "0"], {})).rssMb;
  const kilobytes = Math.round((await bundled(directory)).entryBytes / 1000);
  const result = rowOf("agent-start", [...samples, { rssMb }], references, {}, undefined);
  const { ratio } = result.row;
  return {
    ...result,
    target: "3 x, 1.9 x memory, 450 KB",
    met: (ratio ?? 0) <= 3 && rssMb <= 1.9 * bare && kilobytes <= 450,
    note: `bundle ${kilobytes} KB; bare node ${bare.toFixed(1)} MiB, so ${(rssMb / bare).toFixed(2)} x; without the compile cache ${median(without).toFixed(0)} ms`,
  };
}

async function claimed({ world, record }: Stage): Promise<InstanceRecord> {
  const now = Date.now();
  const ownership = { ...ownershipOf(freshRun()), registration };
  const decision = await world.instances.move("claim", record, { now, threshold: now + hour, ownership });
  if (decision.kind !== "done") throw new Error(`not claimed: ${JSON.stringify(decision)}`);
  return decision.record;
}
const registration = [{ forge: "github", scope: repository, labels: ["bench"], kind: "token" }] as const;

async function signalled({ world, record }: Stage, kind: string, assignment: number): Promise<InstanceRecord> {
  for (;;) {
    const { items } = await world.instances.read([record.key]);
    const signal = items[0]?.signal;
    if (items[0] !== undefined && signal?.kind === kind && signal.assignment === assignment) return items[0];
    if (signal?.kind === "register-failed") throw new Error(signal.detail);
    await pause(100);
  }
}

async function callsIn(cloud: BenchCloud, ms: number): Promise<number> {
  await cloud.reset();
  await pause(ms);
  return ((await cloud.calls()) * 60_000) / ms;
}

/** Calls a minute: while it is idle, and while its runner serves. */
export async function idleCallsRow(cloud: BenchCloud, directory: string, targets: Targets): Promise<Result> {
  await cloud.agents(false);
  const stage = await oneIdle(cloud, directory);
  await pause(2_000);
  const idle = await callsIn(cloud, idleMs);
  const { assignment } = await claimed(stage);
  await signalled(stage, "registered", assignment);
  const serving = await callsIn(cloud, idleMs);
  await stage.machine.end();
  await cloud.agents(true);
  const calls = Math.max(idle, serving);
  const result = rowOf("agent-idle-calls", [{ calls }], [{ calls: 120 }], targets);
  return { ...result, note: `a minute: ${Math.round(idle)} idle, ${Math.round(serving)} serving` };
}

/** From a claim to `registered`, real agent and stand-in runner; half a poll is the least. */
export async function registeredRow(cloud: BenchCloud, directory: string, targets: Targets): Promise<Result> {
  await cloud.agents(false);
  const stage = await oneIdle(cloud, directory);
  const { world, environment } = stage;
  const samples: Sample[] = [];
  const noticed: number[] = [];
  await pause(2_000);
  for (let round = 0; round < 15; round++) {
    // Anywhere between two looks of the agent.
    await pause(500 + Math.random() * 500);
    const begun = performance.timeOrigin + performance.now();
    const record = await claimed(stage);
    const { assignment, owner } = record;
    const registered = await signalled(stage, "registered", assignment);
    const signals = await cloud.signals(environment);
    if (round > 0) samples.push({ ms: (signals["registered"] ?? Number.NaN) - begun });
    if (round > 0) noticed.push((signals["registering"] ?? Number.NaN) - begun);
    const now = Date.now();
    const own = ownAssignment(record);
    const claimId = registered.claimId ?? "";
    const started = await world.instances.move("start", registered, {
      now,
      threshold: now + hour,
      own: { by: "claim", owner: owner ?? "", claimId },
    });
    if (started.kind !== "done") throw new Error(`not started: ${JSON.stringify(started)}`);
    await world.instances.move("ask-to-leave", registered, { now, own });
    const left = await signalled(stage, "deregistered", assignment);
    await world.instances.move("release", left, { now: Date.now(), threshold: Date.now() + hour, own });
  }
  await stage.machine.end();
  await cloud.agents(true);
  const result = rowOf("registered", samples, [{ ms: 250 }], targets);
  const seen = Math.round(median(noticed));
  return { ...result, note: `${seen} ms until it begins; the rest is the stand-in's config.sh and listener starting` };
}
