// What the tests of the action share: the built action as child processes, an environment on the embedded cloud, agents played by a stub.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableName } from "../../domain/names.ts";
import { bundle, executables } from "../../build/bundles.ts";
import { playAgents, type Agents } from "../cli/agents.ts";
import { credentials, environment, openFurnishedCloud, region, repository, token } from "../cli/cloud.ts";
import { inputVariables, readActionFile } from "../workflow-runner/action-file.ts";
import { startProgram, stateVariables, type RunningStep, type StepEnd } from "../workflow-runner/action-step.ts";

export { environment, repository, token };

export interface StepOptions {
  /** The step's `with:`; environment and region are filled in. */
  readonly with: Readonly<Record<string, string>>;
  readonly runId?: string;
  readonly attempt?: number;
  readonly job?: string;
  /** Where AWS answers, instead of the embedded cloud's own door. */
  readonly endpoint?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** Builds the action as a release does. */
export async function buildAction(): Promise<{ readonly folder: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "runpool-action-"));
  const action = executables().find(({ name }) => name === "action");
  if (action === undefined) throw new Error("this checkout has no action");
  await bundle(action, join(folder, "dist"));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

export type ActionBench = Awaited<ReturnType<typeof openActionBench>>;

/** `folder`: where the action has been built; it is built for this bench alone where none is given. */
export async function openActionBench(folder?: string) {
  const built = folder === undefined ? await buildAction() : { folder, remove: () => Promise.resolve() };
  const cloud = await openFurnishedCloud();
  const { clock, db, door, github, clients } = cloud;
  const agents: Agents = playAgents(db, clients.dynamodb, tableName(environment), clock);
  agents.manners = { registers: true, leaves: true };
  const file = readActionFile();
  const variablesOf = ({ with: given, runId = "1001", attempt = 1, job = "provision", ...options }: StepOptions) => ({
    ...inputVariables(
      file,
      { environment, "aws-region": region, ...given },
      {
        contexts: { github: { job }, strategy: { "job-total": 1, "job-index": 0 } },
      },
    ),
    AWS_ENDPOINT_URL: options.endpoint ?? door.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    GITHUB_ACTIONS: "true",
    GITHUB_RUN_ID: runId,
    GITHUB_RUN_ATTEMPT: String(attempt),
    GITHUB_REPOSITORY: repository,
    GITHUB_JOB: job,
    ...options.variables,
  });
  const running = new Set<RunningStep>();
  const startOf = (program: "main" | "post", options: StepOptions, state: StepEnd["state"] = {}): RunningStep => {
    const step = startProgram({
      path: join(built.folder, file.runs[program]),
      variables: { ...variablesOf(options), ...stateVariables(state) },
    });
    running.add(step);
    void step.ended.finally(() => running.delete(step)).catch(() => undefined);
    return step;
  };
  return {
    ...cloud,
    agents,
    github,
    start: (options: StepOptions): RunningStep => startOf("main", options),
    main: (options: StepOptions): Promise<StepEnd> => startOf("main", options).ended,
    post: (options: StepOptions, state: StepEnd["state"]): Promise<StepEnd> => startOf("post", options, state).ended,
    records: () => agents.records(),
    close: async () => {
      for (const { child } of running) child.kill("SIGKILL");
      agents.stop();
      await cloud.close();
      await built.remove();
    },
  };
}

/** The annotations of a kind in a log: their texts, as a person reads them. */
export const annotations = (kind: "error" | "warning" | "notice", { log }: StepEnd): readonly string[] =>
  log
    .split("\n")
    .filter((line) => line.startsWith(`::${kind}`))
    .map((line) =>
      line
        .replace(/^::.*?::/, "")
        .replaceAll("%0A", "\n")
        .replaceAll("%25", "%"),
    );
