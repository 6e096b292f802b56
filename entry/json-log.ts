// One JSON line an event, for the journal.
import type { Clock, Log } from "../cloud/ports.ts";

/** `always`: facts of every line, such as the instance. */
export const jsonLog = (
  clock: Pick<Clock, "now">,
  always: Readonly<Record<string, unknown>>,
  write: (line: string) => void = (line) => void process.stdout.write(line),
): Log => ({
  event: (name, facts) =>
    write(`${JSON.stringify({ at: new Date(clock.now()).toISOString(), event: name, ...always, ...facts })}\n`),
});
