// Ctrl-C and SIGTERM: the first asks to stop, the second leaves at once and says what remains.
import type { Clock } from "../../cloud/ports/clock.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Progress } from "./progress.ts";

export interface Interrupts {
  readonly signal: AbortSignal;
  /** Restores the default: the process ends at once. */
  release(): void;
}

const names = ["SIGINT", "SIGTERM"] as const;

/** `first` and `again` print what the user should know; after `again` the process exits with 130. */
export function onInterrupt(first?: () => void, again?: () => void): Interrupts {
  const controller = new AbortController();
  const heard = (): void => {
    if (!controller.signal.aborted) {
      first?.();
      controller.abort();
      return;
    }
    again?.();
    process.exit(exitCodes.cancelled);
  };
  for (const name of names) process.on(name, heard);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of names) process.off(name, heard);
    },
  };
}

interface Interruptible {
  /** The line of progress while it works. */
  readonly waiting: (cancelled: boolean) => string;
  /** What the user should know after the first Ctrl-C, and after the second. */
  readonly first?: () => void;
  readonly again?: () => void;
}

/** Waits for `work`, which a first Ctrl-C asks to stop. */
export async function interruptible<Result>(
  progress: Pick<Progress, "waiting">,
  { waiting, first, again }: Interruptible,
  work: (cancel: AbortSignal) => Promise<Result>,
): Promise<{ readonly result: Result; readonly cancelled: boolean }> {
  const interrupts = onInterrupt(first, again);
  const line = progress.waiting(() => waiting(interrupts.signal.aborted));
  try {
    return { result: await work(interrupts.signal), cancelled: interrupts.signal.aborted };
  } finally {
    line.done();
    interrupts.release();
  }
}

interface Repetition {
  readonly clock: Pick<Clock, "sleep">;
  readonly everyMs: number;
  /** After a look already: called once Ctrl-C ends the repetition and no longer the process, and followed by a pause. */
  readonly begun?: () => void;
  readonly unreached: (problem: string) => void;
}

/** Until Ctrl-C, or until `look` returns true. A short network failure does not end it; a permanent error does. */
export async function repeatedly(
  { clock, everyMs, begun, unreached }: Repetition,
  look: () => Promise<boolean | void>,
): Promise<void> {
  const interrupts = onInterrupt();
  if (begun !== undefined) {
    begun();
    await clock.sleep(everyMs, interrupts.signal);
  }
  while (!interrupts.signal.aborted) {
    try {
      if ((await look()) === true) break;
    } catch (error) {
      if (!(error instanceof OutOfReach)) throw error;
      unreached(error.message);
    }
    await clock.sleep(everyMs, interrupts.signal);
  }
  interrupts.release();
}
