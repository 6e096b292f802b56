// The port contracts, over the in-process world of the simulation.
import { settle } from "./settle.ts";
import { forgeContract } from "./forge-contract.ts";
import { fleetContract } from "./fleet-contract.ts";
import { instancesContract } from "./instances-contract.ts";
import { ownInstanceContract } from "./own-instance-contract.ts";
import { poolContract } from "./pool-contract.ts";
import { settingsContract } from "./settings-contract.ts";
import type { ForgeStand, Stand, StandKind } from "./stand.ts";
import { noFaults } from "../world/faults.ts";
import { ownInstancePort } from "../world/own-instance.ts";
import { startProcess } from "../world/process.ts";
import { queueOf } from "../world/queues.ts";
import { repositories, worldOf, type World } from "../world/world.ts";
import { catalogue } from "../../sim/ec2/catalogue.ts";

/** Without its checkers: contracts make moves that a whole system never would. */
function openWorld(): World {
  const world = worldOf({ seed: "contract", rates: noFaults, runAgent: () => new Promise(() => {}) });
  Object.assign(world.checks, { changed: () => {} });
  return world;
}

function open(): Promise<Stand> {
  const world = openWorld();
  const { time } = world;
  const { ports, process } = world.process("contract");
  const { words } = world;
  if (words.defaults === undefined) throw new Error("the world is not furnished");
  const type = catalogue.find(({ name }) => name === "m5.large");
  if (type === undefined) throw new Error("no m5.large in the catalogue");
  return Promise.resolve({
    defaults: words.defaults,
    now: () => time.now(),
    pass: (ms) => time.run(time.now() + ms),
    instances: settle(time, ports.instances),
    settings: settle(time, ports.settings),
    pool: settle(time, ports.pool),
    fleet: settle(time, ports.fleet),
    beginnings: settle(time, ports.beginnings),
    requests: settle(time, ports.requests),
    secrets: settle(time, ports.secrets),
    secretFolder: settle(time, ports.secretFolder),
    machine: () => {
      const machine = world.machines.launch({ type, zone: "eu-west-1a", usageClass: "on-demand", tags: {} });
      const agent = startProcess(world.around, { name: `agent ${machine.instanceId}`, chance: process.chance });
      const own = settle(time, ownInstancePort(world, machine, agent));
      return Promise.resolve({ key: machine.key, instanceId: machine.instanceId, own });
    },
    sendText: (name, body) => {
      queueOf(world.queues, name).add({ body, visibleAt: time.now(), receipt: "" });
      return Promise.resolve();
    },
    setAside: (name) => Promise.resolve(queueOf(world.queues, `${name} unreadable`).size),
    close: () => {
      time.stop();
      return Promise.resolve();
    },
  });
}

const world: StandKind = {
  name: "the in-process world",
  lacks: { "an item may be damaged": "its table holds records, not items" },
  open,
};

function openForge(): Promise<ForgeStand> {
  const world = openWorld();
  const { ports } = world.process("contract");
  const scope = repositories[0];
  return Promise.resolve({
    forge: {
      ...settle(world.time, ports.forge),
      enrol: async (place) =>
        (await ports.forge.enrol(place)).map((one) => ({ ...one, make: () => world.time.settle(one.make()) })),
    },
    queue: (runId, attempt, labels) => world.forge.queue({ scope, runId, attempt, labels, durationMs: 60_000 }),
    now: () => world.time.now(),
    scope,
    register: (name) => {
      const { token } = world.forge.issue(scope, "registration");
      const registered = world.forge.register(token, scope, name, ["large"]);
      if (!registered.ok) throw new Error(registered.cause);
      return Promise.resolve(registered.id);
    },
    busy: (id) => {
      const runner = world.forge.runners.get(id);
      if (runner === undefined) throw new Error(`no runner ${id}`);
      const wish = { scope, attempt: 1, runId: "1", labels: ["nobody"], durationMs: 60_000 };
      runner.job = world.forge.queue(wish);
    },
    close: () => Promise.resolve(),
  });
}

instancesContract(world);
ownInstanceContract(world);
settingsContract(world);
poolContract(world);
fleetContract(world);
forgeContract({ name: "the in-process world", open: openForge, refuses: "the world has no permissions" });
