// What root's answer about the pre-runner script means: prepared only where the script was run and ended well.
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { unitHostOn } from "./on-systemd.ts";

const prepared = (code: number, words: string) =>
  unitHostOn(tmpdir(), { requests: { ask: () => Promise.resolve({ code, words }) } }).prepare();

test("the script's own end with 0 is prepared", async () => {
  expect(await prepared(0, "0")).toEqual({ kind: "prepared" });
  expect(await prepared(0, "0\nits last words")).toEqual({ kind: "prepared" });
});

test.each([
  [0, "3\nwhy", "the pre-runner script ended with 3\nwhy"],
  [0, "124\nwhy", "the pre-runner script was stopped after 480000 ms\nwhy"],
  [0, "", "the outcome of the pre-runner script was cut short"],
  [0, "\nwhy", "the outcome of the pre-runner script was cut short"],
  [0, "why", "the outcome of the pre-runner script was cut short"],
  [1, "0\nwhy", "the pre-runner script could not be run: 0\nwhy"],
  [Number.NaN, "the answer was cut short", "the pre-runner script could not be run: the answer was cut short"],
])("code %i and the words %j are a failure", async (code, words, detail) => {
  expect(await prepared(code, words)).toEqual({ kind: "failed", detail });
});
