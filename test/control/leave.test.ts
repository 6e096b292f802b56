// What becomes of the messages of instances that have left.
import { expect, test } from "vitest";
import type { Pool } from "../../cloud/ports/queue.ts";
import { sendToPool } from "../../control/pool/leave.ts";
import { messageOf, type PoolMessage } from "../../domain/pool-message.ts";
import { recordOf } from "./record-of.ts";

const two = ["i-1", "i-2"].map((instanceId) => messageOf(recordOf({ instanceId })));

/** Sends to a pool that answers so, call by call; what each call was asked to send, and what was said at the end. */
async function sent(...answers: readonly ((messages: readonly PoolMessage[]) => readonly PoolMessage[])[]) {
  const calls: string[][] = [];
  const said: string[] = [];
  const send: Pool["send"] = async (messages) => {
    calls.push(messages.map(({ instanceId }) => instanceId));
    return answers[calls.length - 1]?.(messages) ?? [];
  };
  await sendToPool({ pool: { send } as Pool, log: { event: (...[name]) => void said.push(name) } }, two);
  return { calls, said };
}

const throttled = (): never => {
  throw new Error("throttled");
};

test("what one call did not send is sent by a second one, and nothing else", async () => {
  expect(await sent((messages) => messages.slice(1))).toEqual({ calls: [["i-1", "i-2"], ["i-2"]], said: [] });
  expect(await sent(throttled)).toEqual({
    calls: [
      ["i-1", "i-2"],
      ["i-1", "i-2"],
    ],
    said: [],
  });
});

test("what neither has sent is told, and is no error", async () => {
  expect((await sent(throttled, throttled)).said).toEqual(["pool.unsent"]);
});
