// A service that throttles for a while: nobody gives up what can be had a moment later, or from elsewhere.
import { expect, test } from "vitest";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import type { ControlPorts } from "../world/world.ts";
import { cleanUp } from "../../control/runs/clean-up.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { release } from "../../control/runs/release.ts";
import { type CalmWorld, problemsIn, refreshedWorld, repository, requestOf } from "./calm-world.ts";

const minute = 60_000;
const run = { runId: "1001", attempt: 1 };

/** Two idle ones in the pool. */
async function pooled(): Promise<CalmWorld> {
  const world = await refreshedWorld();
  await world.does("first", (ports) => provision(ports, requestOf({ runId: "7", instanceCount: "2" })));
  await world.does("back", (ports) => release(ports, { runId: "7", attempt: 1 }));
  return world;
}

/** Until then a read is refused beyond all retries, which take a second. */
const until =
  <Asked extends readonly unknown[], Value>(
    ports: ControlPorts,
    at: number,
    read: (...asked: Asked) => Promise<Value>,
  ) =>
  async (...asked: Asked): Promise<Value> => {
    if (ports.clock.now() >= at) return await read(...asked);
    await ports.clock.sleep(1000);
    throw new OutOfReach("throttled");
  };

test("a queue that is out of reach keeps no provision from what the index shows", async () => {
  const world = await pooled();
  const outcome = await world.does("provision", (ports) => {
    const receive = until(
      ports,
      world.time.now() + 60 * minute,
      (...asked: Parameters<ControlPorts["pool"]["receive"]>) => ports.pool.receive(...asked),
    );
    return provision({ ...ports, pool: { ...ports.pool, receive } }, requestOf({ instanceCount: "2" }));
  });
  expect(outcome).toMatchObject({ kind: "ready", created: 0, reused: 2 });
});

test("a message that cannot be set aside keeps no provision from the others", async () => {
  const world = await pooled();
  const outcome = await world.does("provision", (ports) => {
    const strange = { kind: "unreadable", receipt: "1", body: "?", problem: "no message" } as const;
    const receive: ControlPorts["pool"]["receive"] = async (...asked) => [
      strange,
      ...(await ports.pool.receive(...asked)),
    ];
    const setAside = () => Promise.reject(new Error("AWS refused SendMessage"));
    return provision({ ...ports, pool: { ...ports.pool, receive, setAside } }, requestOf({ instanceCount: "2" }));
  });
  expect(outcome).toMatchObject({ kind: "ready", created: 0, reused: 2 });
});

test("a provision asks again for what is its own already, and takes no other meanwhile", async () => {
  const world = await pooled();
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: "2" })));
  const outcome = await world.does("again", (ports) => {
    const ofGroup = until(
      ports,
      world.time.now() + minute,
      (...asked: Parameters<ControlPorts["instances"]["ofGroup"]>) => ports.instances.ofGroup(...asked),
    );
    return provision({ ...ports, instances: { ...ports.instances, ofGroup } }, requestOf({ instanceCount: "2" }));
  });
  expect(outcome).toMatchObject({ kind: "ready", created: 0, reused: 2 });
  expect(world.machines.all()).toHaveLength(2);
});

test.each(["load", "ofGroup", "read"] as const)(
  "a release whose first %s is refused for a minute releases all the same",
  async (name) => {
    const world = await pooled();
    await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: "2" })));
    const released = await world.does("release", (ports) => {
      const at = world.time.now() + minute;
      const instances = {
        ...ports.instances,
        ...(name === "ofGroup"
          ? {
              ofGroup: until(ports, at, (...asked: Parameters<ControlPorts["instances"]["ofGroup"]>) =>
                ports.instances.ofGroup(...asked),
              ),
            }
          : {}),
        ...(name === "read"
          ? {
              read: until(ports, at, (...asked: Parameters<ControlPorts["instances"]["read"]>) =>
                ports.instances.read(...asked),
              ),
            }
          : {}),
      };
      const settings = {
        ...ports.settings,
        ...(name === "load" ? { load: until(ports, at, () => ports.settings.load()) } : {}),
      };
      return release({ ...ports, instances, settings }, run);
    });
    expect(released.pooled).toHaveLength(2);
  },
);

test("a clean-up whose first reads are refused for a minute gives back all the same", async () => {
  const world = await pooled();
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: "2" })));
  const cleaned = await world.does("post", async (ports) => {
    const { configuration } = await ports.settings.load();
    const name = { ...run, provisionId: "provision" };
    const ofGroup = until(ports, world.time.now() + minute, (group: string) => ports.instances.ofGroup(group));
    return await cleanUp({ ...ports, instances: { ...ports.instances, ofGroup } }, configuration, name);
  });
  expect(cleaned.pooled).toHaveLength(2);
});

test("a provision that is cancelled while reads are refused asks at once what it holds", async () => {
  const world = await pooled();
  const stop = new AbortController();
  const began = world.time.now();
  const asked: number[] = [];
  await world.does("provision", (ports) => {
    const move: ControlPorts["instances"]["move"] = async (name, ...rest) => {
      if (name === "claim") stop.abort();
      if (name === "ask-to-leave") asked.push(ports.clock.now() - began);
      return await ports.instances.move(name, ...rest);
    };
    const slow = until(ports, began + minute, (group: string) => ports.instances.ofGroup(group));
    const ofGroup = (group: string) => (stop.signal.aborted ? slow(group) : ports.instances.ofGroup(group));
    return provision(
      { ...ports, instances: { ...ports.instances, move, ofGroup } },
      requestOf({ instanceCount: "2" }),
      {
        cancel: stop.signal,
      },
    );
  });
  expect(Math.max(...asked.slice(0, 2))).toBeLessThan(5000);
  expect(world.table.all().map(({ state }) => state)).toEqual(["idle", "idle"]);
});

test("an environment that does not exist is told at once, however patient a release is", async () => {
  const world = await pooled();
  world.words.defaults = undefined;
  const began = world.time.now();
  await expect(world.does("release", (ports) => release(ports, run))).rejects.toThrow("no configuration");
  expect(world.time.now() - began).toBeLessThan(1000);
});

test("one that could not be asked to leave at first is asked again, and its runner is left to it until then", async () => {
  const world = await pooled();
  await world.does("provision", (ports) => provision(ports, requestOf({ instanceCount: "2" })));
  const released = await world.does("release", (ports) => {
    const at = world.time.now() + minute / 2;
    const move: ControlPorts["instances"]["move"] = async (...asked) => {
      if (ports.clock.now() >= at) return await ports.instances.move(...asked);
      await ports.clock.sleep(1000);
      return { kind: "unknown", problem: "throttled" };
    };
    return release({ ...ports, instances: { ...ports.instances, move } }, { ...run, forgeScope: repository });
  });
  expect(released.pooled).toHaveLength(2);
});

test("an image that cannot be read is a problem, and what is due is swept all the same", async () => {
  const world = await pooled();
  const [machine] = world.machines.all();
  if (machine !== undefined) world.machines.end(machine, "Server.InternalError: the host failed");
  const report = await world.does("refresh", (ports) =>
    refresh({ ...ports, fleet: { ...ports.fleet, image: () => Promise.reject(new Error("no image is named there")) } }),
  );
  expect(report.findings.map(({ kind, done }) => [kind, done])).toEqual([["condemn-gone", true]]);
  expect(problemsIn(report)).toEqual(["image of /runpool/sim/ami/x64: no image is named there"]);
});
