// The listener's exit codes one by one: Constants.cs:164-177 (Runner.ReturnCode), and what run-helper.sh.template:52-95 makes of them.
// Lines are those of the fork of actions/runner that registration-outcome.ts names.
import type { FailureCause } from "../../../domain/record.ts";
import { runnerLimits } from "./runner-limits.ts";

export type AfterExit =
  /** Start it again after a pause of `pauseMs`, or earlier when the update is finished. */
  | { readonly kind: "relaunch"; readonly pauseMs: number; readonly untilUpdated: boolean }
  /** Starting it again mends nothing. */
  | { readonly kind: "give-up"; readonly cause: FailureCause; readonly why: string };

const relaunch = (pauseMs: number, untilUpdated = false): AfterExit => ({ kind: "relaunch", pauseMs, untilUpdated });

/** What to do after an exit; undefined: the code is not known (killed, or lost with a crash). */
export function afterExit(code: number | undefined): AfterExit {
  switch (code) {
    // Ended in order: told to (TERM, INT: Program.cs:143-147), or its token at GitHub was revoked (Runner.cs, RunAsync); a registered runner
    // is wanted back at once. run.sh leaves it (52-54). One made for a single job ends so after that: the agent does not resume it.
    case 0:
      return relaunch(0);
    // Terminated error (run.sh leaves it, 58-60): one more start is worth it, the words of the next exit say why it stays down. So where its
    // registration was deleted under it (Program.cs:162-167): the next start is told so (BrokerMessageListener.cs:204), which is hopeless.
    case 1:
      return relaunch(0);
    // Retryable error (Program.cs:168-173); run.sh pauses as long (61-64).
    case 2:
      return relaunch(runnerLimits.retryPauseMs);
    // Exits for its update; the update's script says `update.finished`, for which run.sh waits (65-88).
    case 3:
    case 4:
      return relaunch(runnerLimits.updateMs, true);
    // Session conflict: it has tried for four minutes by itself (BrokerMessageListener.cs:51); run.sh leaves it (89-91).
    case 5:
      return relaunch(runnerLimits.retryPauseMs);
    // Its configuration was refreshed from the server; it starts again within its own process (Runner.cs, ExecuteRunnerAsync).
    case 6:
      return relaunch(0);
    // Too old (Program.cs:156-161 and 176-184); run.sh passes it on where that is asked for (55-57).
    case 7:
      return { kind: "give-up", cause: "version", why: "GitHub refuses this version of the runner (listener exit 7)" };
    default:
      return relaunch(0);
  }
}
