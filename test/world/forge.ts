// GitHub as the world has it: tokens, registered runners, queued jobs, and who gets which.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import type { Removal, RunnerSeen } from "../../cloud/ports/forge.ts";
import { limits } from "../../domain/limits.ts";
import type { Chance } from "../../sim/chance.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Job {
  readonly id: number;
  readonly scope: string;
  readonly runId: string;
  readonly attempt: number;
  readonly queuedAt: EpochMs;
  readonly labels: readonly string[];
  readonly durationMs: number;
  /** `assigned`: GitHub has sent it, the runner has not begun it. `lost`: its runner vanished while it ran. */
  state: "queued" | "assigned" | "running" | "done" | "lost" | "cancelled";
  startedAt: EpochMs | undefined;
}

/** A listener that polls for jobs. */
export interface Session {
  /** The job has arrived: its worker starts. */
  begin(job: Job): void;
  /** The job is over. */
  over(job: Job): void;
  /** GitHub ends the session: the registration is gone. */
  expelled(): void;
}

export interface Registered {
  readonly id: number;
  readonly scope: string;
  readonly name: string;
  readonly labels: readonly string[];
  /** The listener that polls in truth. */
  session: Session | undefined;
  /** What GitHub shows, which follows the truth late. */
  shownOnline: boolean;
  job: Job | undefined;
  /** When it was last found working: REST's `busy` lags. */
  busyUntil: EpochMs;
}

export type TokenKind = "registration" | "removal";
type Registering =
  | { readonly ok: true; readonly id: number }
  | { readonly ok: false; readonly cause: "token" | "name-taken" };

export interface Forge {
  issue(scope: string, kind: TokenKind, lifeMs?: number): { readonly token: string; readonly expiresAt: EpochMs };
  accepts(token: string, scope: string, kind: TokenKind): boolean;
  register(token: string, scope: string, name: string, labels: readonly string[]): Registering;
  /** False where the registration is gone. */
  connect(id: number, session: Session): boolean;
  disconnect(id: number): void;
  remove(scope: string, id: number): Removal;
  list(scope: string, prefix: string): RunnerSeen[];
  queue(job: Pick<Job, "scope" | "runId" | "attempt" | "labels" | "durationMs">): Job;
  /** Jobs of the repository that no runner has. */
  queued(scope: string): readonly Job[];
  /** Its jobs that are not over. */
  open(scope: string): readonly Job[];
  cancel(job: Job): void;
  readonly runners: ReadonlyMap<number, Registered>;
}

/** REST's `busy` lags by up to this, ms. */
const busyLagMs = 60_000;
/** GitHub shows a vanished runner as online for up to this, ms. */
const offlineLagMs = 60_000;

export function forgeOf(time: VirtualTime, world: Chance): Forge {
  const chance = world.fork("forge");
  const tokens = new Map<string, { scope: string; kind: TokenKind; expiresAt: EpochMs }>();
  const runners = new Map<number, Registered>();
  const queued: Job[] = [];
  const jobs: Job[] = [];
  let ids = 0;

  const fits = (runner: Registered, job: Job): boolean =>
    runner.session !== undefined &&
    runner.job === undefined &&
    runner.scope === job.scope &&
    job.labels.every((label) => runner.labels.includes(label));

  const dispatch = (): void => {
    for (const job of queued.slice()) {
      const free = [...runners.values()].filter((runner) => fits(runner, job));
      if (free.length > 0) assign(job, chance.pick(free));
    }
  };
  const requeue = (job: Job): void => {
    if (job.state !== "assigned") return;
    job.state = "queued";
    queued.push(job);
    dispatch();
  };
  const assign = (job: Job, runner: Registered): void => {
    queued.splice(queued.indexOf(job), 1);
    job.state = "assigned";
    runner.job = job;
    const { session } = runner;
    time.after(chance.between(50, 2_000), `job ${job.id} to ${runner.name}`, () => {
      if (job.state !== "assigned") return;
      if (session !== undefined && runner.session === session) return begin(job, runner, session);
      // Nobody has taken it: GitHub gives it to another in time.
      time.after(chance.between(1_000, 60_000), `job ${job.id} again`, () => {
        if (runner.job === job) runner.job = undefined;
        requeue(job);
      });
    });
  };
  const begin = (job: Job, runner: Registered, session: Session): void => {
    job.state = "running";
    job.startedAt = time.now();
    session.begin(job);
    time.after(job.durationMs, `job ${job.id} over`, () => finish(job, runner, session, "done"));
  };
  const finish = (job: Job, runner: Registered, session: Session, as: "done" | "cancelled"): void => {
    if (job.state !== "running") return;
    job.state = as;
    free(runner);
    session.over(job);
    dispatch();
  };
  const free = (runner: Registered): void => {
    runner.job = undefined;
    runner.busyUntil = time.now() + chance.between(0, busyLagMs);
  };
  return {
    runners,
    issue(scope, kind, lifeMs = limits.tokenLifeMs) {
      const token = `${kind}-${chance.id()}`;
      const expiresAt = time.now() + lifeMs;
      tokens.set(token, { scope, kind, expiresAt });
      return { token, expiresAt };
    },
    accepts(token, scope, kind) {
      const found = tokens.get(token);
      return found?.scope === scope && found.kind === kind && found.expiresAt > time.now();
    },
    register(token, scope, name, labels) {
      if (!this.accepts(token, scope, "registration")) return { ok: false, cause: "token" };
      if ([...runners.values()].some((runner) => runner.name === name)) return { ok: false, cause: "name-taken" };
      const id = ++ids;
      const fresh = { session: undefined, shownOnline: false, job: undefined, busyUntil: 0 };
      runners.set(id, { id, scope, name, labels, ...fresh });
      return { ok: true, id };
    },
    connect(id, session) {
      const runner = runners.get(id);
      if (runner === undefined) return false;
      runner.session = session;
      runner.shownOnline = true;
      dispatch();
      return true;
    },
    disconnect(id) {
      const runner = runners.get(id);
      if (runner?.session === undefined) return;
      runner.session = undefined;
      if (runner.job?.state === "running") runner.job.state = "lost";
      if (runner.job?.state === "lost") free(runner);
      time.after(chance.between(0, offlineLagMs), `${runner.name} offline`, () => {
        runner.shownOnline = runner.session !== undefined;
      });
    },
    remove(scope, id) {
      const runner = runners.get(id);
      if (runner?.scope !== scope) return "absent";
      if (runner.job !== undefined) return "busy";
      runners.delete(id);
      const { session } = runner;
      runner.session = undefined;
      if (session !== undefined)
        time.after(chance.between(100, 30_000), `${runner.name} expelled`, () => session.expelled());
      return "removed";
    },
    list: (scope, prefix) =>
      [...runners.values()]
        .filter((runner) => runner.scope === scope && runner.name.startsWith(prefix))
        .map((runner) => ({
          id: runner.id,
          name: runner.name,
          online: runner.shownOnline,
          busy: runner.job === undefined ? runner.busyUntil > time.now() : chance.happens(0.8),
          labels: runner.labels,
        })),
    queue(wanted) {
      const job: Job = { id: ++ids, ...wanted, queuedAt: time.now(), state: "queued", startedAt: undefined };
      queued.push(job);
      jobs.push(job);
      dispatch();
      return job;
    },
    queued: (scope) => queued.filter((job) => job.scope === scope),
    open: (scope) => jobs.filter((job) => job.scope === scope && ["queued", "assigned", "running"].includes(job.state)),
    cancel(job) {
      const runner = [...runners.values()].find((runner) => runner.job === job);
      if (job.state === "running" && runner?.session !== undefined)
        return finish(job, runner, runner.session, "cancelled");
      if (queued.includes(job)) queued.splice(queued.indexOf(job), 1);
      if (job.state === "assigned" && runner !== undefined) runner.job = undefined;
      if (job.state === "queued" || job.state === "assigned") job.state = "cancelled";
    },
  };
}
