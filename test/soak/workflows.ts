// The workflows of a soak: provision, jobs, release, each by a process of its own that may die; and the scheduled refresh.
import { hostClock } from "../../entry/host-clock.ts";
import { repository, type EmbeddedCloud } from "../../entry/laptop/embedded-cloud.ts";
import type { Plan, WorkflowPlan } from "./plan.ts";
import type { Ending, Processes } from "./processes.ts";

export interface Tally {
  workflows: number;
  ended: number;
  ready: number;
  /** A clear failure: exit code 1 and a reason. */
  failed: number;
  died: number;
  jobs: number;
  released: number;
  /** What must not happen, in words. */
  readonly problems: string[];
}

export interface Stage {
  readonly cloud: EmbeddedCloud;
  readonly plan: Plan;
  readonly processes: Processes;
  readonly tally: Tally;
  /** Whether a workflow may end without a release that was not killed. */
  readonly abandons: boolean;
  readonly tell: (line: string) => void;
  /** How long a running instance may run, ms: jobs are done long before. */
  readonly maxRuntimeMs: number;
}

const argumentsOf = (runId: string, options: WorkflowPlan): readonly string[] => [
  "--run-id",
  runId,
  "--instance-count",
  String(options.instances),
  "--usage-class",
  options.usageClass,
  "--allowed-instance-types",
  options.allowedTypes,
  "--fallback",
];

/** Runs one workflow to its end, whatever dies. */
export async function runWorkflow(stage: Stage, serial: number): Promise<void> {
  const { plan, processes, tally } = stage;
  const options = plan.workflow(serial);
  const runId = String(10_000 + serial);
  tally.workflows++;
  await hostClock.sleep(options.pauseMs);
  const provision = (): Promise<Ending> => processes.run("provision", argumentsOf(runId, options));
  let outcome = await provision();
  if (outcome.kind === "killed" && options.afterKill === "again") outcome = await provision();
  if (outcome.kind === "killed") {
    tally.died++;
    if (options.afterKill === "nothing" && stage.abandons) return;
  } else if (outcome.code === 0) {
    tally.ready++;
    await runJobs(stage, Number(runId), options.jobs);
  } else if (outcome.code === 1 || outcome.code === 3) {
    tally.failed++;
    stage.tell(`run ${runId} was not provisioned: ${outcome.words}`);
  } else tally.problems.push(`provision of run ${runId} exited ${outcome.code}: ${outcome.words}`);
  const release = (): Promise<Ending> =>
    processes.run("release", ["--run-id", runId, ...(serial % 2 === 0 ? ["--github"] : [])]);
  let released = await release();
  while (released.kind === "killed" && !stage.abandons) released = await release();
  if (released.kind === "ended" && released.code === 0) tally.released++;
  if (released.kind === "ended" && released.code === 2)
    tally.problems.push(`release of run ${runId} exited 2: ${released.words}`);
}

/** A started job ends well, whichever agent or control process dies meanwhile: that is what a killed agent must not break. */
async function runJobs({ cloud, tally, maxRuntimeMs }: Stage, runId: number, count: number): Promise<void> {
  const [owner = "", repo = ""] = repository.split("/");
  const names = Array.from({ length: count }, (_, i) => `job-${i + 1}`);
  const jobs = names.map((name) => ({ name, labels: [String(runId)], script: "sleep 1" }));
  const run = cloud.github.queueRun({ owner, repo, runId, jobs });
  const readyAt = hostClock.now();
  const all = run.jobs.map((job) => cloud.github.happened("job.completed", (event) => event.job?.id === job.id));
  const late = new AbortController();
  const done = Promise.all(all).then(() => late.abort());
  await Promise.race([done, hostClock.sleep(maxRuntimeMs, late.signal)]);
  late.abort();
  for (const { name, conclusion, startedAt, completedAt = Number.POSITIVE_INFINITY, log } of run.jobs) {
    if (conclusion === "success") tally.jobs++;
    // Beyond the maximum runtime its instance ends whatever it does: on a starved host that is nobody's fault.
    else if (startedAt !== undefined && completedAt - readyAt < maxRuntimeMs / 2)
      tally.problems.push(
        `${name} of run ${runId} had started and ended as ${conclusion}: ${log.slice(-2).join(" | ")}`,
      );
    else if (startedAt === undefined && conclusion === undefined)
      tally.problems.push(`${name} of run ${runId} found no runner, though its provision was ready`);
  }
  cloud.github.cancelRun(runId);
}

/** As a schedule starts it: every `periodMs`, whether the last one has ended or not, each with a time-out. */
export async function keepRefreshing(
  processes: Processes,
  periodMs: number,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<void> {
  const most = Math.ceil(timeoutMs / periodMs);
  const running = new Set<Promise<unknown>>();
  while (!stop.aborted) {
    if (running.size < most) {
      const one = processes.run("refresh", ["--json"], timeoutMs).finally(() => running.delete(one));
      running.add(one);
    }
    await hostClock.sleep(periodMs, stop);
  }
  await Promise.all(running);
}
