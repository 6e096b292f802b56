// A provision that is ended by a real signal, at thirty points of it: after the post step nothing of the run is owned.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { messageOf } from "../../domain/pool-message.ts";
import { annotations, buildAction, openActionBench, repository, type ActionBench } from "./action-bench.ts";
import { openCountingProxy } from "./counting-proxy.ts";

let built: Awaited<ReturnType<typeof buildAction>>;
beforeAll(async () => {
  built = await buildAction();
});
afterAll(() => built.remove());

const instanceId = "i-0123456789abcdef0";

/** An idle instance in the table and in the queue. */
async function putIdle({ record, send }: ActionBench): Promise<void> {
  await send(messageOf(await record({ instanceId })));
}

/** The bench behind a proxy that sees every call, the queues' too. */
async function openWatched() {
  const bench = await openActionBench(built.folder);
  const proxy = await openCountingProxy(bench.door.url);
  await putIdle(bench);
  const through = (url: string): string => url.replace(bench.door.url, proxy.url);
  const queues = Object.fromEntries(
    Object.entries(bench.defaults.queues).map(([name, { url, unreadableUrl }]) => [
      name,
      { url: through(url), unreadableUrl: through(unreadableUrl) },
    ]),
  );
  await bench.put(defaultsItem({ ...bench.defaults, queues }));
  return { bench, proxy, close: () => Promise.all([bench.close(), proxy.close()]) };
}

const options = { with: { mode: "provision", "instance-count": "3" } };

/** What of the run is left: records with an owner, and machines that no record stands for. */
function leftOf({ records, machines }: ActionBench): readonly string[] {
  const known = new Set(records().map((record) => record.instanceId));
  const stray = machines
    .machines()
    .filter((machine) => ["pending", "running"].includes(machines.state(machine)) && !known.has(machine.id));
  return [
    ...records().flatMap(({ owner, state, instanceId: id }) => (owner === undefined ? [] : [`${id} ${state}`])),
    ...stray.map(({ id, tags: carried }) => `${id} without a record (${JSON.stringify(carried)})`),
  ];
}

const signals = ["SIGINT", "SIGTERM", "SIGKILL"] as const;
const points = Array.from({ length: 30 }, (_, index) => ({
  call: 1 + Math.floor(index / 2),
  phase: index % 2 === 0 ? ("arrives" as const) : ("is answered" as const),
  signal: signals[index % 3] ?? "SIGKILL",
}));

describe("a provision", () => {
  test("makes more calls than there are points, and keeps what it took where nothing ends it", async () => {
    const { bench, proxy, close } = await openWatched();
    const end = await bench.main({ ...options, endpoint: proxy.url });
    expect(end.log).not.toContain("::error");
    expect(end).toMatchObject({ code: 0, outputs: { reused: "1", created: "2" } });
    expect(proxy.count()).toBeGreaterThan(points.at(-1)?.call ?? 0);
    expect(await bench.post(options, end.state)).toMatchObject({ code: 0, log: "" });
    expect(leftOf(bench)).toHaveLength(3);
    await close();
  });

  test.concurrent.each(points)(
    "ended by $signal as call $call $phase leaves nothing",
    async ({ call, phase, signal }) => {
      const { bench, proxy, close } = await openWatched();
      const step = bench.start({ ...options, endpoint: proxy.url });
      let struck = false;
      proxy.at(call, phase, () => {
        struck = step.child.kill(signal);
      });
      const end = await step.ended;
      expect(struck).toBe(true);
      expect(end.code, end.log).not.toBe(0);
      const post = await bench.post({ ...options, endpoint: proxy.url }, end.state);
      expect(annotations("error", post)).toEqual([]);
      expect(post.code).toBe(0);
      expect(leftOf(bench)).toEqual([]);
      await close();
    },
  );
});

test("machines of others are not ended by a post step", async () => {
  const { bench, close } = await openWatched();
  await bench.main({ ...options, runId: "77" });
  const before = leftOf(bench);
  expect(before).toHaveLength(3);
  const provision = JSON.stringify({
    runId: "1001",
    attempt: 1,
    provisionId: "provision",
    repository,
    committed: false,
  });
  expect((await bench.post(options, { provision })).code).toBe(0);
  expect(leftOf(bench)).toEqual(before);
  const states = bench.machines.machines().map((machine) => bench.machines.state(machine));
  expect(states.filter((state) => !["pending", "running"].includes(state))).toEqual([]);
  await close();
});

test("a step that was killed before it took anything leaves its post step nothing to do", async () => {
  const { bench, close } = await openWatched();
  expect(await bench.post(options, {})).toMatchObject({ code: 0, log: "" });
  await close();
});
