// Plays a workflow: its jobs as their needs allow, each leg of a matrix, on GitHub's runners or on ours; and failed jobs again.
import { fill, holds, type Scope } from "./expression.ts";
import { textOf, type Value } from "./expression-value.ts";
import { playHosted, type LegWish } from "./hosted-job.ts";
import { playOwn } from "./own-job.ts";
import { commonContexts, statusOf, type Attempt, type LegEnd, type Result, type Stage } from "./stage.ts";
import { legsOf, type Job, type Leg, type Workflow } from "./workflow.ts";

export interface JobEnd extends Omit<LegEnd, "log"> {
  /** Of all legs, one after another. */
  readonly logs: readonly string[];
}

/** By job id. */
export type RunEnd = Readonly<Record<string, JobEnd>>;

/** A label of GitHub's own runners. */
const hosted = /^(ubuntu|windows|macos)-/;

/** `kept`: what an earlier attempt came to; those jobs are not run again. */
export async function runWorkflow(stage: Stage, workflow: Workflow, run: Attempt, kept: RunEnd = {}): Promise<RunEnd> {
  const ends = new Map<string, Promise<JobEnd>>(
    Object.entries(kept).map(([id, end]) => [id, Promise.resolve(end)] as const),
  );
  const play = (id: string): Promise<JobEnd> => {
    const known = ends.get(id);
    if (known !== undefined) return known;
    const job = workflow.jobs[id];
    if (job === undefined) throw new Error(`needs ${id}, which is no job`);
    const playing = playJob(stage, workflow, run, id, job, async (name) => [name, await play(name)]);
    ends.set(id, playing);
    return playing;
  };
  const all = await Promise.all(Object.keys(workflow.jobs).map(async (id) => [id, await play(id)] as const));
  return Object.fromEntries(all);
}

/** "Re-run failed jobs": those that did not succeed, and all that need them, whatever they came to. */
export function keptOf(workflow: Workflow, ends: RunEnd): RunEnd {
  const again = (id: string): boolean =>
    ends[id]?.result !== "success" || (workflow.jobs[id]?.needs ?? []).some((needed) => again(needed));
  return Object.fromEntries(Object.entries(ends).filter(([id]) => !again(id)));
}

async function playJob(
  stage: Stage,
  workflow: Workflow,
  run: Attempt,
  id: string,
  job: Job,
  end: (id: string) => Promise<readonly [string, JobEnd]>,
): Promise<JobEnd> {
  const needed = await Promise.all(job.needs.map(end));
  const needs = Object.fromEntries(needed.map(([name, { result, outputs }]) => [name, { result, outputs }]));
  const contexts = { ...commonContexts(stage, run, id), needs };
  const status = statusOf(() => needed.every(([, { result }]) => result === "success"));
  if (!holds(job.if, { contexts, status })) return { result: "skipped", outputs: {}, logs: [] };
  const legs = legsOf(job.matrix);
  const ends = await Promise.all(
    legs.map((leg, index) => playLeg({ stage, workflow, run, id, job, contexts, leg, index, total: legs.length })),
  );
  const result: Result = ends.every((one) => one.result === "success") ? "success" : "failure";
  const outputs = Object.assign({}, ...ends.map((one) => one.outputs)) as Record<string, string>;
  return { result, outputs, logs: ends.map(({ log }) => log) };
}

interface PlayedLeg extends Pick<LegWish, "stage" | "run" | "id" | "job" | "contexts"> {
  readonly workflow: Workflow;
  readonly leg: Leg;
  readonly index: number;
  readonly total: number;
}

async function playLeg({ leg, index, total, workflow, ...wish }: PlayedLeg): Promise<LegEnd> {
  const strategy: Value = { "job-index": index, "job-total": total };
  const scope: Scope = { contexts: { ...wish.contexts, matrix: leg, strategy } };
  const env: Record<string, string> = {};
  for (const [name, text] of Object.entries({ ...workflow.env, ...wish.job.env }))
    env[name] = textOf(fill(text, scope));
  const names = Object.values(leg);
  const title = names.length === 0 ? wish.id : `${wish.id} (${names.map(String).join(", ")})`;
  const labels = wish.job.runsOn.map((label) => textOf(fill(label, scope)));
  const whole = { ...wish, title, env, contexts: scope.contexts, shell: workflow.shell };
  if (labels.some((label) => label === "")) throw new Error(`${title}: runs-on is empty`);
  return labels.every((label) => hosted.test(label)) ? await playHosted(whole) : await playOwn(whole, labels);
}
