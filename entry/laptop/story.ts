// What the laptop plays: five workflow runs, then idleness until everything has ended.
import { runOf } from "../../domain/owner.ts";
import type { ControlWorld } from "../../control/world.ts";
import type { Provisioned } from "../../control/runs/provision.ts";
import { wordsOfReason } from "../../control/pool/reasons.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import type { Log } from "../../cloud/ports/log.ts";
import type { EmbeddedCloud } from "./embedded-cloud.ts";
import { provisionRun, releaseRun, runJobs, type RunWish } from "./runs.ts";

export interface Story {
  readonly runs: number;
  readonly jobs: number;
  /** Time to ready by run, ms. */
  readonly readyMs: Readonly<Record<string, number>>;
  /** Runs that the pool served alone. */
  readonly warm: readonly string[];
  /** What did not hold, in words. */
  readonly problems: readonly string[];
}

export interface Stage {
  readonly cloud: EmbeddedCloud;
  /** The control plane's world, telling its events to the view under a run's id. */
  readonly worldOf: (runId: string, log?: Log) => ControlWorld;
  /** A progress line of a run. */
  readonly tell: (runId: string, progress: string) => void;
  readonly stop: AbortSignal;
}

interface Told {
  runs: number;
  jobs: number;
  readonly readyMs: Record<string, number>;
  readonly warm: string[];
  readonly problems: string[];
}

/** Plays all; ends early, with what was told so far, where `stop` aborts. */
export async function play(stage: Stage): Promise<Story> {
  const told: Told = { runs: 0, jobs: 0, readyMs: {}, warm: [], problems: [] };
  stage.tell("refresh", "fetching the registration token");
  await refresh(stage.worldOf("refresh"));
  stage.tell("refresh", "registration token in place");
  const acts = [
    () =>
      whole(stage, told, { runId: "1001", instanceCount: "3" }, ["lint", "test", "build"], { created: 3, reused: 0 }),
    () => fromThePool(stage, told),
    () => cancelled(stage, told),
    () => replaced(stage, told),
  ];
  for (const act of acts) if (!stage.stop.aborted) await act();
  return told;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

function judge(
  told: Told,
  runId: string,
  outcome: Provisioned,
  expected: { created: number; reused: number },
): boolean {
  told.runs++;
  if (outcome.kind !== "ready") {
    told.problems.push(`run ${runId} was not provisioned: ${outcome.reasons.map(wordsOfReason).join("; ")}`);
    return false;
  }
  told.readyMs[runId] = outcome.readyMs;
  if (outcome.created === 0) told.warm.push(runId);
  if (outcome.created !== expected.created || outcome.reused !== expected.reused)
    told.problems.push(
      `run ${runId} created ${outcome.created} and reused ${outcome.reused}, not ${expected.created} and ${expected.reused}`,
    );
  return true;
}

/** Provision, jobs, release. `during` happens while its jobs run. */
async function whole(
  stage: Stage,
  told: Told,
  wish: RunWish,
  jobs: readonly string[],
  expected: { created: number; reused: number },
  during: () => Promise<void> = () => Promise.resolve(),
): Promise<Provisioned> {
  const { runId } = wish;
  stage.tell(runId, `provisioning ${wish.instanceCount}`);
  const outcome = await provisionRun(stage.worldOf(runId), wish, stage.stop);
  if (judge(told, runId, outcome, expected) && outcome.kind === "ready") {
    stage.tell(runId, `ready in ${seconds(outcome.readyMs)}, running ${jobs.join(", ")}`);
    try {
      const [ran] = await Promise.all([runJobs(stage.cloud, runId, jobs), during()]);
      told.jobs += ran;
    } catch (error) {
      told.problems.push(String(error));
    }
  }
  stage.tell(runId, "releasing");
  const released = await releaseRun(stage.worldOf(runId), runId);
  if (released.left.length > 0)
    told.problems.push(`run ${runId} left ${released.left.map(({ instanceId }) => instanceId).join(", ")}`);
  stage.tell(
    runId,
    outcome.kind === "ready"
      ? `${told.readyMs[runId] === undefined ? "" : `ready in ${seconds(outcome.readyMs)}, `}released`
      : "failed",
  );
  return outcome;
}

/** Two of the three idle ones serve 1002; for 1003, which wants other types, the pool is exhausted: one is created. */
async function fromThePool(stage: Stage, told: Told): Promise<void> {
  const memory = { runId: "1003", instanceCount: "1", allowedInstanceTypes: "r*" };
  await whole(
    stage,
    told,
    { runId: "1002", instanceCount: "2" },
    ["test", "build"],
    { created: 0, reused: 2 },
    async () => {
      await whole(stage, told, memory, ["integration"], { created: 1, reused: 0 });
    },
  );
}

/** Cancelled once it holds machines of both kinds: everything it had taken is given back. */
async function cancelled(stage: Stage, told: Told): Promise<void> {
  const runId = "1004";
  const cancel = new AbortController();
  const world = stage.worldOf(runId, {
    event: (...[name]) => {
      if (name === "instance.created") cancel.abort();
    },
  });
  stage.tell(runId, "provisioning 5, to be cancelled");
  const outcome = await provisionRun(world, { runId, instanceCount: "5" }, cancel.signal);
  told.runs++;
  if (outcome.kind !== "cancelled") told.problems.push(`run ${runId} was not cancelled but ${outcome.kind}`);
  const { items } = await world.instances.all();
  const kept = items.filter(({ owner }) => runOf(owner)?.runId === runId);
  if (kept.length > 0) told.problems.push(`run ${runId} kept ${kept.map(({ instanceId }) => instanceId).join(", ")}`);
  stage.tell(runId, "cancelled in mid-provision, all given back");
}

/** One of its machines dies before it registers, and is replaced. */
async function replaced(stage: Stage, told: Told): Promise<void> {
  const runId = "1005";
  let killed: string | undefined;
  const log: Log = {
    event: (name, facts) => {
      if (name !== "instance.created" || killed !== undefined) return;
      killed = facts.instance;
      stage.cloud.ec2.kill(killed);
    },
  };
  const wish: RunWish = { runId, instanceCount: "2", usageClass: "spot" };
  stage.tell(runId, "provisioning 2 spot, one dies");
  const outcome = await provisionRun(stage.worldOf(runId, log), wish, stage.stop);
  if (judge(told, runId, outcome, { created: 2, reused: 0 }) && outcome.kind === "ready") {
    if (outcome.instances.some(({ instanceId }) => instanceId === killed))
      told.problems.push(`run ${runId} was given ${killed}, which is dead`);
    stage.tell(runId, `ready in ${seconds(outcome.readyMs)}, ${killed} was replaced`);
    told.jobs += await runJobs(stage.cloud, runId, ["test", "deploy"]).catch((error: unknown) => {
      told.problems.push(String(error));
      return 0;
    });
  }
  await releaseRun(stage.worldOf(runId), runId);
  stage.tell(
    runId,
    outcome.kind === "ready" ? `ready in ${seconds(outcome.readyMs)}, one replaced, released` : "failed",
  );
}
