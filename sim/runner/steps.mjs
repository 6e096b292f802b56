// Runs one script of a job: its lines, its exit code, and how it is stopped (ProcessInvoker.cs: INT, then TERM, then KILL of what is left).
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pause } from "./wire.mjs";

/** How long lines may still come after the process has ended, from children that hold its output open. */
const drainMs = 1_000;

/** Runs `bash -e path`. Answers the exit code; 143 or the like when it was stopped. */
export async function runScript({ path, env, cwd, cancelled, pace, log }) {
  const child = spawn("bash", ["-e", path], { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  const closed = Promise.all(
    [child.stdout, child.stderr].map(
      (stream) => new Promise((resolve) => createInterface(stream).on("line", log).once("close", resolve)),
    ),
  );
  const ended = new Promise((resolve) => {
    child.once("error", () => resolve(127));
    child.once("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === "SIGINT" ? 2 : signal === "SIGTERM" ? 15 : 9)),
    );
  });
  const over = new AbortController();
  const stop = async () => {
    for (const [signal, ms] of [
      ["SIGINT", pace.stepInterruptMs],
      ["SIGTERM", pace.stepTerminateMs],
      ["SIGKILL", 0],
    ]) {
      if (over.signal.aborted) return;
      child.kill(signal);
      await pause(ms, over.signal);
    }
  };
  if (cancelled.aborted) void stop();
  else cancelled.addEventListener("abort", () => void stop(), { once: true });
  const code = await ended;
  over.abort();
  await Promise.race([closed, pause(drainMs)]);
  return code;
}

/** Kills every process that still carries the job's tracking id in its environment, as the real worker does when it finalizes a job. */
export function killOrphans(trackingId, log) {
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${entry}/environ`, "latin1").includes(`RUNNER_TRACKING_ID=${trackingId}\0`)) continue;
      const name = readFileSync(`/proc/${entry}/comm`, "utf8").trim();
      process.kill(pid, "SIGKILL");
      log(`Terminate orphan process: pid (${pid}) (${name})`);
    } catch {
      // Gone meanwhile, or another user's.
    }
  }
}

/** `NAME=value` and `NAME<<END` blocks of a file command (GITHUB_ENV, GITHUB_OUTPUT). */
export function readAssignments(text) {
  const found = {};
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const [, name, end] = /^([^=<]+)<<(.+)$/.exec(lines[i]) ?? [];
    const at = lines[i].indexOf("=");
    if (name !== undefined) {
      const from = i + 1;
      while (i + 1 < lines.length && lines[i + 1] !== end) i++;
      found[name] = lines.slice(from, i + 1).join("\n");
      i++;
    } else if (at > 0) found[lines[i].slice(0, at)] = lines[i].slice(at + 1);
  }
  return found;
}
