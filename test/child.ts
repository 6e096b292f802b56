// A child process that a test listens to: its output so far, what it says next, how it ends.
import type { ChildProcess } from "node:child_process";

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Heard {
  readonly ended: Promise<Ended>;
  /** Waits for something while the child runs; rejects with its output if it ends first. */
  readonly during: (what: Promise<void>) => Promise<void>;
  /** Resolves once stdout or stderr contains this; rejects with its output if it ends first. */
  readonly says: (words: RegExp) => Promise<void>;
  /** Its stderr so far. */
  readonly err: () => string;
}

/** `child` has pipes for stdout and stderr. */
export function hear(child: ChildProcess): Heard {
  let [out, err] = ["", ""];
  const listeners = new Set<() => void>();
  const heard = (): void => listeners.forEach((listener) => listener());
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    heard();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    heard();
  });
  const ended = new Promise<Ended>((done) => child.once("close", (code) => done({ code, out, err })));
  const during = (what: Promise<void>): Promise<void> =>
    Promise.race([what, ended.then(({ code }) => Promise.reject(new Error(`it ended with ${code}: ${out}${err}`)))]);
  const says = (words: RegExp): Promise<void> =>
    during(
      new Promise((resolve) => {
        const listen = (): void => {
          if (!words.test(out) && !words.test(err)) return;
          listeners.delete(listen);
          resolve();
        };
        listeners.add(listen);
        listen();
      }),
    );
  return { ended, during, says, err: () => err };
}
