// The environment's own words in the world (configuration, pause, counters), and the port `Settings` on them.
import { merge, type Defaults, type Overlay } from "../../../domain/configuration.ts";
import {
  OutOfReach,
  Unconfigured,
  type LoadedSettings,
  type Reservation,
  type Settings,
  type Unknown,
} from "../../ports.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

export interface Words {
  defaults: Defaults | undefined;
  overlay: Overlay;
  paused: LoadedSettings["paused"];
  readonly counters: Map<string, number>;
}

export const wordsOf = (defaults: Defaults | undefined): Words => ({
  defaults,
  overlay: {},
  paused: undefined,
  counters: new Map(),
});

const outOfReach = (problem: string): never => {
  throw new OutOfReach(problem);
};

export function settingsPort({ words, time }: State, process: Process): Settings {
  const { counters } = words;
  const call = <T>(what: string, kind: "read" | "write" | "once", apply: () => T): Promise<T> =>
    process.call({ what: `settings.${what}`, kind, apply, lost: outOfReach });
  const set = (scope: string, count: number): void => {
    time.note(`counter ${scope} ${count}`);
    counters.set(scope, count);
  };
  return {
    load: () =>
      call("load", "read", () => {
        const { defaults, overlay, paused } = words;
        if (defaults === undefined) throw new Unconfigured("no configuration: deploy the stack");
        const configuration = merge(defaults, overlay);
        return { configuration, defaults, overlay, ...(paused === undefined ? {} : { paused }) };
      }),
    writeOverlay: (overlay) =>
      call("writeOverlay", "write", () => {
        words.overlay = overlay;
      }),
    // Reserving and freeing are transactions with a client token: a retry never counts twice.
    reserve: (count, scopes) =>
      process.call<Reservation | Unknown>({
        what: "settings.reserve",
        kind: "once",
        apply: () => {
          const full = scopes.find(({ name, maximum }) => (counters.get(name) ?? 0) + count > maximum);
          if (full !== undefined) return { kind: "full", scope: full.name };
          for (const { name } of scopes) set(name, (counters.get(name) ?? 0) + count);
          return { kind: "reserved" };
        },
        lost: (problem) => ({ kind: "unknown", problem }),
      }),
    free: (count, scopes) =>
      call("free", "once", () => {
        for (const scope of scopes) set(scope, Math.max(0, (counters.get(scope) ?? 0) - count));
      }),
    recount: (scope, seen, counted) =>
      call("recount", "write", () => {
        if (counters.get(scope) === seen) set(scope, counted);
      }),
    counter: (scope) => call("counter", "read", () => counters.get(scope)),
  };
}
