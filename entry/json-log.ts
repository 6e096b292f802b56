// One JSON line an event, for the journal.
import type { Clock } from "../cloud/ports/clock.ts";
import type { Log } from "../cloud/ports/log.ts";
import type { EventName } from "../domain/events.ts";

/** journald breaks a line at 48 KiB (journald.conf(5), "LineMax="): a broken line is not JSON, so long texts are truncated. */
const lineMost = 40_000;
const textMost = 1_000;
const lineOf = (facts: Readonly<Record<string, unknown>>): string => {
  const line = JSON.stringify(facts);
  if (Buffer.byteLength(line) <= lineMost) return line;
  const shown = (_: string, value: unknown): unknown =>
    typeof value === "string" && value.length > textMost ? `${value.slice(0, textMost)}…` : value;
  return JSON.stringify(facts, shown);
};

/** Writes an event as a line; `always`: facts of every one, such as the instance. */
export const jsonLines =
  (
    clock: Pick<Clock, "now">,
    always: Readonly<Record<string, unknown>>,
    write: (line: string) => void = (line) => void process.stdout.write(line),
  ) =>
  (name: EventName, facts: object): void =>
    write(`${lineOf({ at: new Date(clock.now()).toISOString(), event: name, ...always, ...facts })}\n`);

export const jsonLog = (...how: Parameters<typeof jsonLines>): Log => ({ event: jsonLines(...how) });
