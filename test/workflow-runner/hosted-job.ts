// A job on GitHub's own runners, played here: its steps one after another, then the post steps of its actions, last one first.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { inputVariables, readActionFile } from "./action-file.ts";
import { startProgram, stateVariables, type StepEnd } from "./action-step.ts";
import { fill, holds, type Scope } from "./expression.ts";
import { textOf, type Value } from "./expression-value.ts";
import { openFileCommands } from "./file-commands.ts";
import { actionName, commonVariables, statusOf, type Attempt, type LegEnd, type Stage } from "./stage.ts";
import type { Job, Step, Workflow } from "./workflow.ts";

export interface LegWish {
  readonly stage: Stage;
  readonly run: Attempt;
  /** The job's id, and its text for people. */
  readonly id: string;
  readonly title: string;
  readonly job: Job;
  /** Everything that its expressions may name but for `env` and `steps`. */
  readonly contexts: Readonly<Record<string, Value>>;
  readonly shell: Workflow["shell"];
  /** The workflow's and the job's, filled in. */
  readonly env: Readonly<Record<string, string>>;
}

interface Playing extends LegWish {
  /** The job's own machine, as far as it has one: what the runner keeps, and the folder in which steps work. */
  readonly temp: string;
  readonly workspace: string;
  readonly exported: Record<string, string>;
  readonly steps: Record<string, Value>;
  readonly log: string[];
  readonly posts: (() => Promise<StepEnd>)[];
  failed: boolean;
}

type Ended = Pick<StepEnd, "code" | "outputs">;

export async function playHosted(wish: LegWish): Promise<LegEnd> {
  const temp = mkdtempSync(join(wish.stage.workspaces, "job-"));
  const workspace = join(temp, "work");
  mkdirSync(workspace);
  const playing: Playing = { ...wish, temp, workspace, exported: {}, steps: {}, log: [], posts: [], failed: false };
  for (const step of wish.job.steps) {
    const scope = scopeOf(playing, step);
    if (!holds(step.if, scope)) continue;
    const { code, outputs } = await playStep(playing, step, scope);
    const outcome = code === 0 ? "success" : "failure";
    if (step.id !== undefined) playing.steps[step.id] = { outputs, outcome, conclusion: outcome };
    playing.failed ||= code !== 0;
  }
  for (const post of playing.posts.toReversed()) {
    const end = await post();
    playing.log.push(end.log);
    playing.failed ||= end.code !== 0;
  }
  const outputs = filled(wish.job.outputs, scopeOf(playing));
  return { result: playing.failed ? "failure" : "success", outputs, log: playing.log.join("") };
}

const filled = (given: Readonly<Record<string, string>>, scope: Scope): Record<string, string> =>
  Object.fromEntries(Object.entries(given).map(([name, text]) => [name, textOf(fill(text, scope))]));

function scopeOf(playing: Playing, step?: Step): Scope {
  const status = statusOf(() => !playing.failed);
  const outer = { ...playing.env, ...playing.exported };
  const contexts = { ...playing.contexts, env: outer, steps: playing.steps };
  const env = step === undefined ? outer : { ...outer, ...filled(step.env, { contexts, status }) };
  return { contexts: { ...contexts, env }, status };
}

async function playStep(playing: Playing, step: Step, scope: Scope): Promise<Ended> {
  const env = {
    ...commonVariables(playing.stage, playing.run, playing.id, playing.workspace),
    ...(scope.contexts["env"] as Readonly<Record<string, string>>),
  };
  if (step.run !== undefined) return await playScript(playing, textOf(fill(step.run, scope)), env);
  const action = playing.stage.actions[actionName(step.uses)];
  if (action === undefined) throw new Error(`${playing.title}: the action ${step.uses} has no stand-in here`);
  if (action !== "ours") {
    action.does?.(playing.workspace, filled(step.with, scope));
    Object.assign(playing.exported, action.variables);
    return { code: 0, outputs: {} };
  }
  return await playOurs(playing, filled(step.with, scope), env, scope);
}

async function playOurs(
  { stage, log, posts, exported }: Playing,
  given: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
  scope: Scope,
): Promise<Ended> {
  const file = readActionFile();
  const variables = { ...env, ...inputVariables(file, given, scope) };
  const main = await startProgram({ path: join(stage.built, file.runs.main), variables }).ended;
  log.push(main.log);
  Object.assign(exported, main.exported);
  const post = { ...variables, ...stateVariables(main.state) };
  posts.push(() => startProgram({ path: join(stage.built, file.runs.post), variables: post }).ended);
  return main;
}

/** As GitHub runs it: on a file of its own, by `bash -e`; where the workflow says bash, a pipe fails with any of its parts. */
async function playScript(
  { stage, temp, workspace, shell, log, exported }: Playing,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const path = join(temp, "step.sh");
  writeFileSync(path, script);
  const files = openFileCommands(join(temp, "_file_commands"));
  const { programs, variables } = stage.machine ?? {};
  const PATH = [programs, process.env["PATH"]].filter((part) => part !== undefined).join(":");
  const words = shell === "bash" ? ["--noprofile", "--norc", "-eo", "pipefail", path] : ["-e", path];
  const child = spawn("bash", words, {
    cwd: workspace,
    env: { PATH, ...variables, ...env, ...files.variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => log.push(text));
  const code = await new Promise<number | null>((done, fail) => child.once("error", fail).once("close", done));
  Object.assign(exported, files.read("ENV"));
  return { code, outputs: files.read("OUTPUT") };
}
