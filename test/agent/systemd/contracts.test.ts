// The contracts of runner and sandbox on the real units, in one guest with a real systemd.
import { describe, expect, test } from "vitest";
import { runnerCases } from "../../contract/runner-contract.ts";
import { sandboxCases } from "../../contract/sandbox-contract.ts";
import { playOnce } from "./play-in-guest.ts";

type Outcomes = Readonly<Record<string, string>>;
interface Found {
  readonly runner: Outcomes;
  readonly sandbox: Outcomes;
  readonly left: readonly string[];
}

let found: Found;
playOnce("contracts", (one) => (found = one as Found));

describe("GitHub's runner", () => {
  test.each(runnerCases)("$name", ({ name }) => expect(found.runner[name]).toBe("passed"));
});
describe("the sandbox", () => {
  test.each(sandboxCases)("$name", ({ name }) => expect(found.sandbox[name]).toBe("passed"));
});
test("no place is left", () => expect(found.left).toEqual([]));
