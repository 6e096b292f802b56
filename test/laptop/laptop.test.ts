// The main job as a person starts it: `entry/laptop.ts` as a process of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Summary } from "../../entry/laptop/summary.ts";
import { laptopMemory, processesNaming, type Memory } from "./processes.ts";

const program = join(import.meta.dirname, "..", "..", "entry", "laptop.ts");
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

interface Laptop {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
  /** Resolves with the first line that contains the text. */
  said(text: string): Promise<string>;
}

/** Its temporary folder is the test's own, so that what it leaves can be seen. */
async function start(...options: string[]): Promise<Laptop> {
  const folder = await mkdtemp(join(tmpdir(), "laptop-test-"));
  folders.push(folder);
  const child = spawn(process.execPath, [program, ...options], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  const listeners = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    for (const listener of listeners) listener();
  });
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, out, err })),
  );
  const said = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        const line = out.split("\n").find((one) => one.includes(text));
        if (line === undefined) return;
        listeners.delete(look);
        resolve(line);
      };
      listeners.add(look);
      look();
    });
  return { child, folder, ended, said };
}

test(
  "the main job gives every run its runners and leaves nothing, in one JSON object",
  { timeout: 180_000 },
  async () => {
    const laptop = await start("--json");
    const peak: Memory = { wholeMib: 0, agentMib: 0 };
    const watching = setInterval(() => {
      void laptopMemory(laptop.child.pid ?? 0, laptop.folder).then(({ wholeMib, agentMib }) => {
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
    expect(Object.keys(summary.readyMs)).toEqual(["1001", "1002", "1003", "1005"]);
    expect(summary.warm).toEqual(["1002"]);
    for (const service of ["dynamodb", "sqs", "ec2", "ssm", "github"])
      expect(summary.calls[service]).toBeGreaterThan(0);
    expect(await readdir(laptop.folder)).toEqual([]);
    expect(await processesNaming(laptop.folder)).toEqual([]);
    expect(peak.wholeMib).toBeLessThan(1024);
    expect(peak.agentMib).toBeLessThan(90);
  },
);

test.for([["SIGINT", "instance.ready"] as const, ["SIGTERM", "running lint"] as const])(
  '%s when it says "%s" leaves no process and no folder behind',
  { timeout: 60_000 },
  async ([signal, when]) => {
    const laptop = await start("--plain");
    await laptop.said(when);
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

test("the version that executables say is the package's", async () => {
  const text = await readFile(join(import.meta.dirname, "..", "..", "package.json"), "utf8");
  const { version } = await import("../../domain/version.ts");
  expect((JSON.parse(text) as { version: string }).version).toBe(version);
});
