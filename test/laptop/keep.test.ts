// `--keep`: the cloud stays for other programs, as its last words say, and goes without a trace.
import { spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { processesNaming } from "./processes.ts";
import { start } from "./start-local.ts";

/** Runs a script with nothing of this process's environment but the path. */
const inShell = (script: string) =>
  spawnSync("bash", ["-ec", script], {
    // Not a pipe of Node's, which bash takes for a network's, and itself for a remote shell.
    stdio: ["ignore", "pipe", "pipe"],
    cwd: join(import.meta.dirname, "..", ".."),
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
    encoding: "utf8",
  });

test("with --keep its words are commands that work, until Ctrl-C, which leaves no process and no folder", async () => {
  const laptop = await start("--plain", "--keep");
  await laptop.says(/Refresh runs by its schedule, every 5 s .*Ctrl-C ends it\./s);
  expect(await readdir(laptop.folder)).toHaveLength(1);
  const words = laptop.err().split("\n");
  const exports = words.filter((line) => line.startsWith("    export "));
  expect(exports.join("\n")).toMatch(/AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+/);
  const line = (ending: RegExp): string => words.find((one) => ending.test(one))?.trim() ?? `no line ${String(ending)}`;

  const status = inShell([...exports, `${line(/ status$/)} --json`].join("\n"));
  expect([status.status, status.stderr]).toEqual([0, ""]);
  expect(JSON.parse(status.stdout)).toMatchObject({ environment: "laptop" });

  const provision = inShell([...exports, `${line(/ provision /)} --instance-count 1`].join("\n"));
  expect(provision.status, provision.stderr).toBe(0);
  expect(provision.stdout).toContain("2001");

  laptop.child.kill("SIGINT");
  const { code, out } = await laptop.ended;
  expect(out).toContain("Every run got its runners, and nothing is left.");
  // What its log says comes from the deployed lambda alone.
  expect(out.match(/ refresh +refresh\.done /g)?.length).toBeGreaterThan(2);
  expect(out).toMatch(/ refresh +instance\.terminated /);
  expect(code).toBe(0);
  expect(await processesNaming(laptop.folder)).toEqual([]);
  expect(await readdir(laptop.folder)).toEqual([]);
});
