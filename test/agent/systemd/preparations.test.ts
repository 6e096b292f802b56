// On a real systemd: the pre-runner script by root's unit, with any content.
import { expect, test } from "vitest";
import { preRunnerCases } from "../../contract/pre-runner-cases.ts";
import { playOnce } from "./play-in-guest.ts";

/** Exit code, then the last lines. */
type Outcome = readonly string[];
interface Found {
  readonly found: Readonly<Record<string, Outcome>>;
  readonly linesKept: number;
  readonly again: Outcome;
  readonly asJob: Outcome;
}

let found: Found;
playOnce("preparations", (one) => (found = one as Found));

test.each(preRunnerCases)("$name: its own exit code and its own last lines", ({ name, code, lastLines }) => {
  expect(found.found[name]).toEqual([String(code), ...lastLines]);
});

test("all that a chatty script says is in the journal, however much in how short a time", () => {
  expect(found.linesKept).toBe(20_000);
});

test("a second request on the same boot gets the first outcome", () => {
  expect(found.again).toEqual(found.found["daemon"]);
});

test("runs as the job's user where the drop-in says so", () => {
  expect(found.asJob).toEqual(["0", "runpool-job"]);
});
