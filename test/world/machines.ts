// The machines of a world and their fates: booting, dying, hanging, reclaimed, powered off; and the agents that run on them.
import { instanceKey } from "../../domain/names.ts";
import { limits } from "../../domain/limits.ts";
import type { UsageClass } from "../../domain/record.ts";
import type { EpochMs } from "../../cloud/ports/clock.ts";
import type { Chance } from "../../sim/chance.ts";
import type { InstanceType } from "../../sim/ec2/catalogue.ts";
import { agentPorts, type AgentPorts } from "./agent-world.ts";
import { seize, takeOver } from "./hostile-agent.ts";
import { isAlive, isCutOff, isPaidFor, isUp, type Machine } from "./machine.ts";
import { anyAwait, startProcess } from "./process.ts";
import type { State } from "./state.ts";

export interface Order {
  readonly type: InstanceType;
  readonly zone: string;
  readonly usageClass: UsageClass;
  readonly tags: Readonly<Record<string, string>>;
}

/** Runs an agent until it ends; `onWake` is given the function that ends its present wait. */
export type RunAgent = (ports: AgentPorts, machine: Machine, onWake: (wake: () => void) => void) => Promise<unknown>;

export interface Machines {
  /** With user data of somebody else nothing of ours runs on it, and no fault is needed to make it useless. */
  launch(order: Order, by?: { readonly userData: "theirs" }): Machine;
  byId(instanceId: string): Machine | undefined;
  byKey(key: string): Machine | undefined;
  all(): Machine[];
  /** The machine goes down, whoever wants it to; what runs on it ends with it. */
  end(machine: Machine, reason: string): void;
  /** Its agent's process dies; it is started again where the machine is up. */
  killAgent(machine: Machine): void;
}

const minute = 60_000;
/** So many awaits the longest life of an agent was seen to have. */
const agentAwaits = 1_000;

export function machinesOf(stateOf: () => State, world: Chance, runAgent: RunAgent): Machines {
  const machines = new Map<string, Machine>();
  const chance = world.fork("machines");

  const boot = (machine: Machine, own: Chance): void => {
    const { time, faults } = stateOf();
    const { rates } = faults;
    time.after(own.between(1_000, 8_000), `${machine.instanceId} runs`, () => {
      if (machine.state === "pending") machine.state = "running";
    });
    const never = own.happens(rates.neverBoots);
    const late = own.happens(rates.bootsTooLate);
    const bootMs = late ? own.between(9 * minute, 14 * minute) : own.between(10_000, 60_000);
    if (never || late) machine.disturbed = true;
    if (never) faults.meet("neverBoots");
    else if (late) faults.meet("bootsTooLate");
    if (never) return;
    time.after(bootMs, `${machine.instanceId} booted`, () => startAgent(machine, own, 1));
    time.after(limits.bootWatchdogMs, `${machine.instanceId} watchdog`, () => {
      if (!machine.ready && isUp(machine) && machine.taken === undefined) end(machine, "boot watchdog");
    });
  };
  const befall = (machine: Machine, own: Chance): void => {
    const { time, faults } = stateOf();
    const { rates } = faults;
    const sometime = (): number => own.between(1_000, own.happens(0.5) ? 2 * minute : 40 * minute);
    if (own.happens(rates.dies)) time.after(sometime(), `${machine.instanceId} dies`, () => fail(machine));
    if (own.happens(rates.hangs)) time.after(sometime(), `${machine.instanceId} hangs`, () => hang(machine));
    if (machine.usageClass === "spot" && own.happens(rates.spotNotice))
      time.after(sometime(), `${machine.instanceId} noticed`, () => notice(machine));
    const stops = own.fork("stops");
    if (stops.happens(rates.stops))
      time.after(stops.between(1_000, 30 * minute), `${machine.instanceId} is stopped`, () => stop(machine));
    const newer = own.fork("newer schema");
    if (newer.happens(rates.newerSchema))
      time.after(newer.between(60_000, 20 * minute), `${machine.instanceId} is written by a newer runpool`, () =>
        outdate(machine),
      );
    const hostile = own.fork("hostile agent");
    if (hostile.happens(rates.hostileAgent))
      time.after(
        hostile.between(20_000, hostile.happens(0.5) ? 3 * minute : 30 * minute),
        `${machine.instanceId} is taken over`,
        () => {
          if (healed() || !isUp(machine)) return;
          faults.meet("hostileAgent");
          takeOver(stateOf(), machine, hostile);
        },
      );
    if (own.happens(rates.cutOff)) {
      faults.meet("cutOff");
      const from = machine.launchedAt + sometime();
      machine.cutOff = { from, to: from + own.between(5_000, own.happens(0.2) ? 45 * minute : 2 * minute) };
    }
  };
  /** Faults that lie ahead do not happen any more once the world has healed. */
  const healed = (): boolean => stateOf().faults.healed;
  const fail = (machine: Machine): void => {
    if (healed() || !isAlive(machine)) return;
    stateOf().faults.meet("dies");
    machine.disturbed = true;
    end(machine, "Server.InternalError: the host failed");
  };
  const hang = (machine: Machine): void => {
    if (healed() || !isUp(machine)) return;
    machine.disturbed = true;
    machine.hung = true;
    stateOf().faults.meet("hangs");
    halt(machine);
  };
  const stop = (machine: Machine): void => {
    const { time, faults } = stateOf();
    if (healed() || !isUp(machine)) return;
    faults.meet("stops");
    machine.disturbed = true;
    machine.state = "stopping";
    machine.reason = "Client.UserInitiatedShutdown: User initiated shutdown";
    machine.deadline?.cancel();
    halt(machine);
    time.after(chance.between(1_000, 30_000), `${machine.instanceId} stopped`, () => {
      if (machine.state === "stopping") machine.state = "stopped";
    });
  };
  const outdate = (machine: Machine): void => {
    const { faults, table } = stateOf();
    const record = table.get(machine.key);
    if (healed() || !isUp(machine) || record === undefined || record.state === "terminated") return;
    faults.meet("newerSchema");
    table.forge(machine.key, { ...record, schema: 99 }, "hostile newer runpool");
  };
  const notice = (machine: Machine): void => {
    const { time, faults } = stateOf();
    if (healed() || !isAlive(machine)) return;
    faults.meet("spotNotice");
    machine.disturbed = true;
    machine.notice = { kind: "terminate", at: time.now() + 2 * minute };
    time.after(chance.between(0, 5_000), `${machine.instanceId} sees its notice`, () => machine.wake());
    time.after(2 * minute, `${machine.instanceId} reclaimed`, () =>
      end(machine, "Server.SpotInstanceTermination: reclaimed"),
    );
  };

  /** All software stops: agent, listener, job. */
  const halt = (machine: Machine): void => {
    const { forge, checks, time } = stateOf();
    machine.downSince ??= time.now();
    machine.taken?.stop();
    machine.agent?.kill();
    if (machine.job !== undefined) checks.jobKilled(machine, machine.job);
    if (machine.root?.registration !== undefined) forge.disconnect(machine.root.registration);
    machine.job = undefined;
  };
  const end = (machine: Machine, reason: string): void => {
    const { time } = stateOf();
    if (!isPaidFor(machine)) return;
    machine.state = "shutting-down";
    machine.reason = reason;
    machine.deadline?.cancel();
    halt(machine);
    time.note(`${machine.instanceId} ends: ${reason}`);
    stateOf().around.heard(machine.instanceId, "world.machine-ends", { reason });
    time.after(chance.between(1_000, 30_000), `${machine.instanceId} terminated`, () => {
      machine.state = "terminated";
      machine.endedAt = time.now();
    });
  };
  const startAgent = (machine: Machine, own: Chance, life: number): void => {
    const state = stateOf();
    const { time, faults, around } = state;
    if (!isUp(machine) || machine.taken !== undefined) return;
    const dies = own.happens(faults.rates.agentDies / life);
    const process = startProcess(around, {
      name: `${machine.instanceId}/${life}`,
      chance: own.fork(`agent${life}`),
      skewMs: machine.skewMs,
      cutOff: () => isCutOff(machine, time.now()),
      ...(dies ? { diesAtAwait: anyAwait(own, agentAwaits) } : {}),
    });
    machine.agent = process;
    process.onDeath(() => {
      machine.wake = () => {};
      if (dies && isUp(machine)) faults.meet("agentDies");
      // systemd starts it again.
      if (isUp(machine))
        time.after(own.between(500, 5_000), `${machine.instanceId} restarts`, () => startAgent(machine, own, life + 1));
    });
    void runAgent(agentPorts(state, machine, process), machine, (wake) => {
      machine.wake = () => {
        if (process.alive) wake();
      };
    }).then(
      () => {
        if (process.alive) state.around.heard(process.name, "world.agent-resolved", {});
      },
      (error: unknown) => {
        if (process.alive) state.checks.crashed(process.name, error);
        process.kill();
      },
    );
  };
  const idOf = (): string => `i-${chance.id().slice(0, 17)}`;
  return {
    byId: (instanceId) => machines.get(instanceId),
    byKey: (key) => machines.get(key.slice(key.lastIndexOf("/") + 1)),
    all: () => [...machines.values()],
    end,
    killAgent: (machine) => machine.agent?.kill(),
    launch(order, by) {
      const { place, time, faults, checks } = stateOf();
      const instanceId = idOf();
      const own = chance.fork(instanceId);
      const launchedAt: EpochMs = time.now();
      const { skewMs } = faults.rates;
      const worst = own.happens(0.2) ? skewMs : Math.min(skewMs, 1_000);
      const machine: Machine = {
        ...order,
        instanceId,
        key: instanceKey(place, instanceId),
        launchedAt,
        skewMs: Math.round((own.next() * 2 - 1) * worst),
        knownFrom: launchedAt + (own.happens(faults.rates.slow * 4) ? own.between(0, 20_000) : 0),
        state: "pending",
        reason: undefined,
        endedAt: undefined,
        downSince: undefined,
        hung: false,
        disturbed: false,
        taken: undefined,
        notice: undefined,
        cutOff: undefined,
        prepared: undefined,
        ready: false,
        root: undefined,
        job: undefined,
        diskFree: 0.8,
        jobs: 0,
        agent: undefined,
        wake: () => {},
        deadline: undefined,
        served: new Set(),
      };
      machines.set(instanceId, machine);
      if (machine.skewMs !== 0) faults.meet("skewMs");
      time.note(`launched ${instanceId} ${order.type.name} ${order.zone}`);
      stateOf().around.heard(instanceId, "world.launched", { type: order.type.name, zone: order.zone });
      if (by?.userData === "theirs") seize(machine);
      checks.launched();
      boot(machine, own);
      if (machine.taken === undefined) befall(machine, own);
      return machine;
    },
  };
}
