// What a person sees: a live view on a terminal, plain lines into a pipe, nothing with --json.
import type { EventName } from "../../domain/events.ts";

export interface Row {
  readonly instance: string;
  readonly type: string;
  readonly market: string;
  readonly state: string;
  readonly run: string;
  readonly signal: string;
}

/** What is needed of a terminal. */
export interface Screen {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

export interface View {
  /** A progress line of a run; the newest replaces the one before. */
  run(runId: string, progress: string): void;
  /** An event, with its facts. */
  event(runId: string, name: EventName, facts: object): void;
  /** The newest state of an instance. */
  instance(row: Row): void;
  /** Prints the final text and ends the live part. */
  close(text: string): void;
}

export const silentView = (): View => ({ run: () => {}, event: () => {}, instance: () => {}, close: () => {} });

/** One line an event, for pipes and logs. */
export function plainView(write: (line: string) => void, now: () => number): View {
  const begun = now();
  const states = new Map<string, string>();
  const line = (who: string, what: string): void =>
    write(`${((now() - begun) / 1000).toFixed(2).padStart(6)}s  ${who.padEnd(9)} ${what}`);
  return {
    run: (runId, progress) => line(runId, progress),
    event: (runId, name, facts) => line(runId, `${name} ${factsOf(facts)}`.trimEnd()),
    instance: ({ instance, state, signal, type }) => {
      const text = `${state}${signal === "" ? "" : `, ${signal}`}`;
      if (states.get(instance) === text) return;
      states.set(instance, text);
      line("instance", `${instance} ${type} ${text}`);
    },
    close: (text) => write(text),
  };
}

const factsOf = (facts: object): string =>
  Object.entries(facts as Readonly<Record<string, unknown>>)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");

const colours: Readonly<Record<string, number>> = {
  created: 33,
  claimed: 36,
  running: 32,
  idle: 34,
  terminating: 35,
  terminated: 90,
};

/** Redraws in place, at most ten times a second; every line fits the terminal's width. */
export function liveView(out: Screen, colour: boolean, every: (ms: number, call: () => void) => () => void): View {
  const rows = new Map<string, Row>();
  const runs = new Map<string, string>();
  let drawn = 0;
  let changed = true;
  const paint = (text: string, code: number): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const draw = (): void => {
    if (!changed) return;
    changed = false;
    const width = Math.max(40, out.columns ?? 80) - 1;
    const fit = (text: string): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text);
    const room = Math.max(4, (out.rows ?? 24) - runs.size - 5);
    const shown = [...rows.values()].slice(-room);
    const lines = [
      paint(fit("  INSTANCE            TYPE          MARKET    STATE       RUN   SIGNAL"), 1),
      ...shown.map(({ instance, type, market, state, run, signal }) => {
        const start = `  ${instance.padEnd(19)} ${type.padEnd(13)} ${market.padEnd(9)} `;
        return fit(`${start}${state.padEnd(11)} ${run.padEnd(5)} ${signal}`).replace(
          state,
          paint(state, colours[state] ?? 0),
        );
      }),
      ...(rows.size > shown.length ? [`  (${rows.size - shown.length} more)`] : []),
      "",
      ...[...runs].map(([run, progress]) => fit(`  ${run.padEnd(8)} ${progress}`)),
    ];
    const up = drawn > 0 ? `\u001b[${drawn}A` : "";
    out.write(`${up}${lines.map((line) => `\u001b[2K${line}`).join("\n")}\n\u001b[J`);
    drawn = lines.length;
  };
  const stop = every(100, draw);
  return {
    run: (runId, progress) => {
      runs.set(runId, progress);
      changed = true;
    },
    event: () => {},
    instance: (row) => {
      rows.set(row.instance, row);
      changed = true;
    },
    close: (text) => {
      stop();
      changed = true;
      draw();
      out.write(`\n${text}\n`);
    },
  };
}
