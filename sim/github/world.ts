// The stand-in's state and the few things that every part of it needs: time, chance, timers, events.
import type { Clock, EpochMs } from "../../cloud/ports/clock.ts";
import type { Chance } from "../chance.ts";
import type { GithubEvent, GithubEventType, Job, Run, Runner, ScopeKey } from "./model.ts";
import type { GithubSettings } from "./settings.ts";

export interface RunnerToken {
  readonly scope: ScopeKey;
  readonly use: "register" | "remove";
  readonly expiresAt: EpochMs;
}

export interface World {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly settings: GithubSettings;
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  baseUrl: string;
  readonly runners: Map<number, Runner>;
  readonly runs: Map<string, Run>;
  readonly jobs: Map<number, Job>;
  /** Registration and removal tokens by their text. */
  readonly runnerTokens: Map<string, RunnerToken>;
  /** Runner groups by id, of every scope. */
  readonly groups: Map<number, string>;
  nextId(): number;
  /** Runs `act` once `ms` have passed, unless stopped or the stand-in closed. */
  after(ms: number, act: () => void): () => void;
  emit(type: GithubEventType, facts: Omit<GithubEvent, "at" | "type">): void;
  subscribe(listener: (event: GithubEvent) => void): () => void;
  readonly history: GithubEvent[];
  close(): void;
}

/** How many events are kept for those who ask late. */
const maxHistory = 20_000;

export function createWorld(clock: Clock, chance: Chance, settings: GithubSettings): World {
  const listeners = new Set<(event: GithubEvent) => void>();
  const timers = new Set<AbortController>();
  const history: GithubEvent[] = [];
  let lastId = 100;
  let closed = false;
  return {
    clock,
    chance,
    settings,
    baseUrl: "",
    runners: new Map(),
    runs: new Map(),
    jobs: new Map(),
    runnerTokens: new Map(),
    groups: new Map([[1, "Default"]]),
    nextId: () => ++lastId,
    after: (ms, act) => {
      const timer = new AbortController();
      if (closed) return () => undefined;
      timers.add(timer);
      void clock.sleep(ms, timer.signal).then(() => {
        timers.delete(timer);
        if (!timer.signal.aborted) act();
      });
      return () => timer.abort();
    },
    emit: (type, facts) => {
      const event: GithubEvent = { at: clock.now(), type, ...facts };
      history.push(event);
      if (history.length > maxHistory) history.shift();
      for (const listener of listeners) listener(event);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    history,
    close: () => {
      closed = true;
      for (const timer of timers) timer.abort();
      listeners.clear();
    },
  };
}

/** Whether REST shows the runner as busy now: what was true some 25–60 s ago. */
export function shownBusy(runner: Runner, now: EpochMs): boolean {
  return runner.shown.findLast((entry) => entry.from <= now)?.busy ?? false;
}

/** Notes a change of the truth, to be shown later; never before an earlier change. */
export function showBusyLater(world: World, runner: Runner, busy: boolean): void {
  const [low, high] = world.settings.busyLagMs;
  const from = Math.max(world.clock.now() + world.chance.between(low, high), runner.shown.at(-1)?.from ?? 0);
  runner.shown.push({ from, busy });
  while (runner.shown.length > 20) runner.shown.shift();
}

/** A secret of `length` characters out of those that GitHub uses in runner tokens. */
export function secret(world: World, prefix: string, length: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let text = prefix;
  while (text.length < prefix.length + length) text += alphabet[world.chance.between(0, alphabet.length - 1)] ?? "A";
  return text;
}
