// Progress on stderr: one line an event; on a terminal also one line below that says what is waited for, and how long.
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { say, stillAt } from "../words/progress-words.ts";
import { plain, type Sink } from "../words/terminal.ts";

export interface Progress extends Log {
  note(line: string): void;
  warn(line: string): void;
  /** From now on this is waited for; `done` ends it. */
  waiting(what: () => string): { done(): void };
}

/** The standing line begins after this: what is quicker needs no explanation. */
const patienceMs = 2_000;
const redrawMs = 1_000;
/** Where there is no terminal, a sign of life in a log. */
const signOfLifeMs = 30_000;

const clearLine = "\r\u001b[K";

export function progress(err: Sink, clock: Pick<Clock, "now">, quiet: boolean): Progress {
  let standing = "";
  const erase = (): void => {
    if (standing !== "") err.write(clearLine);
  };
  const stand = (line: string): void => {
    erase();
    standing = line.slice(0, Math.max(0, (err.columns() ?? 80) - 1));
    if (standing !== "") err.write(err.paint("dim", standing));
  };
  const line = (text: string): void => {
    if (quiet) return;
    erase();
    err.write(`${plain(text)}\n`);
    if (standing !== "") err.write(err.paint("dim", standing));
  };
  const warn = (text: string): void => line(`${err.paint("yellow", "warning:")} ${text}`);
  return {
    note: line,
    warn,
    event: (...event) => {
      const said = say(...event);
      if (said === undefined) return;
      if (said.warns) warn(said.line);
      else line(said.line);
    },
    waiting: (what) => {
      const since = clock.now();
      const tick = (): void => {
        const waited = clock.now() - since;
        if (!err.terminal) line(stillAt(what(), waited));
        else if (waited >= patienceMs) stand(stillAt(what(), waited));
      };
      const timer = quiet ? undefined : setInterval(tick, err.terminal ? redrawMs : signOfLifeMs);
      timer?.unref();
      return {
        done: () => {
          clearInterval(timer);
          stand("");
        },
      };
    },
  };
}
