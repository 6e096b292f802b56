// The port `Forge` of one process, on the world's GitHub.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { ForgeRefused, type Forge, type Removal, type RunnerSeen } from "../../cloud/ports/forge.ts";
import { OutOfReach, type Unknown } from "../../cloud/ports/outcomes.ts";
import { enrol } from "../../cloud/github/enrol.ts";
import type { Registrar } from "../../cloud/github/registrar.ts";
import { limits } from "../../domain/limits.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

interface Spell {
  readonly kind: "limited" | "refused";
  readonly until: EpochMs;
}
/** What lasts for a while once it has begun, a world each. */
const spells = new WeakMap<State, Spell>();
const minute = 60_000;

function spellOf(state: State, { chance }: Process): Spell | undefined {
  const { faults, time } = state;
  const { forgeLimited, forgeRefuses } = faults.rates;
  if (faults.healed) return undefined;
  const known = spells.get(state);
  if (known !== undefined && known.until > time.now()) return known;
  const kind = chance.happens(forgeLimited) ? "limited" : chance.happens(forgeRefuses) ? "refused" : undefined;
  if (kind === undefined) return undefined;
  faults.meet(kind === "limited" ? "forgeLimited" : "forgeRefuses");
  // As long as a world of an hour can bear: a limit is renewed within the hour, a credential once somebody has seen the problem.
  const spell: Spell = { kind, until: time.now() + chance.between(1 * minute, 15 * minute) };
  spells.set(state, spell);
  return spell;
}

/** 5xx, a rate limit and refused credentials, each in the words of the real adapter, beyond all its retries. */
function unlessDown(state: State, process: Process): void {
  const spell = spellOf(state, process);
  if (spell?.kind === "refused")
    throw new ForgeRefused("GitHub knows no such credentials: write a valid token or App key");
  if (spell !== undefined) {
    const seconds = Math.ceil((spell.until - state.time.now()) / 1000);
    throw new OutOfReach(`GitHub's rate limit is used up for another ${seconds} s`);
  }
  if (!process.chance.happens(state.faults.rates.forgeFails)) return;
  state.faults.meet("forgeFails");
  throw new OutOfReach("GitHub answered 502");
}

/** A removal says that its outcome is not known where GitHub is out of reach, and rejects where it refuses. */
function removal(state: State, process: Process, scope: string, runnerId: number): Removal | Unknown {
  try {
    unlessDown(state, process);
  } catch (error) {
    if (error instanceof OutOfReach) return { kind: "unknown", problem: error.message };
    throw error;
  }
  return state.forge.remove(scope, runnerId);
}

/** Of a token; a draw of its own, so that it shifts no other. */
function lifeOf({ faults, time }: State, { chance }: Process): number {
  const own = chance.fork(`token ${time.now()}`);
  return own.happens(faults.rates.tokenExpires) ? own.between(1, 15) * minute : limits.tokenLifeMs;
}

function registrarOf(state: State, process: Process): Registrar {
  const issue = (scope: string, kind: "registration" | "removal") =>
    process.ask(`github.${kind}`, "write", () => {
      unlessDown(state, process);
      return state.forge.issue(scope, kind, lifeOf(state, process));
    });
  return {
    registrationToken: (scope) => issue(scope, "registration"),
    removalToken: (scope) => issue(scope, "removal"),
  };
}

/** As pages that move up while they are read leave one out. */
function shifted(runners: readonly RunnerSeen[], { faults, time }: State, { chance }: Process): readonly RunnerSeen[] {
  const own = chance.fork(`list at ${time.now()}`);
  if (runners.length === 0 || !own.happens(faults.rates.listShifts)) return runners;
  faults.meet("listShifts");
  return runners.toSpliced(own.between(0, runners.length - 1), 1);
}

function inventoryOf(state: State, process: Process): Pick<Forge, "runners" | "named" | "remove"> {
  return {
    runners: (scope, prefix) =>
      process.ask("github.list", "read", () => {
        unlessDown(state, process);
        return shifted(state.forge.list(scope, prefix), state, process);
      }),
    named: (scope, name) =>
      process.ask(`github.named ${name}`, "read", () => {
        unlessDown(state, process);
        return state.forge.list(scope, name).find((one) => one.name === name);
      }),
    remove: (scope, runnerId) =>
      process.call<Removal | Unknown>({
        what: `github.remove ${runnerId}`,
        kind: "write",
        apply: () => removal(state, process, scope, runnerId),
        lost: (problem) => ({ kind: "unknown", problem }),
      }),
  };
}

function jobsOf(state: State, process: Process): Pick<Forge, "activeRuns" | "waiting"> {
  const read = <Value>(what: string, apply: () => Value): Promise<Value> =>
    process.ask(`github.${what}`, "read", () => {
      unlessDown(state, process);
      return apply();
    });
  return {
    activeRuns: (repository) =>
      read("runs", () => {
        const attempts = new Map<string, number>();
        for (const { runId, attempt } of state.forge.open(repository))
          attempts.set(runId, Math.max(attempt, attempts.get(runId) ?? 1));
        return [...attempts].map(([runId, attempt]) => ({ runId, attempt }));
      }),
    waiting: (repository, run) =>
      read("jobs", () =>
        state.forge
          .queued(repository)
          .filter(({ runId, attempt }) => runId === run.runId && attempt === run.attempt)
          .map(({ labels, queuedAt }) => ({ labels, queuedAt })),
      ),
  };
}

export function forgePort(state: State, process: Process): Forge {
  const registrar = registrarOf(state, process);
  return { enrol: enrol(async () => registrar), ...inventoryOf(state, process), ...jobsOf(state, process) };
}
