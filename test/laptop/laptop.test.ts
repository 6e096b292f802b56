// The main job as `npm start` runs it: `runpool local` from its source, as a child process.
import { mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Summary } from "../../entry/laptop/summary.ts";
import { laptopMemory, processesNaming, type Memory } from "./processes.ts";
import { start, startWith } from "./start-local.ts";

test("the main job gives every run its runners and leaves nothing, in one JSON object", async () => {
  const laptop = await start("--json");
  const peak: Memory = { wholeMib: 0, agentMib: 0 };
  const watching = setInterval(() => {
    void laptopMemory(laptop.folder).then(({ wholeMib, agentMib }) => {
      peak.wholeMib = Math.max(peak.wholeMib, wholeMib);
      peak.agentMib = Math.max(peak.agentMib, agentMib);
    });
  }, 1000);
  const { code, out, err } = await laptop.ended;
  clearInterval(watching);
  const summary = JSON.parse(out) as Summary;
  expect(summary.problems, err).toEqual([]);
  expect(code).toBe(0);
  expect(summary).toMatchObject({ runs: 5, jobs: 8, leaked: 0, ok: true });
  // 1001 buys three, 1003 one, 1005 two and one for the one that died, 1004 what the pool lacks of five; 1002 and 1004 reuse.
  expect(summary.created).toBeGreaterThanOrEqual(8);
  expect(summary.reused).toBeGreaterThanOrEqual(3);
  expect(summary.created + summary.reused).toBeLessThanOrEqual(14);
  expect(Object.keys(summary.readyMs)).toEqual(["1001", "1002", "1003", "1005"]);
  expect(summary.warm).toEqual(["1002"]);
  for (const service of ["dynamodb", "sqs", "ec2", "ssm", "github"]) expect(summary.calls[service]).toBeGreaterThan(0);
  expect(await readdir(laptop.folder)).toEqual([]);
  expect(await processesNaming(laptop.folder)).toEqual([]);
  expect(peak.wholeMib).toBeLessThan(1024);
  expect(peak.agentMib).toBeLessThan(90);
  // What was not measured is below every bound.
  if (process.platform === "linux") {
    expect(peak.agentMib).toBeGreaterThan(0);
    expect(peak.wholeMib).toBeGreaterThan(peak.agentMib);
  }
});

test.for([["SIGINT", /instance\.ready/] as const, ["SIGTERM", /running lint/] as const])(
  "%s when it says %s leaves no process and no folder behind",
  async ([signal, when]) => {
    const laptop = await start("--plain");
    await laptop.says(when);
    laptop.child.kill(signal);
    const { code } = await laptop.ended;
    expect(code).toBe(130);
    expect(await processesNaming(laptop.folder)).toEqual([]);
    expect(await readdir(laptop.folder)).toEqual([]);
  },
);

test("an option that it does not know is an error that names it, and nothing is started", async () => {
  const { code, out, err } = await (await start("--jsno")).ended;
  expect(code).toBe(2);
  expect(out).toBe("");
  expect(err).toContain("--jsno");
  expect(err).toContain("--help");
});

test("a program that jobs need and that is not there is named at once, and nothing is started", async () => {
  const programs = await mkdtemp(join(tmpdir(), "laptop-programs-"));
  onTestFinished(() => rm(programs, { recursive: true }));
  const nothing = await (await startWith({ PATH: programs }, "--plain")).ended;
  expect([nothing.code, nothing.out]).toEqual([2, ""]);
  expect(nothing.err).toMatch(
    /^runpool: not on the PATH: bash, coreutils \(chmod, .*\), grep; jobs need bash, coreutils and grep/,
  );
  for (const program of ["bash", "chmod", "cp", "date", "dirname", "env", "id", "rm", "sleep", "touch", "uname"])
    await symlink(process.execPath, join(programs, program));
  const { code, err } = await (await startWith({ PATH: programs }, "--plain")).ended;
  expect([code, err]).toEqual([
    2,
    "runpool: not on the PATH: grep; jobs need bash, coreutils and grep: install them\n",
  ]);
});

test("the version that executables say is the package's", async () => {
  const text = await readFile(join(import.meta.dirname, "..", "..", "package.json"), "utf8");
  const { version } = await import("../../domain/version.ts");
  expect((JSON.parse(text) as { version: string }).version).toBe(version);
});
