// The ports `Registrar`, `RunnerInventory` and `JobQueue` of one process, on the world's GitHub.
import {
  OutOfReach,
  type JobQueue,
  type Registrar,
  type Removal,
  type RunnerInventory,
  type Unknown,
} from "../../ports.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

const outOfReach = (problem: string): never => {
  throw new OutOfReach(problem);
};

/** GitHub answers 5xx, or 403 for its rate limit, beyond all retries. */
function unlessDown(state: State, process: Process): void {
  if (process.chance.happens(state.faults.rates.forgeFails)) throw new OutOfReach("GitHub answered 502");
}

export function registrarPort(state: State, process: Process): Registrar {
  const issue = (scope: string, kind: "registration" | "removal") =>
    process.call({
      what: `github.${kind}`,
      kind: "write",
      apply: () => {
        unlessDown(state, process);
        return state.forge.issue(scope, kind);
      },
      lost: outOfReach,
    });
  return {
    registrationToken: (scope) => issue(scope, "registration"),
    removalToken: (scope) => issue(scope, "removal"),
  };
}

export function inventoryPort(state: State, process: Process): RunnerInventory {
  return {
    list: (scope, prefix) =>
      process.call({
        what: "github.list",
        kind: "read",
        apply: () => {
          unlessDown(state, process);
          return state.forge.list(scope, prefix);
        },
        lost: outOfReach,
      }),
    remove: (scope, runnerId) =>
      process.call<Removal | Unknown>({
        what: `github.remove ${runnerId}`,
        kind: "write",
        apply: () =>
          process.chance.happens(state.faults.rates.forgeFails)
            ? { kind: "unknown", problem: "GitHub answered 502" }
            : state.forge.remove(scope, runnerId),
        lost: (problem) => ({ kind: "unknown", problem }),
      }),
  };
}

export function jobsPort(state: State, process: Process): JobQueue {
  const read = <Value>(what: string, apply: () => Value): Promise<Value> =>
    process.call({
      what: `github.${what}`,
      kind: "read",
      apply: () => {
        unlessDown(state, process);
        return apply();
      },
      lost: outOfReach,
    });
  return {
    activeRuns: (repository) =>
      read("runs", () => {
        const attempts = new Map<string, number>();
        for (const { runId, attempt } of state.forge.queued(repository))
          attempts.set(runId, Math.max(attempt, attempts.get(runId) ?? 1));
        return [...attempts].map(([runId, attempt]) => ({ runId, attempt }));
      }),
    queuedJobs: (repository, run) =>
      read("jobs", () =>
        state.forge
          .queued(repository)
          .filter(({ runId, attempt }) => runId === run.runId && attempt === run.attempt)
          .map(({ labels, queuedAt }) => ({ labels, queuedAt })),
      ),
  };
}
