// The environment's own words in the world (configuration, pause, counters), and the port `Settings` on them.
import type { Brake } from "../../domain/brake.ts";
import { merge, type Defaults, type Overlay } from "../../domain/configuration.ts";
import type { Unknown } from "../../cloud/ports/outcomes.ts";
import {
  Unconfigured,
  type Counter,
  type LoadedSettings,
  type Reservation,
  type Settings,
} from "../../cloud/ports/settings.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

export interface Words {
  defaults: Defaults | undefined;
  overlay: Overlay;
  paused: LoadedSettings["paused"];
  brakes: readonly Brake[];
  readonly counters: Map<string, number>;
  /** Places ever reserved, by scope. */
  readonly reserved: Map<string, number>;
  /** Called when a counter changes. */
  readonly watchers: Set<() => void>;
}

export const wordsOf = (defaults: Defaults | undefined): Words => ({
  defaults,
  overlay: {},
  paused: undefined,
  brakes: [],
  counters: new Map(),
  reserved: new Map(),
  watchers: new Set(),
});

/** The stored overlay with what differs between the other two. */
function changed(stored: Overlay, overlay: Overlay, seen: Overlay): Overlay {
  const next: Record<string, unknown> = { ...stored };
  for (const name of Object.keys({ ...seen, ...overlay }) as (keyof Overlay)[]) {
    if (JSON.stringify(overlay[name]) === JSON.stringify(seen[name])) continue;
    if (overlay[name] === undefined) delete next[name];
    else next[name] = overlay[name];
  }
  return next;
}

export function settingsPort({ words, time, checks, around }: State, process: Process): Settings {
  const { counters, reserved } = words;
  const call = <T>(what: string, kind: "read" | "write" | "once", apply: () => T): Promise<T> =>
    process.ask(`settings.${what}`, kind, apply);
  const set = (scope: string, count: number): void => {
    time.note(`counter ${scope} ${count}`);
    around.heard(process.name, "world.counted", { scope, count });
    counters.set(scope, count);
    for (const heard of words.watchers) heard();
    checks.counted(scope);
  };
  const counterOf = (scope: string): Counter | undefined => {
    const count = counters.get(scope);
    return count === undefined ? undefined : { count, reserved: reserved.get(scope) ?? 0 };
  };
  let full = false;
  /** Asked again and again at the maximum, it answers late, as a slow network may: it saves thousands of events a world. */
  const patient = async (): Promise<void> => {
    if (full)
      await process.wait<void>((done) => {
        const end = (): void => {
          timer.cancel();
          words.watchers.delete(end);
          done();
        };
        const timer = time.after(process.chance.between(1_000, 25_000), `${process.name} asks again`, end);
        words.watchers.add(end);
      });
  };
  return {
    load: () =>
      call("load", "read", () => {
        const { defaults, overlay, paused, brakes } = words;
        if (defaults === undefined) throw new Unconfigured("no configuration: deploy the stack");
        const configuration = merge(defaults, overlay);
        return {
          configuration,
          defaults,
          overlay,
          ...(brakes.length === 0 ? {} : { brakes }),
          ...(paused === undefined ? {} : { paused }),
        };
      }),
    writeOverlay: (overlay, seen) =>
      call("writeOverlay", "write", () => {
        words.overlay = seen === undefined ? overlay : changed(words.overlay, overlay, seen);
      }),
    writeBrakes: (brakes) => call("writeBrakes", "write", () => void (words.brakes = brakes)),
    // All that changes a counter is a transaction with a client token: a retry never counts twice.
    reserve: async (count, scopes) => {
      await patient();
      return await process.call<Reservation | Unknown>({
        what: "settings.reserve",
        kind: "once",
        apply: () => {
          const first = scopes.find(({ name, maximum }) => (counters.get(name) ?? 0) + count > maximum);
          full = first !== undefined;
          if (first !== undefined) return { kind: "full", scope: first.name };
          for (const { name } of scopes) {
            reserved.set(name, (reserved.get(name) ?? 0) + count);
            set(name, (counters.get(name) ?? 0) + count);
          }
          return { kind: "reserved" };
        },
        lost: (problem) => ({ kind: "unknown", problem }),
      });
    },
    free: (count, scopes) =>
      call("free", "once", () => {
        for (const scope of scopes) set(scope, Math.max(0, (counters.get(scope) ?? 0) - count));
      }),
    recount: (scope, seen, counted) =>
      call("recount", "once", () => {
        const now = counterOf(scope);
        if (now?.count === seen?.count && now?.reserved === seen?.reserved) set(scope, counted);
      }),
    counter: (scope) => call("counter", "read", () => counterOf(scope)),
  };
}
