// What a workflow is played on: the built action, the GitHub stand-in that has the runners' jobs, and stand-ins for actions of others.
import type { GithubStandIn } from "../../cloud/sim/github/github.ts";
import type { Scope } from "./expression.ts";
import type { Value } from "./expression-value.ts";

type Does = (workspace: string, given: Readonly<Record<string, string>>) => void;

/** `ours`: the built action. Else one of others: it does `does` in the job's workspace, and exports the variables. */
export type UsedAction = "ours" | { readonly variables: Readonly<Record<string, string>>; readonly does?: Does };

/** What a machine of GitHub's has besides. */
export interface HostedMachine {
  /** A folder of programs, before all others on the PATH. */
  readonly programs: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** The action that `uses:` names, whichever version of it. */
export const actionName = (uses = ""): string => uses.split("@")[0] ?? "";

export interface Stage {
  readonly github: GithubStandIn;
  readonly repository: string;
  /** Folder that holds `dist/`. */
  readonly built: string;
  /** By what `uses:` says before the `@`; anything else is an error. */
  readonly actions: Readonly<Record<string, UsedAction>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** A folder; each job on GitHub's runners works in one of its own below it. */
  readonly workspaces: string;
  readonly machine?: HostedMachine;
}

/** What has started the run. */
export interface Trigger {
  readonly name: "workflow_dispatch" | "pull_request" | "schedule";
  /** The cron line that it was. */
  readonly schedule?: string;
}

export interface Attempt {
  readonly runId: string;
  readonly attempt: number;
  /** By hand where nothing is said. */
  readonly trigger?: Trigger;
}

export type Result = "success" | "failure" | "skipped";

/** What a job of one leg came to. */
export interface LegEnd {
  readonly result: Result;
  readonly outputs: Readonly<Record<string, string>>;
  readonly log: string;
}

/** What every expression of a run may name. */
export const commonContexts = (
  stage: Stage,
  { runId, attempt, trigger = { name: "workflow_dispatch" } }: Attempt,
  job: string,
): Record<string, Value> => ({
  github: {
    run_id: runId,
    run_attempt: String(attempt),
    job,
    repository: stage.repository,
    repository_owner: stage.repository.split("/")[0] ?? "",
    event_name: trigger.name,
    event: { schedule: trigger.schedule ?? null },
    token: stage.secrets["GITHUB_TOKEN"] ?? "",
    ref: "refs/heads/main",
    workflow: "workflow",
  },
  secrets: stage.secrets,
  runner: { os: "Linux", arch: "X64" },
});

/** The variables that every step has (GitHub docs, "Variables reference"), as far as anything here reads them. */
export const commonVariables = (
  stage: Stage,
  { runId, attempt }: Attempt,
  job: string,
  workspace: string,
): Record<string, string> => ({
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_RUN_ID: runId,
  GITHUB_RUN_ATTEMPT: String(attempt),
  GITHUB_JOB: job,
  GITHUB_REPOSITORY: stage.repository,
  GITHUB_WORKSPACE: workspace,
});

export const statusOf = (ok: () => boolean): NonNullable<Scope["status"]> => ({
  always: () => true,
  success: ok,
  failure: () => !ok(),
  cancelled: () => false,
});
