// What the GitHub stand-in is made of: runners, sessions, runs, jobs, and the events told about them.
import type { KeyObject } from "node:crypto";
import type { EpochMs } from "../../cloud/ports/clock.ts";

/** Where a runner is registered: `repos/OWNER/REPO`, `orgs/ORG` or `enterprises/NAME`, in lower case. */
export type ScopeKey = string;

export interface Label {
  readonly id: number;
  readonly name: string;
  /** GitHub calls the labels that a runner gives itself `read-only`. */
  readonly type: "read-only" | "custom";
}

/** A message waiting for a listener's next poll. */
export interface Message {
  readonly id: number;
  readonly type: "RunnerJobRequest" | "JobCancellation" | "RunnerRefresh";
  readonly body: Record<string, unknown>;
}

export interface Session {
  readonly id: string;
  readonly token: string;
  readonly runnerId: number;
  /** Answers the open long poll; absent when the listener is not asking. */
  answer: ((message: Message | undefined) => void) | undefined;
  readonly outbox: Message[];
  /** Ends the wait after which silence means offline. */
  stopSilence: () => void;
}

export interface Runner {
  readonly id: number;
  readonly name: string;
  readonly scope: ScopeKey;
  readonly clientId: string;
  readonly createdAt: EpochMs;
  labels: readonly Label[];
  groupId: number;
  version: string;
  os: string;
  ephemeral: boolean;
  disableUpdate: boolean;
  publicKey: KeyObject;
  status: "online" | "offline";
  lastSeenAt: EpochMs;
  session: Session | undefined;
  /** The job it was given, from dispatch to completion: the truth behind `busy`. */
  jobId: number | undefined;
  /** What REST shows as busy, and from when: the truth, late. */
  readonly shown: { readonly from: EpochMs; readonly busy: boolean }[];
}

export interface Step {
  readonly name: string;
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
  /** `if: always()`: also after a failure, that of the job-started hook included. */
  readonly always: boolean;
}

export type Conclusion = "success" | "failure" | "cancelled";

export interface StepResult {
  readonly number: number;
  readonly name: string;
  readonly conclusion: Conclusion | "skipped";
}

/** One hand-over of a job to a listener. It counts only until the job is given to another one. */
export interface Dispatch {
  readonly id: string;
  /** Lets the worker report on this job, and on nothing else. */
  readonly token: string;
  readonly runnerId: number;
  readonly sessionId: string;
  stopWaiting: () => void;
}

export interface Job {
  readonly id: number;
  readonly run: Run;
  readonly name: string;
  readonly labels: readonly string[];
  readonly steps: readonly Step[];
  readonly createdAt: EpochMs;
  status: "queued" | "in_progress" | "completed";
  conclusion: Conclusion | undefined;
  startedAt: EpochMs | undefined;
  completedAt: EpochMs | undefined;
  runner: { readonly id: number; readonly name: string; readonly groupId: number } | undefined;
  dispatch: Dispatch | undefined;
  /** How often it was handed to a listener; above 1 it was re-queued. */
  dispatches: number;
  cancelRequested: boolean;
  readonly log: string[];
  stepResults: readonly StepResult[];
  stopExpiry: () => void;
}

export interface Run {
  readonly owner: string;
  readonly repo: string;
  readonly runId: number;
  readonly attempt: number;
  readonly name: string;
  readonly createdAt: EpochMs;
  readonly jobs: Job[];
}

export type GithubEventType =
  | "job.queued"
  | "job.dispatched"
  | "job.requeued"
  | "job.started"
  | "job.completed"
  | "runner.registered"
  | "runner.online"
  | "runner.offline"
  | "runner.deleted";

export interface GithubEvent {
  readonly at: EpochMs;
  readonly type: GithubEventType;
  /** Set on `job.*`. */
  readonly job?: Job;
  /** Set on `runner.*` and, once a runner is known, on `job.*`. */
  readonly runner?: Runner;
  /** Why, in a few words, where there is more than one reason. */
  readonly detail?: string;
}

const lower = (text: string): string => text.toLowerCase();

/** The scope that a registration URL or REST path names, from its path segments; undefined when it names none. */
export function scopeOfPath(path: string): ScopeKey | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const [first, second] = parts;
  if (first === undefined) return undefined;
  if (parts.length === 1) return `orgs/${lower(first)}`;
  if (parts.length !== 2 || second === undefined) return undefined;
  return lower(first) === "enterprises" ? `enterprises/${lower(second)}` : `repos/${lower(first)}/${lower(second)}`;
}

/** Whether a runner of this scope may serve jobs of this repository. An enterprise's runners serve every organisation here. */
export function scopeServes(scope: ScopeKey, owner: string, repo: string): boolean {
  if (scope.startsWith("enterprises/")) return true;
  return scope === `orgs/${lower(owner)}` || scope === `repos/${lower(owner)}/${lower(repo)}`;
}
