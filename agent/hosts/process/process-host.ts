// The host as a plain process sees it: no supervisor, no root; powering off is what the caller says it is.
import { mkdir, readFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../../../cloud/ports/host.ts";
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import { readText, writeAtomically } from "../../machine/disk-state.ts";
import { prepareOnce } from "../pre-runner.ts";

export interface ProcessHostOptions {
  readonly preRunnerScript: string;
  readonly prepareLimitMs: number;
  readonly stateDirectory: string;
  readonly bootId: string;
  /** PATH of the pre-runner script, which inherits nothing from the agent. */
  readonly path: string;
  /** Whose free share counts. */
  readonly workDirectory: string;
  /** Ends the machine: a process's exit on a laptop. */
  readonly powerOff: (reason: string) => Promise<void> | void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The free share of the folder's disk, 0..1, for those who are not root. */
export async function freeShare(folder: string): Promise<number> {
  const { bavail, blocks } = await statfs(folder);
  return blocks === 0 ? 1 : bavail / blocks;
}

/** This boot's id; "" where the system has none to tell. */
export const readBootId = async (): Promise<string> =>
  (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();

export function processHost(options: ProcessHostOptions): Host {
  const { stateDirectory, bootId, path, clock, log } = options;
  let status = "";
  let armed: number | undefined;
  /** Holds epoch seconds. */
  const deadlineFile = join(stateDirectory, "deadline");
  return {
    prepare: () =>
      prepareOnce(
        {
          script: options.preRunnerScript,
          stateDirectory,
          bootId,
          environment: { PATH: path, HOME: stateDirectory, LANG: "C.UTF-8" },
          limitMs: options.prepareLimitMs,
        },
        clock,
        log,
      ),
    report: (text) => {
      if (text !== status) log.event("agent.status", { status: text });
      status = text;
      return Promise.resolve();
    },
    deadline: async (at) => {
      if (at === armed) return;
      // Rounded up, so that the agent's own end comes first.
      await writeAtomically(deadlineFile, `${Math.ceil(at / 1000)}\n`, 0o644);
      armed = at;
    },
    left: async () => {
      const seconds = await readText(deadlineFile);
      return seconds === undefined || !/^\d+\n$/.test(seconds) ? undefined : Number(seconds) * 1000 - clock.now();
    },
    diskFree: async () => {
      await mkdir(options.workDirectory, { recursive: true });
      return await freeShare(options.workDirectory);
    },
    powerOff: async (reason) => {
      log.event("host.powered-off", { reason });
      await options.powerOff(reason);
    },
  };
}
