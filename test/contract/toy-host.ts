// A toy host: a sandbox in memory, in which a pretence of GitHub's runner lives. No process and no file is behind it.
import { startMark, type Sandbox, type SandboxProcess, type SandboxSeen } from "../../cloud/ports/sandbox.ts";
import { hostClock } from "../../entry/host-clock.ts";
import type { RunnerJob } from "./runner-contract.ts";

interface Place {
  listener: SandboxSeen["listener"];
  frozen: boolean;
  log: string;
  working: boolean;
}

export interface MemoryHost {
  readonly sandbox: Sandbox;
  /** A job for the runner of that assignment. */
  job(assignment: number): RunnerJob;
  /** Whether it is registered now. */
  registered(): boolean;
}

const listenerProcess: SandboxProcess = { pid: 10, parent: 1, names: ["Runner.Listener"] };
const workerProcess: SandboxProcess = { pid: 11, parent: 10, names: ["Runner.Worker"] };

export function memoryHost(): MemoryHost {
  const places = new Map<number, Place>();
  let registered = false;
  const placeOf = (n: number): Place => places.get(n) ?? { listener: "none", frozen: false, log: "", working: false };
  const change = (n: number, changes: Partial<Place>): void => void places.set(n, { ...placeOf(n), ...changes });
  const look = async (n: number): Promise<SandboxSeen> => {
    const { listener, frozen, log, working } = placeOf(n);
    const processes = listener === "running" ? [listenerProcess, ...(working ? [workerProcess] : [])] : [];
    return { listener, frozen, processes, log, quietMs: Number.POSITIVE_INFINITY, jobs: "" };
  };
  const kill = async (n: number): Promise<void> => {
    if (placeOf(n).listener === "running") change(n, { listener: "exited", frozen: false, working: false });
  };
  const sandbox: Sandbox = {
    lay: async (n) => void places.set(n, { listener: "none", frozen: false, log: "", working: false }),
    put: async () => undefined,
    run: async (_desk, { arguments: words }) => {
      registered = words[0] !== "remove";
      return { code: 0, timedOut: false, lastLines: [], files: { ".runner": "{}" } };
    },
    start: async (n) => {
      if (placeOf(n).listener === "running") return;
      change(n, {
        listener: "running",
        log: `${placeOf(n).log}${startMark}\n2026-01-05 12:00:00Z: Listening for Jobs\n`,
      });
    },
    look,
    freeze: async (n) => {
      if (placeOf(n).listener === "running") change(n, { frozen: true });
      return await look(n);
    },
    thaw: async (n) => change(n, { frozen: false }),
    killFrozen: async (n) => {
      const { listener, frozen } = placeOf(n);
      if (listener === "running" && !frozen) return "thawed";
      await kill(n);
      return "killed";
    },
    kill,
    destroy: async (n) => void places.delete(n),
    awaitFile: async () => undefined,
    workFolder: (n) => `/${n}/work`,
    settled: async () => undefined,
  };
  return {
    sandbox,
    registered: () => registered,
    job: (n) => {
      const free = async (): Promise<void> => {
        while (placeOf(n).listener !== "running" || placeOf(n).frozen) await hostClock.sleep(5);
      };
      const begun = free().then(() =>
        change(n, { working: true, log: `${placeOf(n).log}2026-01-05 12:01:00Z: Running job: build\n` }),
      );
      return {
        begun,
        end: async () => {
          await begun;
          if (!placeOf(n).working) return "lost";
          change(n, { working: false });
          return "success";
        },
      };
    },
  };
}
