// A job on runners of ours: queued at the GitHub stand-in, really run by a runner that carries its labels.
import { fill } from "./expression.ts";
import { textOf } from "./expression-value.ts";
import type { LegWish } from "./hosted-job.ts";
import { actionName, statusOf, type LegEnd } from "./stage.ts";
import { UnknownKey } from "./workflow.ts";

export async function playOwn(wish: LegWish, labels: readonly string[]): Promise<LegEnd> {
  const { stage, run, job, title, contexts } = wish;
  const scope = { contexts: { ...contexts, env: wish.env, steps: {} }, status: statusOf(() => true) };
  if (wish.shell !== undefined)
    throw new UnknownKey(`${title}: defaults.run.shell of a job on own runners is not played here`);
  if (Object.keys(job.outputs).length > 0)
    throw new UnknownKey(`${title}: outputs of a job on own runners are not played here`);
  const steps = job.steps.flatMap((step, index) => {
    if (step.if !== undefined || step.id !== undefined)
      throw new UnknownKey(`${title}: if and id of steps on own runners are not played here`);
    if (step.run === undefined) {
      const action = stage.actions[actionName(step.uses)];
      if (action === undefined || action === "ours")
        throw new Error(`${title}: the action ${step.uses} has no stand-in on own runners`);
      return [];
    }
    const env = Object.entries({ ...wish.env, ...step.env }).map(([name, text]) => [name, textOf(fill(text, scope))]);
    return [
      {
        name: step.name ?? `step ${index + 1}`,
        run: textOf(fill(step.run, scope)),
        env: Object.fromEntries(env) as Record<string, string>,
      },
    ];
  });
  const [owner = "", repo = ""] = stage.repository.split("/");
  const { runId, attempt } = run;
  const queued = stage.github.queueRun({
    owner,
    repo,
    runId: Number(runId),
    attempt,
    jobs: [{ name: title, labels, steps }],
  });
  const own = queued.jobs.find(({ name }) => name === title);
  if (own === undefined) throw new Error(`${title} was not queued`);
  await stage.github.happened("job.completed", (event) => event.job?.id === own.id);
  return { result: own.conclusion === "success" ? "success" : "failure", outputs: {}, log: own.log.join("\n") };
}
