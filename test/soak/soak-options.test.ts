// `npm run soak` as a person calls it: bad options are errors, and nothing is started.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseOptions } from "./soak-options.ts";

const program = fileURLToPath(new URL("soak.ts", import.meta.url));
const soak = (...words: readonly string[]) => spawnSync(process.execPath, [program, ...words], { encoding: "utf8" });

test.each([
  [["--seconds", "soon"], '--seconds is "soon"; it is a whole number from 1 to 999999999'],
  [["--lanes", "0"], '--lanes is "0"; it is a whole number from 1'],
  [["--secs", "3"], "--secs"],
])("%j is an error that says what is right", (words, message) => {
  const { status, stdout, stderr } = soak(...words);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).toContain("Usage: npm run soak");
  expect(stderr).not.toMatch(/^ +at /m);
});

test("--help names every option, with the defaults that are used", () => {
  const { status, stdout } = soak("--help");
  expect(status).toBe(0);
  const options = parseOptions([]);
  expect(stdout).toContain(`(default ${options.seconds})`);
  expect(stdout).toContain(`(default ${options.leastProcesses})`);
  for (const name of ["seconds", "seed", "lanes", "max-instances", "least-processes", "brief"])
    expect(stdout).toContain(`--${name}`);
});
