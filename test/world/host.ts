// The ports `Host` and `Metadata` of a machine of the world.
import type { Host, PrepareOutcome } from "../../cloud/ports/host.ts";
import type { Metadata } from "../../cloud/ports/metadata.ts";
import { isUp, type Machine } from "./machine.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

const outcomeOf = (machine: Machine): PrepareOutcome =>
  machine.prepared?.outcome === "failed" ? { kind: "failed", detail: "exit code 1" } : { kind: "prepared" };

export function hostPort({ time, faults, machines }: State, machine: Machine, process: Process): Host {
  const { chance } = process;
  return {
    prepare: () =>
      process.wait((done) => {
        const fails = chance.happens(faults.rates.prepareFails);
        machine.prepared ??= {
          outcome: fails ? "failed" : "prepared",
          at: time.now() + chance.between(200, 20_000),
        };
        if (machine.prepared.outcome === "failed") machine.disturbed = true;
        if (fails) faults.meet("prepareFails");
        time.at(machine.prepared.at, `${process.name} prepared`, () => done(outcomeOf(machine)));
      }),
    // What a host answers at once costs no event.
    report: async () => {
      machine.ready ||= process.alive;
    },
    deadline: async (at) => {
      if (!process.alive) return;
      machine.deadline?.cancel();
      const moment = at - machine.skewMs;
      const timer = time.at(moment, `${machine.instanceId} deadline`, () => {
        if (isUp(machine)) machines.end(machine, "deadline timer");
      });
      machine.deadline = { at: moment, cancel: () => timer.cancel() };
    },
    left: async () => (machine.deadline === undefined ? undefined : machine.deadline.at - time.now()),
    diskFree: async () => machine.diskFree,
    powerOff: (reason) =>
      process.wait((done) => {
        time.after(chance.between(50, 3_000), `${process.name} powers off`, () => {
          done(undefined);
          machines.end(machine, `powered off: ${reason}`);
        });
      }),
  };
}

export function metadataPort({ place, faults }: State, machine: Machine, process: Process): Metadata {
  const { region, account } = place;
  const { instanceId, zone, type, tags } = machine;
  const own = process.chance.fork("metadata");
  const alive = <T>(value: T): Promise<T> => (process.alive ? Promise.resolve(value) : new Promise(() => {}));
  return {
    identity: () => alive({ instanceId, region, account, zone, instanceType: type.name }),
    tag: (name) => alive(tags[name]),
    tags: () => alive(tags),
    interruption: () => {
      if (!own.happens(faults.rates.metadataFails)) return alive(machine.notice);
      faults.meet("metadataFails");
      return process.alive ? Promise.reject(new Error("the metadata service does not answer")) : alive(machine.notice);
    },
  };
}
