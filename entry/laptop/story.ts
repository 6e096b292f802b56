// What the laptop plays: five workflow runs, then idleness until everything has ended.
import { runOf } from "../../domain/owner.ts";
import type { ControlWorld } from "../../control/world.ts";
import type { Provisioned } from "../../control/runs/provision.ts";
import { wordsOfReason } from "../words/reasons.ts";
import type { Log } from "../../cloud/ports/log.ts";
import type { EmbeddedCloud } from "./embedded-cloud.ts";
import { provisionRun, releaseRun, runJobs, type RunOptions } from "./runs.ts";

export interface Story {
  readonly runs: number;
  readonly jobs: number;
  /** Time to ready by run, ms. */
  readonly readyMs: Readonly<Record<string, number>>;
  /** Runs that the pool served alone. */
  readonly warm: readonly string[];
  /** What went wrong. */
  readonly problems: readonly string[];
}

export interface Stage {
  readonly cloud: EmbeddedCloud;
  /** The control plane's world, telling its events to the view under a run's id. */
  readonly worldOf: (runId: string, log?: Log) => ControlWorld;
  /** A progress line of a run. */
  readonly show: (runId: string, progress: string) => void;
  readonly stop: AbortSignal;
}

interface Report {
  runs: number;
  jobs: number;
  readonly readyMs: Record<string, number>;
  readonly warm: string[];
  readonly problems: string[];
}

/** Plays all; ends early, with what was happened so far, where `stop` aborts. */
export async function play(stage: Stage): Promise<Story> {
  const report: Report = { runs: 0, jobs: 0, readyMs: {}, warm: [], problems: [] };
  const acts = [
    () =>
      whole(stage, report, { runId: "1001", instanceCount: "3" }, ["lint", "test", "build"], { created: 3, reused: 0 }),
    () => fromThePool(stage, report),
    () => cancelled(stage, report),
    () => replaced(stage, report),
  ];
  for (const act of acts) if (!stage.stop.aborted) await act();
  return report;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

function judge(
  report: Report,
  runId: string,
  outcome: Provisioned,
  expected: { created: number; reused: number },
): boolean {
  report.runs++;
  if (outcome.kind !== "ready") {
    report.problems.push(`run ${runId} was not provisioned: ${outcome.reasons.map(wordsOfReason).join("; ")}`);
    return false;
  }
  report.readyMs[runId] = outcome.readyMs;
  if (outcome.created === 0) report.warm.push(runId);
  if (outcome.created !== expected.created || outcome.reused !== expected.reused)
    report.problems.push(
      `run ${runId} created ${outcome.created} and reused ${outcome.reused}, not ${expected.created} and ${expected.reused}`,
    );
  return true;
}

/** Provision, jobs, release. `during` happens while its jobs run. */
async function whole(
  stage: Stage,
  report: Report,
  options: RunOptions,
  jobs: readonly string[],
  expected: { created: number; reused: number },
  during: () => Promise<void> = () => Promise.resolve(),
): Promise<Provisioned> {
  const { runId } = options;
  stage.show(runId, `provisioning ${options.instanceCount}`);
  const outcome = await provisionRun(stage.worldOf(runId), options, stage.stop);
  if (judge(report, runId, outcome, expected) && outcome.kind === "ready") {
    stage.show(runId, `ready in ${seconds(outcome.readyMs)}, running ${jobs.join(", ")}`);
    try {
      const [ran] = await Promise.all([runJobs(stage.cloud, runId, jobs), during()]);
      report.jobs += ran;
    } catch (error) {
      report.problems.push(String(error));
    }
  }
  stage.show(runId, "releasing");
  const released = await releaseRun(stage.worldOf(runId), runId);
  if (released.left.length > 0)
    report.problems.push(`run ${runId} left ${released.left.map(({ instanceId }) => instanceId).join(", ")}`);
  stage.show(
    runId,
    outcome.kind === "ready"
      ? `${report.readyMs[runId] === undefined ? "" : `ready in ${seconds(outcome.readyMs)}, `}released`
      : "failed",
  );
  return outcome;
}

/** Two of the three idle ones serve 1002; for 1003, which wants other types, the pool is exhausted: one is created. */
async function fromThePool(stage: Stage, report: Report): Promise<void> {
  const memory = { runId: "1003", instanceCount: "1", allowedInstanceTypes: "r*" };
  await whole(
    stage,
    report,
    { runId: "1002", instanceCount: "2" },
    ["test", "build"],
    { created: 0, reused: 2 },
    async () => {
      await whole(stage, report, memory, ["integration"], { created: 1, reused: 0 });
    },
  );
}

/** Cancelled once it holds machines of both kinds: everything it had taken is given back. */
async function cancelled(stage: Stage, report: Report): Promise<void> {
  const runId = "1004";
  const cancel = new AbortController();
  const world = stage.worldOf(runId, {
    event: (...[name]) => {
      if (name === "instance.created") cancel.abort();
    },
  });
  stage.show(runId, "provisioning 5, to be cancelled");
  const outcome = await provisionRun(world, { runId, instanceCount: "5" }, cancel.signal);
  report.runs++;
  if (outcome.kind !== "cancelled") report.problems.push(`run ${runId} was not cancelled but ${outcome.kind}`);
  const { items } = await world.instances.all();
  const kept = items.filter(({ owner }) => runOf(owner)?.runId === runId);
  if (kept.length > 0) report.problems.push(`run ${runId} kept ${kept.map(({ instanceId }) => instanceId).join(", ")}`);
  stage.show(runId, "cancelled in mid-provision, all given back");
}

/** One of its machines dies before it registers, and is replaced. */
async function replaced(stage: Stage, report: Report): Promise<void> {
  const runId = "1005";
  let killed: string | undefined;
  const log: Log = {
    event: (name, facts) => {
      if (name !== "instance.created" || killed !== undefined) return;
      killed = facts.instance;
      stage.cloud.ec2.kill(killed);
    },
  };
  const options: RunOptions = { runId, instanceCount: "2", usageClass: "spot" };
  stage.show(runId, "provisioning 2 spot, one dies");
  const outcome = await provisionRun(stage.worldOf(runId, log), options, stage.stop);
  if (judge(report, runId, outcome, { created: 2, reused: 0 }) && outcome.kind === "ready") {
    if (outcome.instances.some(({ instanceId }) => instanceId === killed))
      report.problems.push(`run ${runId} was given ${killed}, which is dead`);
    stage.show(runId, `ready in ${seconds(outcome.readyMs)}, ${killed} was replaced`);
    report.jobs += await runJobs(stage.cloud, runId, ["test", "deploy"]).catch((error: unknown) => {
      report.problems.push(String(error));
      return 0;
    });
  }
  await releaseRun(stage.worldOf(runId), runId);
  stage.show(
    runId,
    outcome.kind === "ready" ? `ready in ${seconds(outcome.readyMs)}, one replaced, released` : "failed",
  );
}
