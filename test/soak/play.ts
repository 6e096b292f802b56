// A soak over HTTP: real processes on the embedded cloud, faults at its doors and `kill -9`; then all heals, and nothing may be left.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refresh } from "../../control/refresh/refresh.ts";
import type { ControlWorld } from "../../control/world.ts";
import { bundle, cli } from "../../build/bundles.ts";
import { controlWorld } from "../../entry/control-world.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { buildAgent } from "../../entry/laptop/agent-bundle.ts";
import { wordsOfProblem } from "../../entry/words/reasons.ts";
import {
  credentials,
  forgeToken,
  openEmbeddedCloud,
  place,
  type EmbeddedCloud,
} from "../../entry/laptop/embedded-cloud.ts";
import { whatIsLeft } from "../../entry/laptop/leaks.ts";
import { openMachines, removeFolder } from "../../entry/laptop/machines.ts";
import { limits } from "../../domain/limits.ts";
import { planOf, type Kind } from "./plan.ts";
import { openProcesses, type Processes } from "./processes.ts";
import { watchSafety } from "./safety.ts";
import { keepRefreshing, runWorkflow, type Stage, type Tally } from "./workflows.ts";

export interface SoakOptions {
  readonly seed: string;
  /** How long faults and kills go on, ms. */
  readonly chaosMs: number;
  /** Workflows at a time. */
  readonly lanes: number;
  readonly maxInstances: number;
  /** So many processes must have lived at once. */
  readonly leastProcesses: number;
  /** Whether workflows may end without their release: their instances then live until their thresholds. */
  readonly abandons: boolean;
  readonly tell: (line: string) => void;
  readonly stop?: AbortSignal;
}

export interface SoakReport {
  readonly seed: string;
  readonly tally: Readonly<Tally>;
  readonly started: Readonly<Record<Kind, number>>;
  readonly killed: Readonly<Record<Kind, number>>;
  readonly machines: number;
  readonly mostProcesses: number;
  readonly mostMachines: number;
  /** From the last process's end until nothing was left, ms. */
  readonly settledMs: number;
  /** The longest that it may take. */
  readonly settleLimitMs: number;
  /** What did not hold, in words. */
  readonly problems: readonly string[];
}

const second = 1000;
/**
 * As short as they may be: an idle instance is claimed while the claim margin is left, and a provision creates only while a machine
 * could still boot (limits.replacementMs), so its limit lies beyond that.
 */
const operational = {
  bootMs: 20 * second,
  provisionMs: limits.replacementMs + 15 * second,
  maxRuntimeMs: 30 * second,
};
const idleMs = limits.claimMarginMs + 4 * second;
const refreshEveryMs = 4 * second;
/** As the refresh lambda has one; one that waits to recount is ended by it. */
const refreshLimitMs = 12 * second;

/** A refresh may find a running instance that was asked to leave, and make it idle: then it idles, and the next ones end it. */
const settleLimitMs = Math.max(...Object.values(operational)) + idleMs + 2 * refreshEveryMs;

function switchFaultsOn({ aws, github }: EmbeddedCloud): void {
  aws.faults.set("*", "*", { latencyMs: [1, 60], throttled: 0.03, lostBefore: 0.01, lostAfter: 0.02 });
  aws.faults.set("sqs", "ReceiveMessage", { falseEmpty: 0.2, partial: 0.2, duplicate: 0.1 });
  aws.faults.set("dynamodb", "Query", { staleIndex: 0.3 });
  aws.faults.set("dynamodb", "BatchGetItem", { unprocessed: 0.1 });
  aws.faults.set("ec2", "CreateFleet", { lostAfter: 0.1 });
  for (const route of ["GET /repos", "POST /repos", "DELETE /repos"]) {
    github.faults.add({ kind: "server-error", status: 502, route, rate: 0.04 });
    github.faults.add({ kind: "lost-reply", route, rate: 0.03 });
  }
}

const worldOf = (cloud: EmbeddedCloud): ControlWorld =>
  controlWorld({
    ...place,
    forge: { kind: "token", token: forgeToken },
    aws: { endpoint: cloud.aws.url, credentials },
    log: { event: () => undefined },
  });

/** Nobody is alive any more, so nothing is in flight: a second look would wait for nothing. */
const hurried = (world: ControlWorld): ControlWorld => ({
  ...world,
  clock: { now: () => world.clock.now(), sleep: () => Promise.resolve() },
});

interface Context {
  readonly cloud: EmbeddedCloud;
  readonly processes: Processes;
  close(): Promise<void>;
}

async function openContext({ seed, maxInstances, tell }: SoakOptions): Promise<Context> {
  const directory = await mkdtemp(join(tmpdir(), "runpool-soak-"));
  const ends: (() => Promise<void>)[] = [() => removeFolder(directory)];
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const { entry: program } = await bundle(cli, directory);
    let awsEndpoint = "";
    const processes = openProcesses({ plan: planOf(seed), program, awsEndpoint: () => awsEndpoint, tell });
    const cloud = await openEmbeddedCloud({
      idleMs,
      bootMs: 200,
      operational: { ...operational, maxInstances, maxInstancesPerPartition: maxInstances },
      seed,
      heard: (call) => processes.heard(call),
    });
    awsEndpoint = cloud.aws.url;
    ends.push(() => cloud.close());
    const machines = await openMachines({
      directory,
      agentBundle: await buildAgent(directory),
      hooks: join(import.meta.dirname, "..", "..", "agent", "runners", "github", "units"),
      awsEndpoint,
      forgeServer: cloud.github.url,
      ec2: cloud.ec2,
      preRunnerScript: "#!/bin/bash\ntrue\n",
      agentVariables: { RUNPOOL_BOOT_MS: String(operational.bootMs) },
      onAgent: (instanceId, kill) => processes.agentStarted(instanceId, kill),
    });
    ends.push(async () => {
      processes.spare();
      processes.endAll();
      await machines.endAll();
    });
    return { cloud, processes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Workflows one after the other in each lane, until it is time. */
async function keepWorking(stage: Stage, lanes: number, over: AbortSignal): Promise<void> {
  let serial = 0;
  const lane = async (): Promise<void> => {
    while (!over.aborted) await runWorkflow(stage, ++serial).then(() => stage.tally.ended++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Refreshes, as the schedule does, until nothing but counts is left or the limit has passed. Gives how long it took. */
async function settle(context: Context, world: ControlWorld, stop: AbortSignal): Promise<number> {
  const { cloud, processes } = context;
  const began = hostClock.now();
  const over = new AbortController();
  const refreshing = keepRefreshing(processes, refreshEveryMs, refreshLimitMs, over.signal);
  const isLeft = async (): Promise<boolean> =>
    (await whatIsLeft(cloud, world)).some((words) => !words.startsWith("the counter"));
  while ((await isLeft()) && hostClock.now() - began < settleLimitMs && !stop.aborted) await hostClock.sleep(500, stop);
  const took = hostClock.now() - began;
  over.abort();
  processes.endAll();
  await refreshing;
  return took;
}

/** A soak of fewer processes than required proves less than it says. */
export const tooFew = (most: number, least: number): readonly string[] =>
  most < least ? [`at most ${most} processes lived at once, not ${least}`] : [];

/** Plays it to its end. Rejects where the embedded cloud cannot come up; whatever it ends by, no process is left. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { seed, chaosMs, lanes, maxInstances, abandons, stop = AbortSignal.any([]), tell } = options;
  const context = await openContext(options);
  const { cloud, processes } = context;
  try {
    const world = worldOf(cloud);
    await refresh(hurried(world));
    const safety = watchSafety(cloud, maxInstances);
    const tally: Tally = { workflows: 0, ended: 0, ready: 0, failed: 0, died: 0, jobs: 0, released: 0, problems: [] };
    const stage: Stage = {
      cloud,
      processes,
      tally,
      tell,
      abandons,
      plan: planOf(seed),
      maxRuntimeMs: operational.maxRuntimeMs,
    };
    switchFaultsOn(cloud);
    const over = new AbortController();
    const working = keepWorking(stage, lanes, over.signal);
    const refreshing = keepRefreshing(processes, refreshEveryMs, refreshLimitMs, over.signal);
    const mostProcesses = await countDuring(context, chaosMs, () => tally.ended < lanes, stop);
    tell("healed: no more faults, no more kills");
    cloud.aws.faults.heal();
    cloud.github.faults.clear();
    processes.spare();
    over.abort();
    await Promise.all([working, refreshing]);
    tell("the last workflow has ended; now everything must end by itself");
    const settledMs = await settle(context, world, stop);
    const last = await refresh(hurried(world));
    const problems = [
      ...safety.violations,
      ...tally.problems,
      ...last.problems.map((problem) => `refresh: ${wordsOfProblem(problem)}`),
      ...(await whatIsLeft(cloud, world)),
      ...tooFew(mostProcesses, options.leastProcesses),
    ];
    const machines = cloud.ec2.machines().length;
    const { started, killed } = processes;
    const most = { mostProcesses, mostMachines: safety.mostMachines() };
    return { seed, tally, started, killed, machines, ...most, settledMs, settleLimitMs, problems };
  } finally {
    await context.close();
  }
}

/**
 * Waits until it is time and `still` is false (a starved host has hardly begun by then), and counts the processes that live at once:
 * the command line's, an agent a machine, a listener a runner that is online.
 */
async function countDuring(
  { cloud, processes }: Context,
  ms: number,
  still: () => boolean,
  stop: AbortSignal,
): Promise<number> {
  const until = hostClock.now() + ms;
  let most = 0;
  while ((hostClock.now() < until || still()) && !stop.aborted) {
    const agents = cloud.ec2.machines().filter((machine) => cloud.ec2.state(machine) === "running").length;
    const listeners = cloud.github.runners().filter(({ status }) => status === "online").length;
    most = Math.max(most, processes.alive() + agents + listeners);
    await hostClock.sleep(200, stop);
  }
  return most;
}
