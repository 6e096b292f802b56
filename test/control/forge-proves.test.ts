// When GitHub's word on a runner is a proof that no job runs or can start.
import { expect, test } from "vitest";
import { signalOf } from "../../domain/agent-writes.ts";
import { forgeProves } from "../../control/pool/leave.ts";
import { now, recordOf } from "./record-of.ts";

const leaving = { state: "running", wanted: "leave" } as const;

test.each([
  ["it proves something of what was asked to leave and is not registering", { ...leaving, said: "registered" }, true],
  ["also before it has registered", { ...leaving, said: "prepared" }, true],
  ["also without a signal", leaving, true],
  ["what was registering may come up after the word", { ...leaving, said: "registering" }, false],
  [
    "a registration of an earlier assignment is over",
    { ...leaving, assignment: 2, signal: signalOf("registering", 1, now) },
    true,
  ],
  [
    "what is wanted to serve may begin to register after the word",
    { state: "claimed", wanted: "serve", said: "prepared" },
    false,
  ],
] as const)("%s", (_what, changes, proves) => expect(forgeProves(recordOf(changes))).toBe(proves));
