// systemd's notifications: ready once, a status for people, and the watchdog's keep-alive, sent by the turns of the main loop.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import notify from "systemd-notify";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import { hostLimits } from "../../machine/host-limits.ts";

export interface Supervisor {
  /** One turn of the main loop. */
  turned(status: string): Promise<void>;
}

const run = promisify(execFile);

/**
 * sd_notify(3) by its binary, which the npm package spawns; that one does not know WATCHDOG=1, so this spawns the same binary. A
 * notice that fails is logged and not an error: without keep-alives systemd restarts the agent, which is then right.
 */
export function systemdSupervisor(clock: Clock, log: Log): Supervisor {
  let said: string | undefined;
  let aliveAt = Number.NEGATIVE_INFINITY;
  return {
    turned: async (status) => {
      try {
        if (said !== status) await notify(said === undefined ? { ready: true, status } : { status });
        said = status;
        if (clock.now() - aliveAt < hostLimits.keepAliveMs) return;
        await run("systemd-notify", ["WATCHDOG=1"]);
        aliveAt = clock.now();
      } catch (error) {
        log.event("agent.notice-failed", { problem: String(error) });
      }
    },
  };
}
