// Ctrl-C and SIGTERM: the first asks to stop, the second leaves at once and says what remains.
import { exitCodes } from "./exit-codes.ts";

export interface Interrupts {
  readonly signal: AbortSignal;
  /** The default, an end at once, is in force again. */
  release(): void;
}

const names = ["SIGINT", "SIGTERM"] as const;

/** `first` and `again` write what a person is to know; after `again` the process ends with 130. */
export function onInterrupt(first: () => void, again: () => void): Interrupts {
  const controller = new AbortController();
  const heard = (): void => {
    if (!controller.signal.aborted) {
      first();
      controller.abort();
      return;
    }
    again();
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
