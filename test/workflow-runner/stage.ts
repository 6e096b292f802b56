// What a workflow is played on: the built action, the GitHub stand-in that has the runners' jobs, and stand-ins for actions of others.
import type { GithubStandIn } from "../../cloud/sim/github/github.ts";
import type { Scope } from "./expression.ts";
import type { Value } from "./expression-value.ts";

/** `ours`: the built action. `variables`: the action does nothing but export these. */
export type UsedAction = "ours" | { readonly variables: Readonly<Record<string, string>> };

export interface Stage {
  readonly github: GithubStandIn;
  readonly repository: string;
  /** Folder that holds `dist/`. */
  readonly built: string;
  /** By what `uses:` says; anything else is an error. */
  readonly actions: Readonly<Record<string, UsedAction>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** A folder for steps to work in. */
  readonly workspace: string;
}

export interface Attempt {
  readonly runId: string;
  readonly attempt: number;
}

export type Result = "success" | "failure" | "skipped";

/** What a job of one leg came to. */
export interface LegEnd {
  readonly result: Result;
  readonly outputs: Readonly<Record<string, string>>;
  readonly log: string;
}

/** What every expression of a run may name. */
export const commonContexts = (stage: Stage, { runId, attempt }: Attempt, job: string): Record<string, Value> => ({
  github: {
    run_id: runId,
    run_attempt: String(attempt),
    job,
    repository: stage.repository,
    repository_owner: stage.repository.split("/")[0] ?? "",
    event_name: "workflow_dispatch",
    ref: "refs/heads/main",
    workflow: "workflow",
  },
  secrets: stage.secrets,
  runner: { os: "Linux", arch: "X64" },
});

/** The variables that every step has (GitHub docs, "Variables reference"), as far as anything here reads them. */
export const commonVariables = (stage: Stage, { runId, attempt }: Attempt, job: string): Record<string, string> => ({
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_RUN_ID: runId,
  GITHUB_RUN_ATTEMPT: String(attempt),
  GITHUB_JOB: job,
  GITHUB_REPOSITORY: stage.repository,
  GITHUB_WORKSPACE: stage.workspace,
});

export const statusOf = (ok: () => boolean): NonNullable<Scope["status"]> => ({
  always: () => true,
  success: ok,
  failure: () => !ok(),
  cancelled: () => false,
});
