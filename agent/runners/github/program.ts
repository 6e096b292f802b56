// What GitHub's runner consists of, and which of its processes is a job.
import type { Program, SandboxProcess } from "../../../cloud/ports/sandbox.ts";

const listener = "Runner.Listener";
const worker = "Runner.Worker";

/** `path`: what its jobs get for PATH. Both files are there, so that `config.sh` writes none of its own. */
export const githubProgram = (distribution: string, path: string): Program => ({
  distribution,
  listener: [`bin/${listener}`, "run"],
  files: { ".env": "", ".path": path },
});

/** A worker lives. */
export const hasWorker = (processes: readonly SandboxProcess[]): boolean =>
  processes.some(({ names }) => names.includes(worker));

/** A job runs: there is a worker, or the listener is just bringing one forth. */
export function hasJob(processes: readonly SandboxProcess[]): boolean {
  const listeners = new Set(processes.filter(({ names }) => names.includes(listener)).map(({ pid }) => pid));
  return hasWorker(processes) || processes.some(({ parent }) => listeners.has(parent));
}
