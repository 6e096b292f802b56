// The host as a plain process sees it: the pre-runner script with any content, its outcome kept, the deadline, the disk.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { hostLimits } from "../../agent/machine/host-limits.ts";
import { outcomeOf } from "../../agent/hosts/pre-runner.ts";
import { processHost } from "../../agent/hosts/process/process-host.ts";
import { githubProgram } from "../../agent/runners/github/program.ts";
import { agentHost } from "../../entry/agent/agent-host.ts";
import { parseAgentEnvironment } from "../../entry/agent/agent-environment.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { preRunnerCases } from "../contract/pre-runner-cases.ts";
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
  test.each(preRunnerCases)(
    "$name: its own exit code and its own last lines; all that it says is logged",
    async ({ script, code, lastLines, said = lastLines.length }) => {
      const limitMs = code === 124 ? 300 : 10_000;
      const { host, lines } = machine(script, limitMs);
      expect(await host.prepare()).toEqual(outcomeOf(code, code === 124 ? limitMs : undefined, lastLines));
      expect([lines.length, lines.slice(-20)]).toEqual([said, lastLines]);
    },
  );

  test("may be in any language that its first line names", async () => {
    const { host, lines } = machine(`#!${process.execPath}\nconsole.log("in " + "JavaScript")`);
    expect(await host.prepare()).toEqual({ kind: "prepared" });
    expect(lines).toEqual(["in JavaScript"]);
  });

  test("fails where its interpreter does not exist", async () => {
    const detail = expect.stringMatching(/ended with 127\n.*ENOENT/) as unknown;
    expect(await machine("#!/no/such/interpreter\n").host.prepare()).toEqual({ kind: "failed", detail });
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
