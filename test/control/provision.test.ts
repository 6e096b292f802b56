// What a request may say beside its machines: fewer will do, how long to wait, how long to serve, under which label.
import { describe, expect, test } from "vitest";
import type { Fleet } from "../../cloud/ports/fleet.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { repositories, type ControlPorts } from "../world/world.ts";
import { provision, type Provisioned } from "../../control/runs/provision.ts";
import { release } from "../../control/runs/release.ts";
import { wordsOfCause } from "../../entry/words/reasons.ts";
import type { Configuration } from "../../domain/configuration.ts";
import { limits, maxima } from "../../domain/limits.ts";
import type { RawRequest } from "../../domain/request.ts";
import { refreshedWorld, repository, requestOf, wordsIn } from "./calm-world.ts";

const minute = 60_000;

function ready(outcome: Provisioned): Extract<Provisioned, { kind: "ready" }> {
  if (outcome.kind !== "ready") throw new Error(wordsIn(outcome).join("\n"));
  return outcome;
}

/** EC2 gives so many machines, then says that it has none. */
const withCapacity = (ports: ControlPorts, capacity: number): ControlPorts => {
  let left = capacity;
  const none = { kind: "no-capacity", reason: "InsufficientInstanceCapacity" } as const;
  const launch: Fleet["launch"] = async (request) => {
    const count = Math.min(left, request.count);
    left -= count;
    if (count === 0) return { kind: "answered", launched: [], failures: [none] };
    const outcome = await ports.fleet.launch({ ...request, count });
    return outcome.kind === "answered" && count < request.count ? { ...outcome, failures: [none] } : outcome;
  };
  return { ...ports, fleet: { ...ports.fleet, launch } };
};

test("fewer will do: what could be had serves, and the reasons say why there are no more", async () => {
  const world = await refreshedWorld();
  const outcome = await world.does("provision", (ports) =>
    provision(withCapacity(ports, 2), requestOf({ instanceCount: "4", minCount: "2" })),
  );
  expect(ready(outcome).instances).toHaveLength(2);
  expect(wordsIn(ready(outcome)).join()).toContain("InsufficientInstanceCapacity");
  expect(world.table.all().filter(({ state }) => state === "running")).toHaveLength(2);
});

test("fewer than will do is a failure that keeps nothing", async () => {
  const world = await refreshedWorld();
  const outcome = await world.does("provision", (ports) =>
    provision(withCapacity(ports, 1), requestOf({ instanceCount: "4", minCount: "2" })),
  );
  expect(outcome.kind).toBe("failed");
  expect(world.table.all().filter(({ owner }) => owner !== undefined)).toEqual([]);
});

test("at the maximum of instances fewer will do once the time is out", async () => {
  const world = await refreshedWorld({ maxInstances: 2 });
  // Two fit below the maximum; the other two are waited for in vain.
  await world.does("first", (ports) => provision(ports, requestOf({ runId: "7", instanceCount: "2" })));
  const began = world.time.now();
  const late = world.does("second", (ports) => provision(ports, requestOf({ minCount: "1", timeoutMin: "3" })));
  expect((await late).kind).toBe("failed");
  expect(world.time.now() - began).toBeLessThan(6 * minute);
  await world.does("release", (ports) => release(ports, { runId: "7", attempt: 1 }));
  const wish = requestOf({ runId: "8", instanceCount: "3", minCount: "2", timeoutMin: "3" });
  const outcome = ready(await world.does("third", (ports) => provision(ports, wish)));
  expect(outcome.instances).toHaveLength(2);
  expect(outcome.reused).toBe(2);
});

test("where the maximum leaves room for as many as will do, those are created, and it is named as the reason", async () => {
  const world = await refreshedWorld({ maxInstances: 6 });
  ready(await world.does("first", (ports) => provision(ports, requestOf({ runId: "7", instanceCount: "3" }))));
  const wish = { instanceCount: "5", minCount: "3" };
  const outcome = ready(await world.does("second", (ports) => provision(ports, requestOf({ runId: "8", ...wish }))));
  expect(outcome.created).toBe(3);
  expect(wordsIn(outcome)).toEqual(["the maximum of 6 instances (environment) is reached"]);
  const counted = await world.does("look", (ports) => ports.settings.counter("environment"));
  expect(counted?.count).toBe(6);
});

test("where the maximum leaves room for fewer than will do, no place is held meanwhile", async () => {
  const world = await refreshedWorld({ maxInstances: 6 });
  ready(await world.does("first", (ports) => provision(ports, requestOf({ runId: "7", instanceCount: "3" }))));
  const wish = requestOf({ runId: "8", instanceCount: "5", minCount: "4", timeoutMin: "3" });
  expect((await world.does("second", (ports) => provision(ports, wish))).kind).toBe("failed");
  expect(world.machines.all()).toHaveLength(3);
});

test("at the maximum of a partition those who hold its places are named, and nobody of another partition", async () => {
  const world = await refreshedWorld({ maxInstances: 20, maxInstancesPerPartition: 2 });
  const elsewhere = requestOf({ runId: "6", repository: repositories[1], instanceCount: "2" });
  ready(await world.does("elsewhere", (ports) => provision(ports, elsewhere)));
  ready(await world.does("first", (ports) => provision(ports, requestOf({ runId: "7", instanceCount: "2" }))));
  const outcome = await world.does("second", (ports) => provision(ports, requestOf({ timeoutMin: "3" })));
  const reason = wordsIn(outcome).find((one) => one.includes("is reached"));
  expect(reason).toContain(`the maximum of 2 instances (partition#github:${repositories[0]}) is reached; held by `);
  expect(reason).toContain("held by github:run:7:1:provision (2): release them");
});

test("one that may wait for a minute alone creates what the pool does not have", async () => {
  const world = await refreshedWorld();
  const outcome = await world.does("provision", (ports) => provision(ports, requestOf({ timeoutMin: "1" })));
  expect(ready(outcome).created).toBe(1);
});

test("a provision never waits beyond the threshold of what it has claimed", async () => {
  const world = await refreshedWorld({ maxInstances: 0 });
  const began = world.time.now();
  const outcome = await world.does("provision", (ports) => provision(ports, requestOf({ timeoutMin: "600" })));
  expect(outcome.kind).toBe("failed");
  expect(world.time.now() - began).toBeLessThan(limits.provisionMs + 5 * minute);
});

test("the instances serve as long as the request says", async () => {
  const world = await refreshedWorld();
  await world.does("provision", (ports) => provision(ports, requestOf({ maxRuntimeMin: "90" })));
  const [record] = world.table.all();
  const left = (record?.threshold ?? 0) - world.time.now();
  expect(Math.round(left / minute)).toBe(90);
});

test("a label of its own takes the place of the run id", async () => {
  const world = await refreshedWorld();
  const outcome = ready(await world.does("provision", (ports) => provision(ports, requestOf({ label: "secret-1" }))));
  expect(outcome.instances[0]?.labels).toContain("secret-1");
  expect(outcome.instances[0]?.labels).not.toContain("1001");
  expect([...world.forge.runners.values()].flatMap(({ labels }) => labels)).not.toContain("1001");
});

describe("the labels of a run's runners", () => {
  const carried = async (asked: Partial<RawRequest>, changes: Partial<Configuration> = {}) => {
    const world = await refreshedWorld(changes);
    ready(await world.does("provision", (ports) => provision(ports, requestOf(asked))));
    return [...world.forge.runners.values()].map(({ labels }) => labels);
  };

  test("are the run's own: class, architecture and further labels stand behind its label", async () => {
    const labels = ["1001", "1001-large", "1001-x64", "1001-gpu", "1001-fast"];
    expect(await carried({ labels: "fast" }, { labels: ["gpu"] })).toEqual([labels]);
  });

  test.each(["large", "x64", "gpu", "self-hosted"])("a job that asks for %s alone stays queued", async (label) => {
    const world = await refreshedWorld({ labels: ["gpu"] });
    ready(await world.does("provision", (ports) => provision(ports, requestOf({ label: "secret-1" }))));
    const job = world.forge.queue({ scope: repository, runId: "666", attempt: 1, labels: [label], durationMs: 1000 });
    const own = { scope: repository, runId: "1001", attempt: 1, labels: [`secret-1-large`], durationMs: 1000 };
    const served = world.forge.queue(own);
    await world.time.run(world.time.now() + 5 * minute);
    expect([job.state, served.state]).toEqual(["queued", "done"]);
  });

  test("are configured ones as they are where any run's jobs are taken, but never beside a secret label", async () => {
    const shared = { labels: ["gpu"], anyRunsJobs: true };
    expect(await carried({}, shared)).toEqual([["1001", "1001-large", "1001-x64", "1001-gpu", "gpu"]]);
    expect(await carried({ label: "secret-1" }, shared)).toEqual([
      ["secret-1", "secret-1-large", "secret-1-x64", "secret-1-gpu"],
    ]);
  });
});

test("entered again under another label, the first one's instances are not its own", async () => {
  const world = await refreshedWorld();
  const first = ready(await world.does("first", (ports) => provision(ports, requestOf({ label: "one" }))));
  const again = ready(await world.does("again", (ports) => provision(ports, requestOf({ label: "one" }))));
  expect(again.instances[0]?.instanceId).toBe(first.instances[0]?.instanceId);
  const other = ready(await world.does("other", (ports) => provision(ports, requestOf({ label: "two" }))));
  expect(other.instances[0]?.instanceId).not.toBe(first.instances[0]?.instanceId);
});

test("asked to stop while its last write is under way, it gives everything back", async () => {
  const world = await refreshedWorld();
  const stop = new AbortController();
  const outcome = await world.does("provision", (ports) => {
    const moveAll: typeof ports.instances.moveAll = async (name, moves) => {
      const outcomes = await ports.instances.moveAll(name, moves);
      if (name === "start") stop.abort();
      return outcomes;
    };
    const instances = { ...ports.instances, moveAll };
    return provision({ ...ports, instances }, requestOf(), { cancel: stop.signal });
  });
  expect(outcome.kind).toBe("cancelled");
  expect(world.table.all().map(({ owner, state }) => ({ owner, state }))).toEqual([
    { owner: undefined, state: "idle" },
  ]);
});

test("a machine that dies on its way is a reason that says where its console is read", async () => {
  const world = await refreshedWorld();
  const provisioned = world.does("provision", (ports) => {
    // The first machine dies as it is launched; with it the only one that EC2 has.
    const launch: Fleet["launch"] = async (request) => {
      const outcome = await withCapacity(ports, world.machines.all().length === 0 ? 1 : 0).fleet.launch(request);
      for (const machine of world.machines.all()) world.machines.end(machine, "Server.InternalError: the host failed");
      return outcome;
    };
    return provision({ ...ports, fleet: { ...ports.fleet, launch } }, requestOf());
  });
  const outcome = await provisioned;
  const [machine] = world.machines.all();
  expect(outcome.kind).toBe("failed");
  expect(outcome.kind === "ready" ? [] : wordsIn(outcome)).toContainEqual(
    expect.stringMatching(
      new RegExp(
        `^${machine?.instanceId} .*InternalError.*get-console-output --latest --instance-id ${machine?.instanceId}\\)$`,
      ),
    ),
  );
});

test("at the maximum with an instance that is silent at the moment, it asks for a place again, after a pause each time", async () => {
  const world = await refreshedWorld({ maxInstances: 1 });
  await world.does("first", (ports) => provision(ports, requestOf({ runId: "7" })));
  await world.does("release", (ports) => release(ports, { runId: "7", attempt: 1 }));
  let [claims, reservations] = [0, 0];
  const outcome = await world.does("second", (ports) => {
    const move: typeof ports.instances.move = async (name, ref, params) => {
      const [record] = (await ports.instances.read([ref.key])).items;
      if (name !== "claim" || record === undefined) return await ports.instances.move(name, ref, params);
      claims++;
      const heartbeatAt = ports.clock.now() - 2 * limits.freshHeartbeatMs;
      return { kind: "refused", why: "heartbeat fresh", record: { ...record, heartbeatAt } };
    };
    const reserve: typeof ports.settings.reserve = async (...asked) => {
      reservations++;
      return await ports.settings.reserve(...asked);
    };
    const changed = { instances: { ...ports.instances, move }, settings: { ...ports.settings, reserve } };
    return provision({ ...ports, ...changed }, requestOf({ timeoutMin: "3" }));
  });
  expect(outcome.kind).toBe("failed");
  // Towards its limit a new machine would come too late.
  expect(reservations).toBeGreaterThan(5);
  expect(claims).toBeGreaterThan(reservations);
  expect(claims).toBeLessThanOrEqual((3 * minute) / limits.poolRetryMs);
});

test("at the maximum with nothing in hand it wakes for each look at the pool, and not in between", async () => {
  const world = await refreshedWorld();
  let [sleeps, looks] = [0, 0];
  await world.does("provision", (ports) => {
    const sleep: typeof ports.clock.sleep = async (...asked) => {
      sleeps++;
      await ports.clock.sleep(...asked);
    };
    const idle: typeof ports.instances.idle = async (...asked) => {
      looks++;
      return await ports.instances.idle(...asked);
    };
    const reserve: typeof ports.settings.reserve = async (_, [scope]) => ({ kind: "full", scope: scope?.name ?? "" });
    const clock = { ...ports.clock, sleep };
    const instances = { ...ports.instances, idle };
    const settings = { ...ports.settings, reserve };
    return provision({ ...ports, clock, instances, settings }, requestOf({ timeoutMin: "3" }));
  });
  expect(looks).toBeGreaterThan((2 * minute) / limits.poolRetryMs);
  // One that the supply's end cuts short, and the pause before the next; and one while the table is told that it has begun.
  expect(sleeps).toBeLessThanOrEqual(2 * looks + 1);
});

/** EC2 names no image: words of SSM, or nobody answers. */
const withoutImage = (ports: ControlPorts, error: Error): ControlPorts => ({
  ...ports,
  fleet: { ...ports.fleet, image: () => Promise.reject(error) },
});

test("an image that nobody has named fails at once, in these words, and holds no place", async () => {
  const world = await refreshedWorld({ maxInstances: 20 });
  const began = world.time.now();
  const missing = new Error("GetParameter /runpool/dev/ami/x64: no image is named there: build one");
  const outcome = await world.does("provision", (ports) => provision(withoutImage(ports, missing), requestOf()));
  expect(outcome).toEqual({
    kind: "failed",
    reasons: [{ code: "launch", rung: "as-asked", kind: "refused", reason: missing.message }],
  });
  expect(world.time.now() - began).toBeLessThan(minute);
  expect((await world.does("look", (ports) => ports.settings.counter("environment")))?.count ?? 0).toBe(0);
});

test("an image that cannot be read at the moment is read again, and no place is held meanwhile", async () => {
  const world = await refreshedWorld({ maxInstances: 1 });
  let asked = 0;
  const outcome = await world.does("provision", (ports) => {
    const image: Fleet["image"] = (parameter) =>
      asked++ < 2 ? Promise.reject(new OutOfReach("GetParameter: no reply")) : ports.fleet.image(parameter);
    return provision({ ...ports, fleet: { ...ports.fleet, image } }, requestOf());
  });
  expect(outcome.kind).toBe("ready");
  expect(asked).toBe(3);
});

test("without capacity the reasons end with what may be done", async () => {
  const world = await refreshedWorld();
  const outcome = await world.does("provision", (ports) => provision(withCapacity(ports, 0), requestOf()));
  expect(wordsIn(outcome).at(-1)).toContain("let `fallback` take on-demand");
});

test("what is not ready in time is named, with how far it came and where its console is read", async () => {
  const world = await refreshedWorld();
  const outcome = await world.does("provision", (ports) => {
    // What is launched hangs: it says nothing more.
    const launch: Fleet["launch"] = async (request) => {
      const launched = await ports.fleet.launch(request);
      for (const machine of world.machines.all()) machine.hung = true;
      return launched;
    };
    return provision(
      { ...ports, fleet: { ...ports.fleet, launch } },
      requestOf({ instanceCount: "2", timeoutMin: "3" }),
    );
  });
  const reasons = wordsIn(outcome);
  expect(reasons[0]).toBe("2 of 2 instances were not ready in time");
  for (const { instanceId } of world.machines.all())
    expect(reasons).toContainEqual(
      expect.stringMatching(
        new RegExp(`^${instanceId} \\(.*not ready in time; last signal: none \\(view console: aws ec2`),
      ),
    );
});

test("where every reply of a launch is lost for a while, the same is asked again: nothing is bought twice, and no place held twice", async () => {
  const world = await refreshedWorld();
  const tokens: string[] = [];
  const outcome = await world.does("provision", (ports) => {
    const launch: Fleet["launch"] = async (request) => {
      tokens.push(request.clientToken);
      const launched = await ports.fleet.launch(request);
      return tokens.length <= 2 * maxima.unknownTries ? { kind: "unknown", problem: "no reply" } : launched;
    };
    return provision({ ...ports, fleet: { ...ports.fleet, launch } }, requestOf({ instanceCount: "3" }));
  });
  expect(ready(outcome).created).toBe(3);
  expect(world.machines.all()).toHaveLength(3);
  expect(new Set(tokens).size).toBe(1);
  expect((await world.does("look", (ports) => ports.settings.counter("environment")))?.count).toBe(3);
});

test("one that dies on its way is replaced within the limit, and the others are kept", async () => {
  const world = await refreshedWorld();
  let launches = 0;
  const outcome = await world.does("provision", (ports) => {
    const launch: Fleet["launch"] = async (request) => {
      const launched = await ports.fleet.launch(request);
      const [first] = world.machines.all();
      if (launches++ === 0 && first !== undefined) world.machines.end(first, "Server.InternalError: the host failed");
      return launched;
    };
    return provision({ ...ports, fleet: { ...ports.fleet, launch } }, requestOf({ instanceCount: "3" }));
  });
  const [dead, ...others] = world.machines.all().map(({ instanceId }) => instanceId);
  expect(others).toHaveLength(3);
  expect(
    ready(outcome)
      .instances.map(({ instanceId }) => instanceId)
      .sort(),
  ).toEqual(others.sort());
  expect(ready(outcome).instances.map(({ instanceId }) => instanceId)).not.toContain(dead);
});

test("an instance whose disk is full when it has left is retired at release, though its last heartbeat knew nothing of that", async () => {
  const world = await refreshedWorld();
  ready(await world.does("provision", (ports) => provision(ports, requestOf())));
  for (const machine of world.machines.all()) machine.diskFree = 0.05;
  const released = await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  expect([released.pooled, released.condemned.length]).toEqual([[], 1]);
  expect(world.table.all().map(({ state, reason }) => [state, reason])).toEqual([
    ["terminating", { code: "disk-full", free: 0.05 }],
  ]);
  expect(world.table.all().map(({ reason }) => reason && wordsOfCause(reason))).toEqual(["5 % of its disk is free"]);
  const next = ready(await world.does("provision", (ports) => provision(ports, requestOf({ runId: "1002" }))));
  expect(next.instances.map(({ origin }) => origin)).toEqual(["created"]);
});

test("an instance that has been used as often as it may is retired at release, not handed on", async () => {
  const world = await refreshedWorld({ maxUses: 1 });
  ready(await world.does("provision", (ports) => provision(ports, requestOf())));
  await world.does("release", (ports) => release(ports, { runId: "1001", attempt: 1 }));
  expect(world.table.all().map(({ state, reason }) => [state, reason])).toEqual([
    ["terminating", { code: "used-up", uses: 1, most: 1 }],
  ]);
  expect(world.table.all().map(({ reason }) => reason && wordsOfCause(reason))).toEqual(["used 1 times of at most 1"]);
});
