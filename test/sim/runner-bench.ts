// What the tests of the runner stand-in share: a GitHub stand-in with an owner's token, runner folders, child processes.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Octokit } from "@octokit/core";
import { chance } from "../../sim/chance.ts";
import { openGithub } from "../../sim/github/github.ts";
import type { GithubStandIn } from "../../sim/github/github.ts";
import type { GithubSettings } from "../../sim/github/settings.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { installRunnerStandIn } from "../../sim/runner/install.ts";
import type { RunnerStandInOptions } from "../../sim/runner/install.ts";
import { hear, type Ended } from "../child.ts";

const pat = "ghp_testtokenofanowner";
export const repo = { owner: "octo", repo: "app" };

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

export interface Bench {
  readonly github: GithubStandIn;
  readonly octokit: Octokit;
  readonly url: string;
  /** Moves GitHub's clock forward; waits are not shortened. */
  skip(ms: number): void;
  /** A fresh runner folder. */
  folder(options?: RunnerStandInOptions): string;
  /** Starts a program of the folder; ended at the latest with the bench. */
  start(folder: string, program: string, args?: readonly string[], env?: Readonly<Record<string, string>>): Started;
  token(use?: "registration" | "remove"): Promise<string>;
  /** Configures the folder, and fails unless that worked. */
  configured(folder: string, ...args: readonly string[]): Promise<void>;
  /** Configures and starts a listener, and waits until it is online. */
  listening(
    name: string,
    labels: string,
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<Started & { folder: string }>;
  close(): Promise<void>;
}

/** Quick paces for tests that wait for the stand-in's own waits. */
export const quickPace = {
  registrationRetryMs: [5, 10],
  sessionRetryMs: 50,
  sessionConflictMs: 150,
  pollRetryMs: [20, 40],
  stepInterruptMs: 100,
  stepTerminateMs: 100,
} as const;

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
};

export async function openBench(settings: Partial<GithubSettings> = {}): Promise<Bench> {
  let skipped = 0;
  const github = await openGithub({
    clock: { now: () => hostClock.now() + skipped, sleep: (ms, wake) => hostClock.sleep(ms, wake) },
    chance: chance("runner-test"),
    pats: [{ token: pat, scopes: ["repo", "admin:org"] }],
    settings: { removalMs: [1, 5], disconnectMs: 1_000, ...settings },
  });
  const octokit = new Octokit({ auth: pat, baseUrl: github.url });
  const folders: string[] = [];
  const children: ChildProcess[] = [];
  const url = `${github.url}/${repo.owner}/${repo.repo}`;
  const start: Bench["start"] = (folder, program, args = [], env = {}) => {
    const child = spawn(join(folder, program), args, {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: folder, RUNNER_ALLOW_RUNASROOT: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that closing the bench ends whatever it started.
      detached: true,
    });
    children.push(child);
    const { ended } = hear(child);
    return { child, pid: child.pid ?? 0, ended };
  };
  const token: Bench["token"] = async (use = "registration") => {
    const { data } = await octokit.request(`POST /repos/{owner}/{repo}/actions/runners/${use}-token`, repo);
    return (data as { token: string }).token;
  };
  const folder: Bench["folder"] = (options) => {
    const made = mkdtempSync(join(tmpdir(), "runner-stand-in-"));
    folders.push(made);
    installRunnerStandIn(made, { pace: quickPace, ...options });
    return made;
  };
  const configured: Bench["configured"] = async (where, ...args) => {
    const ended = await start(where, "config.sh", ["--unattended", "--url", url, "--token", await token(), ...args])
      .ended;
    if (ended.code !== 0) throw new Error(`config.sh: ${ended.code}\n${ended.out}\n${ended.err}`);
  };
  return {
    github,
    octokit,
    url,
    skip: (ms) => {
      skipped += ms;
    },
    folder,
    start,
    token,
    configured,
    listening: async (name, labels, args = [], env = {}) => {
      const made = folder();
      await configured(made, "--name", name, "--labels", labels, "--no-default-labels", ...args);
      const online = github.happened("runner.online", (event) => event.runner?.name === name);
      const started = start(made, "bin/Runner.Listener", ["run"], env);
      await online;
      return { ...started, folder: made };
    },
    close: async () => {
      const running = children.filter((child) => child.exitCode === null && child.signalCode === null);
      const ended = running.map((child) => new Promise((resolve) => child.once("exit", resolve)));
      for (const child of children) killGroup(child.pid ?? 0);
      await Promise.all(ended);
      await github.close();
      for (const made of folders) rmSync(made, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}
