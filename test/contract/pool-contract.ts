// The contract of `Pool`: messages are leased, given back, dropped, and set aside when they cannot be read.
import { describe, expect, it } from "vitest";
import { limits, maxima } from "../../domain/limits.ts";
import type { PoolMessage } from "../../domain/pool-message.ts";
import type { Received } from "../../cloud/ports/queue.ts";
import { needs, useStand, type Stand, type StandKind } from "./stand.ts";

const message = (resourceClass: string, number: number): PoolMessage => ({
  key: `arn:aws:ec2:eu-west-1:123456789012:instance/i-${String(number).padStart(8, "0")}`,
  instanceId: `i-${String(number).padStart(8, "0")}`,
  partition: "github:acme/shop",
  resourceClass,
  architecture: "x64",
  usageClass: "spot",
  instanceType: "m5.large",
  cpu: 2,
  mmem: 8192,
  threshold: 1_700_000_000_000,
  version: 3,
  imageId: "ami-0123456789abcdef0",
  configHash: "one",
});

const messages = (received: readonly Received[]) =>
  received.filter((one) => one.kind === "message").map(({ message }) => message.instanceId);
const receipts = (received: readonly Received[]) => received.map(({ receipt }) => receipt);

export function poolContract(kind: StandKind): void {
  describe(`Pool on ${kind.name}`, () => {
    let stand: Stand;
    let taken = 0;
    /** A class whose queue no other test of this file has used. */
    const emptyClass = (): string => {
      const name = Object.keys(stand.defaults.queues)[taken++];
      if (name === undefined) throw new Error("more tests than resource classes");
      return name;
    };
    /** Receives until nothing has come three times: an empty reply proves nothing. */
    const drain = async (resourceClass: string): Promise<Received[]> => {
      const all: Received[] = [];
      for (let empty = 0; empty < 3;) {
        const some = await stand.pool.receive(resourceClass);
        expect(some.length).toBeLessThanOrEqual(maxima.poolBatch);
        all.push(...some);
        if (some.length === 0) empty++;
      }
      return all;
    };
    useStand(kind, (opened) => {
      stand = opened;
    });

    it("delivers what was sent, in several classes and in more than one batch, and leases it", async () => {
      const [one, other] = [emptyClass(), emptyClass()];
      const sent = Array.from({ length: 23 }, (_, index) => message(one, index));
      expect(await stand.pool.send([...sent, message(other, 99)])).toEqual([]);
      expect(await stand.pool.depth(one)).toBe(23);
      const received = await drain(one);
      expect(messages(received).sort()).toEqual(sent.map(({ instanceId }) => instanceId).sort());
      expect(received[0]).toMatchObject({
        kind: "message",
        message: { ...sent[0], key: expect.any(String), instanceId: expect.any(String) },
      });
      expect(await drain(one)).toEqual([]);
      expect(await stand.pool.depth(one)).toBe(23);
      expect(messages(await drain(other))).toEqual(["i-00000099"]);
    });

    it("delivers no more at once than are asked for", async () => {
      const name = emptyClass();
      await stand.pool.send(Array.from({ length: 5 }, (_, index) => message(name, index)));
      const some = await stand.pool.receive(name, 2);
      expect(some.length).toBeLessThanOrEqual(2);
      expect(some.length + (await drain(name)).length).toBe(5);
    });

    it("shows a given back message at once, and a dropped one never again", async () => {
      const name = emptyClass();
      await stand.pool.send(Array.from({ length: 12 }, (_, index) => message(name, index)));
      const first = await drain(name);
      await stand.pool.giveBack(name, receipts(first));
      const second = await drain(name);
      expect(messages(second).sort()).toEqual(messages(first).sort());
      await stand.pool.drop(name, receipts(second));
      expect(await stand.pool.depth(name)).toBe(0);
    });

    it("delivers a leased message again when the lease ends without a word", async (context) => {
      needs(kind, context, "its own time can be made to pass");
      const name = emptyClass();
      await stand.pool.send([message(name, 1)]);
      expect(messages(await drain(name))).toEqual(["i-00000001"]);
      await stand.pass(limits.leaseMs - 1_000);
      expect(await drain(name)).toEqual([]);
      await stand.pass(2_000);
      expect(messages(await drain(name))).toEqual(["i-00000001"]);
    });

    it("still has a message that was received and given back fifty times", async () => {
      const name = emptyClass();
      await stand.pool.send([message(name, 1)]);
      for (let times = 0; times < 50; times++)
        await stand.pool.giveBack(name, receipts(await stand.pool.receive(name)));
      expect(messages(await drain(name))).toEqual(["i-00000001"]);
    });

    it("sets an unreadable message aside with its body and the reason, and goes on", async () => {
      const name = emptyClass();
      const text = JSON.stringify({ ...message(name, 1), architecture: "\u0001\u2028 sparc" });
      await stand.sendText(name, text);
      const [received] = await drain(name);
      if (received?.kind !== "unreadable") throw new Error("not unreadable");
      expect(received).toMatchObject({ body: text, problem: expect.stringContaining("sparc") });
      await stand.pool.setAside(name, received);
      expect(await stand.pool.depth(name)).toBe(0);
      expect(await stand.pool.depth(name, "unreadable")).toBe(1);
      expect(await stand.setAside(name)).toBe(1);
      // SQS refuses control characters in an attribute, and the reason quotes them.
      const problem = received.problem.replaceAll(/[^\x20-\x7e]/g, "?");
      if (stand.takeAside !== undefined) expect(await stand.takeAside(name)).toEqual({ body: text, problem });
    });

    it("takes a receipt that is no longer good without complaint", async () => {
      const name = Object.keys(stand.defaults.queues)[0] as string;
      await stand.pool.send([message(name, 1)]);
      const got = receipts(await drain(name));
      await stand.pool.drop(name, got);
      await stand.pool.drop(name, got);
      await stand.pool.giveBack(name, got);
    });
  });
}
