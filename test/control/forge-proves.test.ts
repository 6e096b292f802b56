// When GitHub's word on a runner is a proof that no job runs or can start.
import { expect, test } from "vitest";
import { forgeProves } from "../../control/pool/leave.ts";
import { recordOf } from "./record-of.ts";

const leaving = { state: "running", wanted: "leave" } as const;

test("it proves something of what was asked to leave and is not registering", () => {
  expect(forgeProves(recordOf({ ...leaving, said: "registered" }))).toBe(true);
  expect(forgeProves(recordOf({ ...leaving, said: "prepared" }))).toBe(true);
  expect(forgeProves(recordOf(leaving))).toBe(true);
});

test("what was registering may come up after the word", () => {
  expect(forgeProves(recordOf({ ...leaving, said: "registering" }))).toBe(false);
});

test("a registration of an earlier assignment is over", () => {
  const earlier = recordOf({ said: "registering", assignment: 1 }).signal;
  if (earlier === undefined) throw new Error("no signal");
  expect(forgeProves(recordOf({ ...leaving, assignment: 2, signal: earlier }))).toBe(true);
});

test("what is wanted to serve may begin to register after the word", () => {
  expect(forgeProves(recordOf({ state: "claimed", wanted: "serve", said: "prepared" }))).toBe(false);
});
