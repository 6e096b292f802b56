// The listener's exit codes one by one (actions/runner: Constants.cs Runner.ReturnCode; run-helper.sh.template).
import { hostLimits } from "./host-limits.ts";
import type { RegisterCause } from "./registration-outcome.ts";

export type AfterExit =
  /** Start it again after a pause of `pauseMs`, or earlier when the update is finished. */
  | { readonly kind: "relaunch"; readonly pauseMs: number; readonly untilUpdated: boolean }
  /** Starting it again mends nothing. */
  | { readonly kind: "give-up"; readonly cause: RegisterCause; readonly why: string };

const relaunch = (pauseMs: number, untilUpdated = false): AfterExit => ({ kind: "relaunch", pauseMs, untilUpdated });

/** What to do after an exit; undefined: the code is not known (killed, or lost with a crash). */
export function afterExit(code: number | undefined): AfterExit {
  switch (code) {
    // Ended in order: told to (TERM, INT), or an update of old; a registered runner is wanted back at once.
    case 0:
      return relaunch(0);
    // Terminated error: one more start is worth it, the words of the next exit say why it stays down.
    case 1:
      return relaunch(0);
    // Retryable error.
    case 2:
      return relaunch(hostLimits.retryPauseMs);
    // Exits for its update; the update's script says `update.finished`.
    case 3:
    case 4:
      return relaunch(hostLimits.updateMs, true);
    // Session conflict: it has tried for four minutes by itself.
    case 5:
      return relaunch(hostLimits.retryPauseMs);
    // Its configuration was refreshed from the server.
    case 6:
      return relaunch(0);
    case 7:
      return { kind: "give-up", cause: "version", why: "GitHub refuses this version of the runner (listener exit 7)" };
    default:
      return relaunch(0);
  }
}
