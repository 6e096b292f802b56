// Progress on stderr: one line per event, and on a terminal a status line with what is awaited and for how long.
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { messageOf, stillAt } from "../words/progress-words.ts";
import { plain, type Sink } from "../words/terminal.ts";

export interface Progress extends Log {
  note(line: string): void;
  warn(line: string): void;
  /** From now on this is waited for; `done` ends it. */
  waiting(what: () => string): { done(): void };
}

/** The status line appears after this; quicker operations need none. */
const patienceMs = 2_000;
const redrawMs = 1_000;
/** Without a terminal, how often the log shows that it is still waiting. */
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
      const message = messageOf(...event);
      if (message === undefined) return;
      if (message.warns) warn(message.line);
      else line(message.line);
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
