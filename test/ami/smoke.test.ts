// The smoke test of an image, with the real agent in a world of virtual time: it passes, fails, and leaves nothing behind.
import { expect, test } from "vitest";
import type { ImageSeen } from "../../cloud/ports/images.ts";
import { noFaults, type Rates } from "../world/faults.ts";
import { worldOf } from "../world/world.ts";
import { smoke, type SmokeOptions } from "../../control/operate/images/smoke.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import type { Defaults } from "../../domain/configuration.ts";
import { imageTags } from "../../domain/image.ts";
import { limits } from "../../domain/limits.ts";
import { requestOf } from "../../entry/laptop/runs.ts";
import { agentOf } from "../control/calm-world.ts";
import { configuration } from "../control/record-of.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";

const imageId = "ami-0cafe0cafe0cafe00";
const candidate: ImageSeen = {
  imageId,
  name: "candidate",
  architecture: "x64",
  state: "available",
  createdAt: 0,
  tags: {},
  snapshotIds: [],
  encrypted: true,
  metadataV2: true,
  rootDevice: "/dev/sda1",
  rootGiB: 8,
  virtualization: "hvm",
};

async function openBench(
  rates: Partial<Rates> = {},
  image: ImageSeen | undefined = candidate,
  configure: Partial<Defaults> = {},
) {
  const world = worldOf({
    seed: "smoke",
    rates: { ...noFaults, ...rates },
    runAgent: agentOf,
    configure,
  });
  const { ports } = world.process("ami test");
  const tagged: Record<string, string> = {};
  const images = {
    one: (id: string) => Promise.resolve(id === image?.imageId ? image : undefined),
    tag: (_: string, tags: Readonly<Record<string, string>>) => Promise.resolve(void Object.assign(tagged, tags)),
  };
  await world.time.settle(refresh(ports));
  const records = async () => (await world.time.settle(ports.instances.all())).items;
  return {
    world,
    ports,
    tagged,
    records,
    smoke: (options: Partial<SmokeOptions> = {}, differs: Partial<typeof ports> = {}) =>
      world.time.settle(smoke({ ...ports, ...differs }, images, { imageId, id: "777", ...options })),
  };
}

test("an image whose instance registers has passed: it is tagged, and the instance ended", async () => {
  const bench = await openBench();
  const smoked = await bench.smoke();
  expect(smoked).toMatchObject({ kind: "passed", instanceId: expect.stringMatching(/^i-/) as unknown });
  expect(bench.tagged[imageTags.tested]).toMatch(/^2026-01-05T/);
  const records = await bench.records();
  expect(records.map(({ imageId: from, state }) => [from, state])).toEqual([[imageId, "terminating"]]);
});

test("where an owner is served as a whole it is tested among that owner's machines, and no refresh asks GitHub about it", async () => {
  const forge = { ...configuration.forge, repositories: ["acme/*"], organisation: "acme" };
  const bench = await openBench({}, candidate, { forge });
  expect(await bench.smoke()).toMatchObject({ kind: "passed" });
  expect((await bench.records()).map(({ partition }) => partition)).toEqual(["github:acme"]);
  const asked: string[] = [];
  const looked = { ...bench.ports.forge, activeRuns: (of: string) => Promise.resolve(asked.push(of) > 0 ? [] : []) };
  await bench.world.time.settle(refresh({ ...bench.ports, forge: looked }));
  expect(asked).toEqual([]);
});

test("it boots from the image under test though the pool could serve, and the pool keeps what it has", async () => {
  const bench = await openBench();
  const { world, ports } = bench;
  const cancel = new AbortController().signal;
  const run = requestOf({ runId: "1", instanceCount: "1", repository: "acme/shop" });
  await world.time.settle(provision(ports, run, { cancel }));
  await world.time.settle(release(ports, { runId: "1", attempt: 1 }));
  expect((await bench.records()).map(({ state }) => state)).toEqual(["idle"]);
  expect(await bench.smoke()).toMatchObject({ kind: "passed" });
  const states = (await bench.records()).map(({ imageId: from, state }) => `${from === imageId} ${state}`);
  expect(states.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["false idle", "true terminating"]);
});

test("what boots from it never idles, so that no run gets it: it leaves and ends, and its test's name is its label", async () => {
  const bench = await openBench();
  const { world, ports } = bench;
  const seen: string[] = [];
  const instances: typeof ports.instances = {
    ...ports.instances,
    move: async (move, ref, params) => {
      const decision = await ports.instances.move(move, ref, params);
      if (decision.kind === "done") seen.push(`${decision.record.state} ${decision.record.labels?.join() ?? "-"}`);
      return decision;
    },
  };
  expect((await bench.smoke({}, { instances })).kind).toBe("passed");
  expect(seen[0]).toBe(`created image-test-${imageId}-777`);
  expect(seen.filter((one) => one.startsWith("idle"))).toEqual([]);
  expect(await bench.records()).toMatchObject([
    {
      state: "terminating",
      lastOwner: `image-test:${imageId}:777`,
      reason: { code: "owner-done" },
    },
  ]);
  expect(await world.time.settle(ports.requests.repositories(0))).toEqual([]);
});

test("one whose test died is ended by the next refresh once it has left, or by its threshold: it never idles", async () => {
  const bench = await openBench();
  const { world, ports } = bench;
  // It dies in the moment in which the instance is to be ended.
  const dies = () => Promise.reject(new Error("the test dies"));
  const instances: typeof ports.instances = {
    ...ports.instances,
    moveAll: (move, moves) => (move === "condemn-left" ? dies() : ports.instances.moveAll(move, moves)),
  };
  await bench.smoke({}, { instances }).catch(() => undefined);
  await world.time.run(world.time.now() + 60_000);
  expect(await bench.records()).toMatchObject([{ state: "running", wanted: "leave", lifetime: "until-told" }]);
  await world.time.settle(refresh(ports));
  expect((await bench.records()).map(({ state }) => state)).toEqual(["terminating"]);
});

test("it is tested while provisioning is paused", async () => {
  const bench = await openBench();
  const paused = { reason: "a bad image", at: 0 };
  const load = async () => ({ ...(await bench.ports.settings.load()), paused });
  const smoked = await bench.smoke({}, { settings: { ...bench.ports.settings, load } });
  expect(smoked.kind).toBe("passed");
});

test("under an overlay that cannot be used it is not tried: nothing is created by settings that nobody meant", async () => {
  const bench = await openBench();
  const load = async () => ({ ...(await bench.ports.settings.load()), overlayProblems: ["idleMs is a text"] });
  const smoked = await bench.smoke({}, { settings: { ...bench.ports.settings, load } });
  expect(smoked).toMatchObject({ kind: "refused", reasons: [{ code: "overlay", problem: "idleMs is a text" }] });
  expect(await bench.records()).toEqual([]);
});

test.each([
  [{ resourceClass: "huge" }, { code: "unknown-class", given: "huge", known: Object.keys(defaultResourceClasses) }],
  [{ timeoutMin: "soon" }, { code: "timeout", given: "soon", most: 12 }],
  [{ timeoutMin: "13" }, { code: "timeout", given: "13", most: 12 }],
])("with %j it is not tried, and the reason says why", async (options, why) => {
  const bench = await openBench();
  const smoked = await bench.smoke(options);
  expect(smoked).toMatchObject({ kind: "refused", reasons: [why] });
  expect(await bench.records()).toEqual([]);
});

test("an image whose instances never register has failed: no tag, and nothing of it is left in the pool", async () => {
  const bench = await openBench({ registerFails: 1 });
  const smoked = await bench.smoke();
  expect(smoked.kind).toBe("failed");
  expect(smoked).toHaveProperty("reasons.0.code");
  expect(bench.tagged).toEqual({});
  const { world } = bench;
  await world.time.run(world.time.now() + limits.provisionMs + limits.idleMs);
  expect((await bench.records()).filter(({ state }) => state === "idle" || state === "running")).toEqual([]);
});

test("an image that had passed and now fails is no longer one that is tested; one whose test was stopped is", async () => {
  const passed = { ...candidate, tags: { [imageTags.tested]: "2026-01-01T00:00:00.000Z" } };
  const bench = await openBench({ registerFails: 1 }, passed);
  expect((await bench.smoke()).kind).toBe("failed");
  expect(bench.tagged).toEqual({ [imageTags.tested]: "" });
  const stopped = await openBench({}, passed);
  expect((await stopped.smoke({ cancel: AbortSignal.abort() })).kind).toBe("failed");
  expect(stopped.tagged).toEqual({});
});

test("an image whose instances never boot has failed", async () => {
  const bench = await openBench({ neverBoots: 1 });
  expect((await bench.smoke()).kind).toBe("failed");
  expect(bench.tagged).toEqual({});
});

test("an image that is still being made, or is not there, is not tried", async () => {
  const pending = await openBench({}, { ...candidate, state: "pending" });
  expect(await pending.smoke()).toEqual({
    kind: "refused",
    reasons: [{ code: "image-unfit", state: "pending", architecture: "x64" }],
  });
  expect(await pending.records()).toEqual([]);
  const missing = await openBench({}, { ...candidate, imageId: "ami-0" });
  expect((await missing.smoke()).kind).toBe("refused");
});
