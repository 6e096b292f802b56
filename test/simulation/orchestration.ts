// The part that GitHub plays: it starts a workflow's steps as processes of their own, cancels and kills them, queues its jobs.
import { runOf } from "../../domain/owner.ts";
import { cleanUp } from "../../control/runs/clean-up.ts";
import { provision, type Provisioned, type SavedProvision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { limits } from "../../domain/limits.ts";
import { anyAwait } from "../world/process.ts";
import type { Request } from "../../domain/request.ts";
import type { Job } from "../world/forge.ts";
import type { ControlPorts, World } from "../world/world.ts";
import { allAnswered, endsInMinutes, nothingKept, readyIsReady } from "./promises.ts";
import type { Attempt, Workflow } from "./workload.ts";

const minute = 60_000;
/** A cancelled step gets SIGINT, and is killed ten seconds later. */
const killedAfterMs = 10_000;
/** So many awaits the longest of them were seen to have. */
const longest = { provision: 1_000, post: 90, release: 500, refresh: 200 };
/** How long a workflow waits for its jobs: beyond it somebody cancels it. */
const jobsPatienceMs = 25 * minute;

export type StepEnd<Value> =
  | { readonly kind: "ended"; readonly value: Value }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "died" };

export interface Tally {
  ready: number;
  failed: number;
  cancelled: number;
  died: number;
  released: number;
  jobs: number;
  created: number;
  reused: number;
}
export const noTally = (): Tally => ({
  ready: 0,
  failed: 0,
  cancelled: 0,
  died: 0,
  released: 0,
  jobs: 0,
  created: 0,
  reused: 0,
});

const pause = (world: World, ms: number, what: string): Promise<void> =>
  new Promise((resolve) => {
    world.time.after(ms, what, resolve);
  });

/** The faults by which a step dies. */
type Dying = "provisionDies" | "releaseDies" | "refreshDies";

/** Runs a step of the control plane in a process of its own until it ends, dies, or is killed at `limitMs`. */
function step<Value>(
  world: World,
  name: string,
  dying: { readonly by: Dying; readonly awaits: number; readonly limitMs: number },
  work: (ports: ControlPorts) => Promise<Value>,
): Promise<StepEnd<Value>> & { kill(): void } {
  const chance = world.chance.fork(`fate of ${name}`);
  const { faults } = world;
  const diesAt = chance.happens(faults.rates[dying.by]) ? anyAwait(chance, dying.awaits) : undefined;
  const { process, ports } = world.process(name, diesAt);
  let killed = false;
  const kill = (): void => {
    killed = true;
    process.kill();
  };
  const ended = new Promise<StepEnd<Value>>((resolve) => {
    const limit = world.time.after(dying.limitMs, `${name} killed`, () => kill());
    process.onDeath(() => {
      if (!killed) faults.meet(dying.by);
      limit.cancel();
      resolve({ kind: "died" });
    });
    const done = (end: StepEnd<Value>): void => {
      if (!process.alive) return;
      limit.cancel();
      resolve(end);
    };
    const whole = async (): Promise<void> => {
      try {
        done({ kind: "ended", value: await work(ports) });
      } catch (error) {
        const known = error instanceof Error && ["OutOfReach", "ForgeRefused", "Unconfigured"].includes(error.name);
        if (!known && process.alive)
          world.checks.violated("no step throws", `${name}: ${error instanceof Error ? error.stack : String(error)}`);
        done({ kind: "threw", error });
      }
    };
    void whole();
  });
  return Object.assign(ended, { kill });
}

/** One provision as the action runs it: cancel, kill, post step. Gives what it came to, undefined where it was killed. */
async function provisionStep(
  world: World,
  name: string,
  request: Request,
  plan: Attempt,
  tally: Tally,
): Promise<Provisioned | undefined> {
  const cancel = new AbortController();
  let saved: SavedProvision | undefined;
  const main = step(
    world,
    name,
    { by: "provisionDies", awaits: longest.provision, limitMs: limits.provisionMs + 5 * minute },
    (ports) =>
      provision(ports, request, {
        cancel: cancel.signal,
        saved: (state) => {
          saved = state;
        },
      }),
  );
  if (plan.cancelAfterMs !== undefined) {
    world.time.after(plan.cancelAfterMs, `${name} cancelled`, () => cancel.abort());
    world.time.after(plan.cancelAfterMs + killedAfterMs, `${name} killed`, () => main.kill());
  }
  const end = await main;
  if (end.kind === "ended") {
    if (end.value.kind === "ready") {
      tally.ready++;
      tally.created += end.value.created;
      tally.reused += end.value.reused;
      readyIsReady(world, name, request, end.value);
    } else {
      tally[end.value.kind]++;
      nothingKept(world, name, request);
    }
    if (end.value.kind === "failed" && end.value.reasons.length === 0)
      world.checks.violated("its runners, or a clear failure", `${name} failed without a reason`);
  } else tally.died++;
  const unfinished = saved !== undefined && !saved.committed && end.kind !== "ended";
  if (unfinished && plan.post)
    await step(
      world,
      `${name} post`,
      { by: "provisionDies", awaits: longest.post, limitMs: 5 * minute },
      async (ports) => {
        const { configuration } = await ports.settings.load();
        return await cleanUp(ports, configuration, saved as SavedProvision);
      },
    );
  return end.kind === "ended" ? end.value : undefined;
}

/** Jobs that need this provision only: they may run on any machine of the run. */
function queueJobs(
  world: World,
  { runId, repository }: Workflow,
  attempt: number,
  plan: Attempt,
  index: number,
): Job[] {
  const own = plan.jobs.filter((_, job) => job % plan.requests.length === index);
  return own.map((durationMs) => world.forge.queue({ scope: repository, runId, attempt, labels: [runId], durationMs }));
}

async function waitForJobs(world: World, runId: string, plan: Attempt, jobs: readonly Job[]): Promise<void> {
  const until = world.time.now() + (plan.impatient ? 30_000 : jobsPatienceMs);
  const open = (): boolean => jobs.some(({ state }) => ["queued", "assigned", "running"].includes(state));
  while (open() && world.time.now() < until) await pause(world, 15_000, `run ${runId} waits for its jobs`);
}

async function releaseStep(world: World, name: string, workflow: Workflow, attempt: number, plan: Attempt) {
  for (let tries = 1; tries <= 2; tries++) {
    const end = await step(
      world,
      `${name} release ${tries}`,
      { by: "releaseDies", awaits: longest.release, limitMs: 40 * minute },
      (ports) =>
        release(ports, {
          runId: workflow.runId,
          attempt,
          ...(plan.forgeRights ? { forgeScope: workflow.repository } : {}),
        }),
    );
    if (end.kind === "ended") {
      allAnswered(world, name, end.value.left);
      return true;
    }
    // Somebody may run the failed job again.
    if (world.chance.happens(0.5)) return false;
  }
  return false;
}

/** A workflow from its first attempt to its last release. */
export async function orchestrate(world: World, workflow: Workflow, tally: Tally): Promise<void> {
  for (const [index, plan] of workflow.attempts.entries()) {
    const attempt = index + 1;
    const name = `run ${workflow.runId}/${attempt}`;
    if (index > 0) await pause(world, 30_000, `${name} begins`);
    if (plan.strayReleaseMs !== undefined)
      world.time.after(plan.strayReleaseMs, `${name} releases astray`, () => {
        void releaseStep(world, `${name} stray`, workflow, attempt, plan);
      });
    const jobs: Job[] = [];
    const ends = await Promise.all(
      plan.requests.map(async (request, index) => {
        const end = await provisionStep(world, `${name} ${request.provisionId}`, request, plan, tally);
        if (end?.kind === "ready") jobs.push(...queueJobs(world, workflow, attempt, plan, index));
        return end;
      }),
    );
    await waitForJobs(world, workflow.runId, plan, jobs);
    tally.jobs += jobs.filter(({ state }) => state === "done").length;
    if (!plan.impatient && ends.every((end) => end?.kind === "ready")) servedAll(world, name, jobs);
    for (const job of jobs) world.forge.cancel(job);
    if (plan.releases && (await releaseStep(world, name, workflow, attempt, plan))) tally.released++;
  }
}

/**
 * A job that waits while a runner of its run listens undisturbed has been forgotten by somebody; not where GitHub is just handing that runner
 * another job of its queue.
 */
function servedAll(world: World, name: string, jobs: readonly Job[]): void {
  const waiting = jobs.find(({ state }) => state === "queued");
  if (waiting === undefined) return;
  const handedOn = new Set(
    [...world.forge.runners.values()].filter(({ job }) => job !== undefined).map(({ name }) => name),
  );
  const free = world.table.all().find((record) => {
    const machine = world.machines.byKey(record.key);
    const healthy =
      machine?.disturbed === false && machine.cutOff === undefined && !handedOn.has(machine.root?.name ?? "");
    const ours =
      runOf(record.owner)?.runId === waiting.runId && record.state === "running" && record.wanted === "serve";
    return healthy && ours && record.retiredAt === undefined && record.threshold > world.time.now() + minute;
  });
  if (free !== undefined)
    world.checks.violated(
      "a ready runner serves its run",
      `${name}: job ${waiting.id} waits, ${free.instanceId} has none (signal ${free.signal?.kind})`,
    );
}

/** Refresh on its schedule, for as long as the world goes on. */
export function refreshOnSchedule(world: World, over: () => boolean, every: () => number): void {
  const { rates } = world.faults;
  let count = 0;
  const tick = (): void => {
    if (over()) return;
    if (every() === limits.refreshMs) endsInMinutes(world);
    const name = `refresh ${++count}`;
    const runs = (who: string): void =>
      void step(world, who, { by: "refreshDies", awaits: longest.refresh, limitMs: 4.5 * minute }, (ports) =>
        refresh(ports),
      );
    runs(name);
    const byHand = world.chance.fork(`${name} by hand`);
    if (byHand.happens(world.faults.rates.refreshOverlaps)) {
      world.faults.meet("refreshOverlaps");
      world.time.after(byHand.between(0, 500), `${name} by hand`, () => runs(`${name} by hand`));
    }
    const jitter = rates.slow > 0 ? world.chance.between(0, 2_000) : 0;
    world.time.after(every() + jitter, "refresh is due", tick);
  };
  tick();
}
