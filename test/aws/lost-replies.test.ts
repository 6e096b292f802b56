// Calls that were applied but whose reply was lost, over the real SDK client: nothing happens twice, and winners know that they won.
import { runGroup } from "../../domain/owner.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { signalOf } from "../../domain/agent-writes.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import type { ServiceName } from "../../sim/http/protocols.ts";
import { openHttpSim, type HttpSim } from "../contract/http-sim.ts";
import { launchRequestOn } from "../contract/requests.ts";
import { done, fresh, freshRun, idler, newcomer, ownership, until } from "../contract/newcomers.ts";

let sim: HttpSim;
beforeAll(async () => {
  sim = await openHttpSim();
});
afterAll(() => sim.close());
beforeEach(() => sim.faults.heal());

/** Loses the replies of the next `times` calls of this action; the calls themselves are applied. */
function loseReplies(service: ServiceName, action: string, times: number): void {
  const made = (): number => sim.door.calls()[service]?.[action] ?? 0;
  const last = made() + times;
  sim.faults.set(service, action, {
    // By the call itself: a service may look at its faults more than once in one.
    get lostAfter() {
      return made() <= last ? 1 : 0;
    },
  });
}
const tries = 4;
const calls = (action: string): number => sim.door.calls().dynamodb?.[action] ?? 0;

describe("a claim", () => {
  it("that the SDK tries again finds its own claim id, and has won", async () => {
    const { ref, record } = await idler(sim);
    const mine = ownership(freshRun(), fresh("claim"));
    loseReplies("dynamodb", "UpdateItem", 1);
    const before = calls("UpdateItem");
    expect(await sim.instances.move("claim", ref, { ...until(sim), ownership: mine })).toMatchObject({
      kind: "done",
      already: true,
      record: { claimId: mine.claimId, version: record.version + 1, assignment: record.assignment + 1 },
    });
    expect(calls("UpdateItem") - before).toBe(2);
  });

  it("without any reply is unknown; made again, it finds that it had won", async () => {
    const { ref, record } = await idler(sim);
    const params = { ...until(sim), ownership: ownership(freshRun(), fresh("claim")) };
    loseReplies("dynamodb", "UpdateItem", tries);
    expect(await sim.instances.move("claim", ref, params)).toMatchObject({
      kind: "unknown",
      problem: expect.stringContaining("UpdateItem"),
    });
    sim.faults.heal();
    expect(await sim.instances.move("claim", ref, params)).toMatchObject({
      kind: "done",
      already: true,
      record: { version: record.version + 1 },
    });
  });

  it("that lost, and then lost its reply, does not believe that it won", async () => {
    const { ref } = await idler(sim);
    const first = ownership(freshRun(), fresh("claim"));
    done(await sim.instances.move("claim", ref, { ...until(sim), ownership: first }));
    loseReplies("dynamodb", "UpdateItem", 1);
    const second = ownership(freshRun(), fresh("claim"));
    expect(await sim.instances.move("claim", ref, { ...until(sim), ownership: second })).toMatchObject({
      kind: "refused",
      why: "state",
      record: { owner: first.owner },
    });
  });
});

describe("other writes", () => {
  it("create: the second try finds its own record", async () => {
    const { ref, machine } = await newcomer(sim);
    loseReplies("dynamodb", "UpdateItem", 1);
    const params = { ...until(sim), machine, claimId: fresh("claim") };
    expect(await sim.instances.move("create", ref, params)).toMatchObject({
      kind: "done",
      already: true,
      record: { version: 1 },
    });
  });

  it("an agent's signal and its retiring are found made", async () => {
    const { own, record } = await idler(sim);
    loseReplies("dynamodb", "UpdateItem", 1);
    const signal = signalOf("deregistered", record.assignment, sim.now());
    expect(await own.signal(signal, record)).toMatchObject({ kind: "written", record: { signal } });
    loseReplies("dynamodb", "UpdateItem", 1);
    expect(await own.retire(sim.now(), record)).toMatchObject({ kind: "written" });
  });

  it("an agent whose table is out of reach learns it as a value, from a look and from a write", async () => {
    const { own, record } = await idler(sim);
    sim.faults.set("dynamodb", "*", { lostBefore: 1 });
    const signs = () => ({
      busy: false,
      agentVersion: "1",
      vitals: { listener: "none" as const, jobs: 0, diskFree: 1 },
    });
    const sight = await own.watch(record.version, sim.now(), signs, new AbortController().signal);
    expect(sight.kind).toBe("unreachable");
    expect((await own.signal(signalOf("deregistered", record.assignment, sim.now()), record)).kind).toBe("unknown");
  });

  it("a reservation is made once, however often its replies are lost", async () => {
    const scopes = ["environment", "partition"].map((name) => ({ name: fresh(name), maximum: 10 }));
    loseReplies("dynamodb", "TransactWriteItems", 2);
    expect(await sim.settings.reserve(3, scopes)).toEqual({ kind: "reserved" });
    sim.faults.heal();
    const counters = await Promise.all(scopes.map(({ name }) => sim.settings.counter(name)));
    expect(counters.map((counter) => counter?.count)).toEqual([3, 3]);
    loseReplies("dynamodb", "TransactWriteItems", tries);
    expect(await sim.settings.reserve(3, scopes)).toMatchObject({ kind: "unknown" });
    sim.faults.heal();
    loseReplies("dynamodb", "TransactWriteItems", 1);
    await sim.settings.free(2, [scopes[0]?.name as string]);
    sim.faults.heal();
    expect((await sim.settings.counter(scopes[0]?.name as string))?.count).toBe(4);
  });

  it("a launch is made once: the second try carries the same client token", async () => {
    loseReplies("ec2", "CreateFleet", 1);
    const outcome = await sim.fleet.launch(await launchRequestOn(sim, { count: 2 }));
    if (outcome.kind !== "answered") throw new Error(outcome.problem);
    expect(outcome.launched).toHaveLength(2);
    expect(sim.cloud.machines()).toHaveLength(2);
  });
});

describe("a service that keeps refusing", () => {
  // With one try each: the SDK's own patience with throttling takes seconds, and is not ours to test.
  let sim: HttpSim;
  beforeAll(async () => {
    sim = await openHttpSim({ maxAttempts: 1 });
  });
  afterAll(() => sim.close());
  beforeEach(() => sim.faults.heal());

  it("leaves a move unknown and makes a read reject, once the SDK has given up", async () => {
    const { ref } = await idler(sim);
    sim.faults.set("dynamodb", "*", { throttled: 1 });
    const { instances, settings } = sim;
    const reads = [instances.read([ref.key]), instances.all(), instances.ofGroup(runGroup("1")), settings.load()];
    const [moved, ...rejected] = await Promise.all([
      instances.move("extend-idle", ref, until(sim)),
      ...reads.map((read) => read.catch((error: unknown) => error)),
    ]);
    expect(moved).toMatchObject({ kind: "unknown" });
    for (const error of rejected) expect(error).toBeInstanceOf(OutOfReach);
  });

  it("gives back the pool messages that were certainly not sent, and only those", async () => {
    const message = (number: number) => ({
      key: `arn:${number}`,
      instanceId: `i-${number}`,
      partition: "p",
      resourceClass: "large",
      architecture: "x64" as const,
      usageClass: "spot" as const,
      instanceType: "m5.large",
      cpu: 2,
      mmem: 4096,
      threshold: 1,
      version: 1,
      imageId: "ami-1",
      configHash: "one",
    });
    sim.faults.set("sqs", "SendMessageBatch", { throttled: 1 });
    expect(await sim.pool.send([message(1), message(2)])).toEqual([message(1), message(2)]);
    sim.faults.heal();
    sim.faults.set("sqs", "SendMessageBatch", { lostAfter: 1 });
    expect(await sim.pool.send([message(3)])).toEqual([]);
    sim.faults.heal();
    sim.faults.set("sqs", "DeleteMessageBatch", { lostBefore: 1 });
    await sim.pool.drop("large", ["a receipt"]);
    sim.faults.set("sqs", "ReceiveMessage", { throttled: 1 });
    await expect(sim.pool.receive("large")).rejects.toThrow(OutOfReach);
  });
});
