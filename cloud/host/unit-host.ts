// The host of a real machine: systemd supervises, root's units prepare, enforce the deadline, and power off.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Host, PrepareOutcome } from "../agent-ports.ts";
import type { Clock, Log } from "../ports.ts";
import { writeAtomically } from "./disk-state.ts";
import { hostLimits } from "./host-limits.ts";
import { outcomeOf } from "./pre-runner.ts";
import { freeShare } from "./process-host.ts";
import type { RootRequests } from "./root-requests.ts";
import type { Supervisor } from "./supervisor.ts";

export interface UnitHostOptions {
  readonly stateDirectory: string;
  readonly bootId: string;
  /** Whose free share counts. */
  readonly workDirectory: string;
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
  let armed: number | undefined;
  let told = false;
  return {
    prepare: () => prepare(options),
    report: (status) => options.supervisor.turned(status),
    deadline: async (at) => {
      if (at === armed) return;
      const inMs = at - clock.now();
      const seconds = Math.max(0, Math.ceil((await uptimeMs()) / 1000 + inMs / 1000));
      try {
        await writeAtomically(join(stateDirectory, "deadline"), `${options.bootId} ${seconds}\n`);
      } catch (error) {
        // A job may have filled the disk: the one before stays armed, and the agent goes on, which makes room; tried again at the next turn.
        if (!told) log.event("host.deadline-not-armed", { deadline: at, problem: String(error) });
        told = true;
        return;
      }
      armed = at;
      told = false;
      log.event("host.deadline-armed", { deadline: at, secondsAfterBoot: seconds });
    },
    diskFree: () => freeShare(options.workDirectory),
    powerOff: (reason) => powerOff(options, reason),
  };
}

/** Milliseconds since boot, suspensions included: a clock that nobody can set (proc(5), "/proc/uptime"). */
const uptimeMs = async (): Promise<number> => Number((await readFile("/proc/uptime", "utf8")).split(" ", 1)[0]) * 1000;

/** Root runs the script that it finds in its own folder: the agent says when, never what. */
async function prepare({ requests, log }: UnitHostOptions): Promise<PrepareOutcome> {
  const { code, words } = await requests.ask("prepare", 0, hostLimits.prepareMs + hostLimits.requestMs);
  if (code !== 0) return { kind: "failed", detail: `the pre-runner script could not be run: ${words}` };
  const [first = "", ...lastLines] = words.split("\n");
  log.event("pre-runner.ended", { code: Number(first) });
  return outcomeOf(Number(first), Number(first) === timedOutCode ? hostLimits.prepareMs : undefined, lastLines);
}

async function powerOff({ requests, lastWork, clock, log }: UnitHostOptions, reason: string): Promise<void> {
  const enough = new AbortController();
  await Promise.race([lastWork?.(), clock.sleep(hostLimits.lastWorkMs, enough.signal)]);
  enough.abort();
  log.event("host.powered-off", { reason });
  await requests.ask("power-off", 0, hostLimits.requestMs);
}
