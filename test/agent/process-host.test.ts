// The host as a plain process sees it: the pre-runner script with any content, its outcome kept, the deadline, the disk.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { hostLimits } from "../../agent/machine/host-limits.ts";
import { processHost } from "../../agent/hosts/process/process-host.ts";
import { githubProgram } from "../../agent/runners/github/program.ts";
import { agentHost } from "../../entry/agent/agent-host.ts";
import { parseAgentEnvironment } from "../../entry/agent/agent-environment.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { unitHostOn } from "./on-systemd.ts";

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function machine(preRunnerScript: string, prepareLimitMs = 10_000, bootId = "boot-1", folder?: string) {
  const stateDirectory = folder ?? mkdtempSync(join(tmpdir(), "host-"));
  made.push(stateDirectory);
  const lines: string[] = [];
  const reasons: string[] = [];
  const host = processHost({
    preRunnerScript,
    prepareLimitMs,
    stateDirectory,
    bootId,
    path: process.env["PATH"] ?? "",
    workDirectory: join(stateDirectory, "work"),
    powerOff: (reason) => void reasons.push(reason),
    clock: hostClock,
    log: { event: (name, facts) => void (name === "pre-runner.said" && lines.push(facts.line)) },
  });
  return { host, lines, reasons, stateDirectory };
}
const failed = async (script: string): Promise<string> => {
  const outcome = await machine(script).host.prepare();
  return outcome.kind === "failed" ? outcome.detail : "prepared";
};

test("the boot limit that the environment gives is the pre-runner script's too, in the unit and among processes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "host-"));
  made.push(folder);
  const words: Record<string, string> = {};
  for (const [name, path] of Object.entries({ RUNNER: "r", STATE: "s", WORK: "w", HOOKS: "h" }))
    words[`RUNPOOL_${name}`] = join(folder, path);
  const settings = parseAgentEnvironment({
    ...words,
    RUNPOOL_ENVIRONMENT: "dev",
    RUNPOOL_HOST: "processes",
    RUNPOOL_PATH: process.env["PATH"] ?? "",
    RUNPOOL_BOOT_MS: "400",
  });
  const log = { event: () => undefined };
  const program = githubProgram;
  const { host } = await agentHost({ settings, preRunnerScript: "sleep 600", program, clock: hostClock, log });
  expect(await host.prepare()).toMatchObject({
    kind: "failed",
    detail: expect.stringContaining("after 200 ms") as unknown,
  });
  const asked: number[] = [];
  const onUnits = unitHostOn(folder, {
    prepareLimitMs: 720_000,
    requests: {
      ask: (_verb, _number, withinMs) => {
        asked.push(withinMs);
        return Promise.resolve({ code: 0, words: "124\nlast words" });
      },
    },
  });
  expect(await onUnits.prepare()).toMatchObject({
    kind: "failed",
    detail: expect.stringContaining("after 720000 ms") as unknown,
  });
  expect(asked).toEqual([720_000 + hostLimits.requestMs]);
});

describe("the pre-runner script", () => {
  test("keeps quotes, dollars, backslashes and a line EOF as they are", async () => {
    const { host, lines } = machine(`cat <<'EOF'\n"it's" $HOME \\n \`x\`\nEOF\necho EOF\necho '%s'`);
    expect(await host.prepare()).toEqual({ kind: "prepared" });
    expect(lines).toEqual([`"it's" $HOME \\n \`x\``, "EOF", "%s"]);
  });

  test("works with Windows' line ends, a byte-order mark and no last line end", async () => {
    const { host, lines } = machine("\uFEFF#!/bin/bash\r\nif true; then\r\n  echo good\r\nfi");
    expect(await host.prepare()).toEqual({ kind: "prepared" });
    expect(lines).toEqual(["good"]);
  });

  test("may be in any language that its first line names", async () => {
    const { host, lines } = machine(`#!${process.execPath}\nconsole.log("in " + "JavaScript")`);
    expect(await host.prepare()).toEqual({ kind: "prepared" });
    expect(lines).toEqual(["in JavaScript"]);
  });

  test("may be 100 KB long", async () => {
    const { host, lines } = machine(`${": 'padding padding padding'\n".repeat(4_000)}echo end`);
    expect(await host.prepare()).toEqual({ kind: "prepared" });
    expect(lines).toEqual(["end"]);
  });

  test("may be empty", async () => {
    expect(await machine(" \n").host.prepare()).toEqual({ kind: "prepared" });
  });

  test("fails with its own exit code, a signal counted as shells do", async () => {
    expect(await failed("echo why; exit 3")).toBe("the pre-runner script ended with 3\nwhy");
    expect(await failed("set -e\nfalse\necho never")).toBe("the pre-runner script ended with 1");
    expect(await failed("kill -KILL $$")).toBe("the pre-runner script ended with 137");
  });

  test("fails where its interpreter does not exist", async () => {
    expect(await failed("#!/no/such/interpreter\n")).toMatch(/ended with 127\n.*ENOENT/);
  });

  test("gives the last twenty lines as detail, and every line to the log", async () => {
    const { host, lines } = machine("seq 1 50; exit 1");
    const outcome = await host.prepare();
    expect(outcome.kind === "failed" && outcome.detail.split("\n").slice(1)).toEqual(
      Array.from({ length: 20 }, (_none, index) => String(index + 31)),
    );
    expect(lines).toHaveLength(50);
  });

  test("is stopped with all that it started when it takes too long", async () => {
    const { host } = machine("echo begun; sleep 300 & sleep 300", 300);
    expect(await host.prepare()).toEqual({
      kind: "failed",
      detail: "the pre-runner script was stopped after 300 ms\nbegun",
    });
  });

  test("does not wait for a daemon that it leaves behind", async () => {
    const { host } = machine("sleep 300 & echo left; disown");
    expect(await host.prepare()).toEqual({ kind: "prepared" });
  });

  test("runs once a boot: a second call and a restarted agent get the first outcome", async () => {
    const script = 'echo run >>"$HOME/runs"; exit 4';
    const { host, stateDirectory } = machine(script);
    const first = await host.prepare();
    expect(await host.prepare()).toEqual(first);
    expect(await machine(script, 10_000, "boot-1", stateDirectory).host.prepare()).toEqual(first);
    expect(readFileSync(join(stateDirectory, "runs"), "utf8")).toBe("run\n");
    await machine(script, 10_000, "boot-2", stateDirectory).host.prepare();
    expect(readFileSync(join(stateDirectory, "runs"), "utf8")).toBe("run\nrun\n");
  });

  test("does not see the agent's environment", async () => {
    process.env["AWS_SECRET_ACCESS_KEY"] = "hidden";
    const { host, lines } = machine("env");
    await host.prepare();
    delete process.env["AWS_SECRET_ACCESS_KEY"];
    expect(lines.join("\n")).not.toContain("hidden");
  });
});

describe("the host", () => {
  test("has the deadline on disk in whole seconds, never before the moment meant", async () => {
    const { host, stateDirectory } = machine("");
    await host.deadline(1_700_000_000_001);
    expect(readFileSync(join(stateDirectory, "deadline"), "utf8")).toBe("1700000001\n");
  });

  test("says what share of the work disk is free", async () => {
    const share = await machine("").host.diskFree();
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThanOrEqual(1);
  });

  test("powers off as its caller says", async () => {
    const { host, reasons } = machine("");
    await host.powerOff("retired");
    expect(reasons).toEqual(["retired"]);
  });
});
