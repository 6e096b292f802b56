// The sandbox's contract on the real units, in a guest with a real systemd.
import { beforeAll, expect, test } from "vitest";
import { sandboxCases } from "../../contract/sandbox-contract.ts";
import { guestTestMs, playInGuest, type Played } from "./play-in-guest.ts";

let played: Played<{ readonly cases: Readonly<Record<string, string>>; readonly left: readonly string[] }>;
beforeAll(async () => {
  played = await playInGuest("sandbox contract");
}, guestTestMs);

test.for(sandboxCases)("$name", ({ name }, context) => {
  if (played.kind === "cannot") return context.skip(played.why);
  expect(played.found.cases[name]).toBe("passed");
});

test("no place is left", (context) => {
  if (played.kind === "cannot") return context.skip(played.why);
  expect(played.found.left).toEqual([]);
});
