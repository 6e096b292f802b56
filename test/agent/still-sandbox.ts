// A sandbox in which nothing happens: it shows what the test says.
import type { Sandbox, SandboxSeen } from "../../cloud/ports/sandbox.ts";

const nothing: SandboxSeen = {
  listener: "none",
  frozen: false,
  processes: [],
  log: "",
  quietMs: Number.POSITIVE_INFINITY,
  jobs: "",
};
/** A job's worker. */
export const worker = { pid: 9, parent: 8, names: ["Runner.Worker"] } as const;

export function stillSandbox(seen: () => Partial<SandboxSeen>, changes: Partial<Sandbox> = {}): Sandbox {
  const done = () => Promise.resolve();
  const look = () => Promise.resolve({ ...nothing, ...seen() });
  return {
    lay: done,
    put: done,
    run: () => Promise.resolve({ code: 0, timedOut: false, lastLines: [], files: {} }),
    start: done,
    look,
    freeze: look,
    thaw: done,
    killFrozen: () => Promise.resolve("killed"),
    kill: done,
    destroy: done,
    awaitFile: done,
    workFolder: (assignment) => `/${assignment}/work`,
    settled: done,
    ...changes,
  };
}
