// Plays a workflow: its jobs as their needs allow, each leg of a matrix, those of GitHub's runners step by step and ours on our runners; and failed jobs again.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GithubStandIn } from "../../sim/github/github.ts";
import { inputVariables, readActionFile } from "./action-file.ts";
import { startProgram, stateVariables, type StepEnd } from "./action-step.ts";
import { fill, fillAll, holds, type Scope } from "./expression.ts";
import { openFileCommands } from "./file-commands.ts";
import { legsOf, needsOf, type Job, type Leg, type Step, type Workflow } from "./workflow.ts";

type Texts = Readonly<Record<string, string>>;

/** `ours`: the built action. Else one of others: it does `does` in the job's workspace, and exports the variables. */
export type UsedAction =
  | "ours"
  | { readonly variables?: Texts; readonly does?: (workspace: string, given: Texts) => void };

export interface Stage {
  readonly repository: string;
  /** A folder; each job on GitHub's runners works in one of its own below it. */
  readonly workspaces: string;
  /** By what `uses:` says before the `@`; anything else is an error. */
  readonly actions: Readonly<Record<string, UsedAction>>;
  readonly secrets?: Texts;
  /** Of a machine of GitHub's. */
  readonly variables?: Texts;
  /** Where jobs of ours are queued; without it there are none. */
  readonly github?: GithubStandIn;
  /** Folder that holds `dist/`. */
  readonly built?: string;
}

export interface Attempt {
  readonly runId: string;
  readonly attempt: number;
  /** The cron line that started it; by hand where there is none. */
  readonly schedule?: string;
}

export interface JobEnd {
  readonly result: "success" | "failure" | "skipped";
  readonly outputs: Texts;
  /** Of all legs, one after another. */
  readonly logs: readonly string[];
}

/** By job id. */
export type RunEnd = Readonly<Record<string, JobEnd>>;

/** `kept`: what an earlier attempt came to; those jobs are not run again. */
export async function runWorkflow(stage: Stage, workflow: Workflow, run: Attempt, kept: RunEnd = {}): Promise<RunEnd> {
  const ends = new Map(Object.entries(kept).map(([id, end]) => [id, Promise.resolve(end)]));
  const play = (id: string): Promise<JobEnd> => {
    const job = workflow.jobs[id];
    if (job === undefined) throw new Error(`needs ${id}, which is not a job`);
    const end = ends.get(id) ?? playJob(job);
    ends.set(id, end);
    return end;

    async function playJob(job: Job): Promise<JobEnd> {
      const needs = Object.fromEntries(
        await Promise.all(needsOf(job).map(async (name) => [name, await play(name)] as const)),
      );
      const contexts = { ...contextsOf(stage, run, id), needs };
      const ok = Object.values(needs).every(({ result }) => result === "success");
      if (!holds(job.if, { contexts, ok })) return { result: "skipped", outputs: {}, logs: [] };
      const legs = legsOf(job).map((leg, index, all) => {
        const strategy = { "job-index": index, "job-total": all.length };
        return playLeg({ stage, workflow, run, id, job, leg, contexts: { ...contexts, matrix: leg, strategy } });
      });
      const played = await Promise.all(legs);
      return {
        result: played.every((one) => one.ok) ? "success" : "failure",
        outputs: Object.assign({}, ...played.map(({ outputs }) => outputs)) as Texts,
        logs: played.map(({ log }) => log),
      };
    }
  };
  const all = Object.keys(workflow.jobs).map(async (id) => [id, await play(id)] as const);
  return Object.fromEntries(await Promise.all(all));
}

export const results = (ends: RunEnd) => Object.fromEntries(Object.entries(ends).map(([id, end]) => [id, end.result]));

/** "Re-run failed jobs": those that did not succeed, and all that need them, whatever they came to. */
export function keptOf(workflow: Workflow, ends: RunEnd): RunEnd {
  const again = (id: string): boolean => {
    const job = workflow.jobs[id];
    return ends[id]?.result !== "success" || (job !== undefined && needsOf(job).some(again));
  };
  return Object.fromEntries(Object.entries(ends).filter(([id]) => !again(id)));
}

const contextsOf = ({ repository, secrets = {} }: Stage, { runId, attempt, schedule }: Attempt, job: string) => ({
  github: {
    run_id: runId,
    run_attempt: String(attempt),
    job,
    repository,
    event_name: schedule === undefined ? "workflow_dispatch" : "schedule",
    event: { schedule },
    token: secrets["GITHUB_TOKEN"],
    ref: "refs/heads/main",
  },
  secrets,
});

interface LegOptions {
  readonly stage: Stage;
  readonly workflow: Workflow;
  readonly run: Attempt;
  readonly id: string;
  readonly job: Job;
  readonly leg: Leg;
  readonly contexts: Scope["contexts"];
}

/** What a job of one leg came to. */
interface LegEnd {
  readonly ok: boolean;
  readonly outputs: Texts;
  readonly log: string;
}

async function playLeg(options: LegOptions): Promise<LegEnd> {
  const { id, job, workflow, contexts } = options;
  const env = fillAll({ ...workflow.env, ...job.env }, { contexts });
  const label = fill(job["runs-on"], { contexts });
  if (label === "") throw new Error(`${id}: runs-on is empty`);
  return label.startsWith("ubuntu-") ? await playHosted(options, env) : await playOwn(options, env, label);
}

function actionOf({ actions }: Stage, { uses = "" }: Step): UsedAction {
  const action = actions[uses.split("@")[0] ?? ""];
  if (action === undefined) throw new Error(`the action ${uses} has no stand-in here`);
  return action;
}

/** On a runner of ours: queued at the GitHub stand-in, really run by a runner that carries its label. */
async function playOwn({ stage, run, id, job, leg, contexts }: LegOptions, env: Texts, label: string): Promise<LegEnd> {
  const { github } = stage;
  if (github === undefined) throw new Error(`${id}: nobody runs jobs of ${label}`);
  const odd = job.outputs ?? job.steps.find((step) => step.if !== undefined || step.id !== undefined);
  if (odd !== undefined) throw new Error(`${id}: outputs, and a step's if and id, are not played on own runners`);
  const steps = job.steps.flatMap((step) => {
    const scope = { contexts: { ...contexts, env } };
    if (step.run !== undefined)
      return [
        { name: step.name ?? "run", run: fill(step.run, scope), env: { ...env, ...fillAll(step.env ?? {}, scope) } },
      ];
    if (actionOf(stage, step) === "ours") throw new Error(`${id}: the action is not played on own runners`);
    return [];
  });
  const [owner = "", repo = ""] = stage.repository.split("/");
  const name = [id, ...Object.values(leg).map(String)].join(" ");
  const jobs = [{ name, labels: [label], steps }];
  const queued = github.queueRun({ owner, repo, runId: Number(run.runId), attempt: run.attempt, jobs });
  const own = queued.jobs.find((one) => one.name === name);
  if (own === undefined) throw new Error(`${name} was not queued`);
  await github.happened("job.completed", (event) => event.job?.id === own.id);
  return { ok: own.conclusion === "success", outputs: {}, log: own.log.join("\n") };
}

/** On GitHub's: its steps one after another, then the post steps of its actions, last one first. */
async function playHosted({ stage, workflow, run, id, job, contexts }: LegOptions, env: Texts): Promise<LegEnd> {
  const temp = mkdtempSync(join(stage.workspaces, "job-"));
  const workspace = join(temp, "work");
  mkdirSync(workspace);
  const exported: Record<string, string> = {};
  const steps: Record<string, unknown> = {};
  const log: string[] = [];
  const posts: (() => Promise<StepEnd>)[] = [];
  let ok = true;
  const scopeOf = (more: Texts = {}): Scope => ({
    contexts: { ...contexts, steps, env: { ...env, ...exported, ...more } },
    ok,
  });

  async function playStep(step: Step, scope: Scope): Promise<Pick<StepEnd, "code" | "outputs">> {
    const variables = {
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_RUN_ID: run.runId,
      GITHUB_RUN_ATTEMPT: String(run.attempt),
      GITHUB_JOB: id,
      GITHUB_REPOSITORY: stage.repository,
      GITHUB_WORKSPACE: workspace,
      ...(scope.contexts["env"] as Texts),
    };
    if (step.run !== undefined) return await playScript(fill(step.run, scope), variables);
    const given = fillAll(step.with ?? {}, scope);
    const action = actionOf(stage, step);
    if (action === "ours") return await playOurs({ ...variables, ...inputVariables(readActionFile(), given, scope) });
    action.does?.(workspace, given);
    Object.assign(exported, action.variables);
    return { code: 0, outputs: {} };
  }

  async function playOurs(variables: Texts): Promise<StepEnd> {
    const { runs } = readActionFile();
    const program = (path: string, more: Texts) =>
      startProgram({ path: join(stage.built ?? "", path), variables: { ...variables, ...more } }).ended;
    const main = await program(runs.main, {});
    log.push(main.log);
    Object.assign(exported, main.exported);
    posts.push(() => program(runs.post, stateVariables(main.state)));
    return main;
  }

  /** As GitHub runs it: on a file of its own, by `bash -e`; where the workflow says bash, a pipe fails with any of its parts. */
  async function playScript(script: string, variables: Texts): Promise<Pick<StepEnd, "code" | "outputs">> {
    const path = join(temp, "step.sh");
    writeFileSync(path, script);
    const files = openFileCommands(join(temp, "_file_commands"));
    const words = workflow.defaults === undefined ? ["-e", path] : ["--noprofile", "--norc", "-eo", "pipefail", path];
    const child = spawn("bash", words, {
      cwd: workspace,
      env: { PATH: process.env["PATH"], ...stage.variables, ...variables, ...files.variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => log.push(text));
    const code = await new Promise<number | null>((done, fail) => child.once("error", fail).once("close", done));
    Object.assign(exported, files.read("ENV"));
    return { code, outputs: files.read("OUTPUT") };
  }

  for (const step of job.steps) {
    const scope = scopeOf(fillAll(step.env ?? {}, scopeOf()));
    if (!holds(step.if, scope)) continue;
    const { code, outputs } = await playStep(step, scope);
    if (step.id !== undefined) steps[step.id] = { outputs, outcome: code === 0 ? "success" : "failure" };
    ok &&= code === 0;
  }
  for (const post of posts.toReversed()) {
    const end = await post();
    log.push(end.log);
    ok &&= end.code === 0;
  }
  return { ok, outputs: fillAll(job.outputs ?? {}, scopeOf()), log: log.join("") };
}
