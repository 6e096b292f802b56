// The host of a real machine: systemd supervises, root's units prepare, enforce the deadline, and power off.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Host, PrepareOutcome } from "../../../cloud/ports/host.ts";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import { readText, writeAtomically } from "../../machine/disk-state.ts";
import { hostLimits } from "../../machine/host-limits.ts";
import { outcomeOf } from "../pre-runner.ts";
import { freeShare } from "../process/process-host.ts";
import type { RootRequests } from "./root-requests.ts";
import type { Supervisor } from "./supervisor.ts";

export interface UnitHostOptions {
  readonly stateDirectory: string;
  readonly bootId: string;
  /** Whose free share counts. */
  readonly workDirectory: string;
  /** What the pre-runner script's unit has as its limit. */
  readonly prepareLimitMs: number;
  readonly requests: RootRequests;
  readonly supervisor: Supervisor;
  /** What is still to be done before power goes; it gets `hostLimits.lastWorkMs`. */
  readonly lastWork?: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** prepare.sh says this for a script that systemd stopped at `TimeoutStartSec`. */
const timedOutCode = 124;

export function unitHost(options: UnitHostOptions): Host {
  const { stateDirectory, clock, log } = options;
  /** Seconds after boot, as they stand on disk. */
  let armed: number | undefined;
  let reported = false;
  const file = join(stateDirectory, "deadline");
  return {
    prepare: () => prepare(options),
    report: (status) => options.supervisor.turned(status),
    deadline: async (at) => {
      const seconds = Math.min(never, Math.max(0, Math.ceil(((await uptimeMs()) + at - clock.now()) / 1000)));
      // Counted anew at each turn, so that it follows a clock that was corrected; a second more or less is rounding.
      if (armed !== undefined && Math.abs(seconds - armed) <= 1) return;
      try {
        await writeAtomically(file, `${options.bootId} ${seconds}\n`);
      } catch (error) {
        // A job may have filled the disk: the one before stays armed, and the agent runs on, which makes room; tried again at the next turn.
        if (!reported) log.event("host.deadline-not-armed", { deadline: at, problem: String(error) });
        reported = true;
        return;
      }
      armed = seconds;
      reported = false;
      log.event("host.deadline-armed", { deadline: at, secondsAfterBoot: seconds });
    },
    left: async () => {
      const [boot, seconds = ""] = ((await readText(file).catch(() => "")) ?? "").trim().split(" ");
      if (boot !== options.bootId || !/^\d{1,12}$/.test(seconds)) return undefined;
      armed = Number(seconds);
      return armed * 1000 - (await uptimeMs());
    },
    diskFree: () => freeShare(options.workDirectory),
    powerOff: (reason) => powerOff(options, reason),
  };
}

/** Seconds after boot that no machine sees: the most that enforce-deadline.sh reads. */
const never = 999_999_999_999;

/** Milliseconds since boot, suspensions included: a clock that nobody can set (proc(5), "/proc/uptime"). */
const uptimeMs = async (): Promise<number> => Number((await readFile("/proc/uptime", "utf8")).split(" ", 1)[0]) * 1000;

/** Root runs the script that it finds in its own folder: the agent says when, never what. */
async function prepare({ requests, prepareLimitMs, log }: UnitHostOptions): Promise<PrepareOutcome> {
  const { code, words } = await requests.ask("prepare", 0, prepareLimitMs + hostLimits.requestMs);
  if (code !== 0) return { kind: "failed", detail: `the pre-runner script could not be run: ${words}` };
  const [first = "", ...lastLines] = words.split("\n");
  if (!/^\d+$/.test(first)) return { kind: "failed", detail: "the outcome of the pre-runner script was cut short" };
  log.event("pre-runner.ended", { code: Number(first) });
  return outcomeOf(Number(first), Number(first) === timedOutCode ? prepareLimitMs : undefined, lastLines);
}

async function powerOff({ requests, lastWork, clock, log }: UnitHostOptions, reason: string): Promise<void> {
  const enough = new AbortController();
  await Promise.race([lastWork?.(), clock.sleep(hostLimits.lastWorkMs, enough.signal)]);
  enough.abort();
  log.event("host.powered-off", { reason });
  await requests.ask("power-off", 0, hostLimits.requestMs);
}
