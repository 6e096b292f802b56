// The ladder of creation, and what a circuit breaker does between its rounds.
import { contextFor } from "./calm-world.ts";
import { expect, test } from "vitest";
import type { LaunchOutcome, LaunchRequest } from "../../cloud/ports/fleet.ts";
import { create, newRounds } from "../../control/pool/creation.ts";
import type { Reason } from "../../domain/reasons.ts";
import { ladderOf, withSiblings } from "../../control/pool/ladder.ts";
import type { Taken } from "../../control/pool/demand-context.ts";
import type { Request } from "../../domain/request.ts";
import { worldOf } from "../world/world.ts";
import { noFaults } from "../world/faults.ts";
import { keptRequest } from "../contract/requests.ts";
import { configuration } from "./record-of.ts";

const request: Request = { ...keptRequest, runId: "7", provisionId: "ci", allowedTypes: ["c6i.*"], fallback: true };

test("siblings are of the other maker, in the same generation and size", () => {
  const named = ["c6i.large", "m5.*", "r7a.2xlarge", "c6id.*", "c7g.large", "t3.large", "c*"];
  expect(withSiblings(named)).toEqual([...named, "c6a.large", "m5a.*", "r7i.2xlarge", "c6ad.*"]);
});

test("types that the user named are left only with fallback, and on-demand comes last", () => {
  expect(ladderOf(request).map(({ name }) => name)).toEqual(["as-asked", "siblings", "one-size-up", "on-demand"]);
  const strict = ladderOf({ ...request, fallback: false });
  expect(strict.map(({ name }) => name)).toEqual(["as-asked", "one-size-up"]);
  expect(strict.every(({ ask }) => ask.usageClass === "spot" && ask.allowedTypes.join() === "c6i.*")).toBe(true);
});

/** A provision's creation on a fleet that answers by script; gives the requests that it made. */
async function rounds(
  script: readonly LaunchOutcome[],
): Promise<{ asked: LaunchRequest[]; taken: Taken[]; problems: readonly Reason[] }> {
  const world = worldOf({ seed: "ladder", rates: noFaults, runAgent: () => new Promise(() => undefined) });
  const { ports } = world.process("provision");
  const asked: LaunchRequest[] = [];
  const fleet: typeof ports.fleet = {
    ...ports.fleet,
    image: () => Promise.resolve("ami-1"),
    launch: (order) => Promise.resolve(script[asked.push(order) - 1] ?? answer([])),
  };
  const taken: Taken[] = [];
  const context = contextFor({ ...ports, fleet }, configuration, request);
  const creating = create(context, 1, newRounds(), (one) => taken.push(one));
  await world.time.run(world.time.now() + 10 * 60_000);
  return { asked, taken, problems: (await creating).problems };
}

const answer = (failures: LaunchOutcome["failures"]): LaunchOutcome => ({ kind: "answered", launched: [], failures });
const launched = (instanceId: string): LaunchOutcome => ({
  kind: "answered",
  launched: [{ instanceId, instanceType: "c6i.large", cpu: 2, mmem: 4096, zone: "eu-west-1a", usageClass: "spot" }],
  failures: [],
});
const none = (instanceType: string): LaunchOutcome =>
  answer([{ kind: "no-capacity", reason: "InsufficientInstanceCapacity", pool: { instanceType, zone: "eu-west-1a" } }]);

test("a capacity pool that had nothing is left out of the next rounds, and a rung is tried again while its pools are new", async () => {
  const { asked } = await rounds([
    none("c6i.large"),
    none("c6i.xlarge"),
    none("c6i.xlarge"),
    answer([{ kind: "refused", reason: "no" }]),
  ]);
  expect(asked.map(({ allowedTypes, avoid }) => [allowedTypes.length, avoid.map((pool) => pool.instanceType)])).toEqual(
    [
      [1, []],
      [1, ["c6i.large"]],
      [1, ["c6i.large", "c6i.xlarge"]],
      [2, ["c6i.large", "c6i.xlarge"]],
    ],
  );
});

test("each round has a client token of its own, and a token that was used before costs only its round", async () => {
  const { asked, problems } = await rounds([
    answer([{ kind: "token-used", reason: "IdempotentParameterMismatch" }]),
    answer([{ kind: "refused", reason: "no" }]),
  ]);
  expect(asked).toHaveLength(2);
  expect(new Set(asked.map(({ clientToken }) => clientToken)).size).toBe(2);
  expect(asked.every(({ clientToken }) => clientToken.length <= 64)).toBe(true);
  expect(problems.at(-1)).toEqual({ code: "launch", rung: "as-asked", kind: "refused", reason: "no" });
});

test("the same round of the same provision asks with the very same words", async () => {
  const refusal = [answer([{ kind: "refused", reason: "no" }])];
  const [first, second] = await Promise.all([rounds(refusal), rounds(refusal)]);
  expect(second?.asked[0]).toEqual(first?.asked[0]);
});

test.each([
  ["InternalError", "throttled"],
  ["SomethingThatEC2SaysNextYear", "unknown"],
] as const)("%s ends no provision: the same is asked again after a pause, and got", async (code, kind) => {
  const { asked, taken } = await rounds([
    answer([{ kind, reason: `${code}: it says` }]),
    launched("i-00000000000000001"),
  ]);
  expect(asked).toHaveLength(2);
  expect(asked[1]).toMatchObject({ usageClass: asked[0]?.usageClass, allowedTypes: asked[0]?.allowedTypes });
  expect(taken).toHaveLength(1);
});

test("a code that nobody knows, and that stays, is met by the next rung", async () => {
  const unknown = answer([{ kind: "unknown", reason: "SomethingThatEC2SaysNextYear: it says" }]);
  const { asked } = await rounds([unknown, unknown, unknown, answer([{ kind: "refused", reason: "no" }])]);
  expect(asked.map(({ allowedTypes }) => allowedTypes.length)).toEqual([1, 1, 1, 2]);
});
