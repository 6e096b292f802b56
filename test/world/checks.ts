// What must hold at every write and every event, whatever fails. It looks at the truth of the world, not only at the records.
import { runOf } from "../../domain/owner.ts";
import { countersOf, tags } from "../../domain/names.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { limits } from "../../domain/limits.ts";
import type { PoolMessage } from "../../domain/pool-message.ts";
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { recordsOf } from "./forged-items.ts";
import type { Job } from "./forge.ts";
import { isAlive, isPaidFor, type Machine } from "./machine.ts";
import type { State } from "./state.ts";
import type { Change } from "./table.ts";

export interface Violation {
  /** The promise that is broken. */
  readonly rule: string;
  readonly at: EpochMs;
  readonly detail: string;
}

export interface Checks {
  readonly violations: readonly Violation[];
  violated(rule: string, detail: string): void;
  changed(change: Change): void;
  /** A message has been deleted; `last` = the queue holds no other of this instance. */
  deleted(message: PoolMessage, last: boolean): void;
  launched(): void;
  /** A counter has been written. */
  counted(scope: string): void;
  registers(machine: Machine, assignment: number): void;
  /** The agent has sent `deregistered`. */
  answered(machine: Machine, assignment: number): void;
  jobStarted(machine: Machine, job: Job): void;
  jobKilled(machine: Machine, job: Job): void;
  /** An agent has thrown. */
  crashed(process: string, error: unknown): void;
}

/** Clocks of the control plane are this close to the truth, and so are two steps of one process, ms. */
const clockToleranceMs = 5_000;

const ended = (record: InstanceRecord): boolean => record.state === "terminating" || record.state === "terminated";

const serving = ({ root, job }: Machine): string | undefined => {
  if (job !== undefined) return `job ${job.id} of run ${job.runId} runs on it`;
  if (root?.listener === "online" || root?.listener === "starting")
    return `the runner of assignment ${root.assignment} still listens`;
  return undefined;
};

/** Records that are not terminated, and machines without one that can be read, each where its counter is. */
export function placesHeld({ table, machines }: State, scope: string): number {
  const inScope = (partition: string): boolean => countersOf(partition).includes(scope);
  const { items } = recordsOf(table, table.all());
  const recorded = new Set(items.map(({ key }) => key));
  const records = items.filter(({ state, partition }) => state !== "terminated" && inScope(partition));
  const unrecorded = machines
    .all()
    .filter((one) => isPaidFor(one) && !recorded.has(one.key) && inScope(one.tags[tags.partition] ?? ""));
  return records.length + unrecorded.length;
}

export function checksOf(stateOf: () => State): Checks {
  const violations: Violation[] = [];
  /** By key: the threshold that stood when the record was condemned or its agent retired. */
  const doomed = new Map<string, EpochMs>();
  const answered = new Map<string, Set<number>>();

  const violated = (rule: string, detail: string): void => {
    const { time } = stateOf();
    violations.push({ rule, at: time.now(), detail });
    time.stop();
  };
  const told = (change: Change): string => {
    const { key, cause, before, after } = change;
    const line = (record: InstanceRecord | undefined): string =>
      record === undefined
        ? "none"
        : `${record.state} owner ${record.owner ?? "-"} claim ${record.claimId?.slice(0, 6) ?? "-"} assignment ${record.assignment} version ${record.version}`;
    return `${key.slice(key.lastIndexOf("/") + 1)} by ${cause}: ${line(before)} -> ${line(after)}`;
  };

  /** One owner: an instance changes hands only through idle, clean, and by growing its assignment. */
  const oneOwner = (change: Change, machine: Machine | undefined): void => {
    const { before, after } = change;
    const held = before?.owner;
    if (held !== undefined && after.owner !== undefined && (held !== after.owner || before?.claimId !== after.claimId))
      violated("one owner", `taken from its owner: ${told(change)}`);
    const takes = held === undefined && after.owner !== undefined;
    const assignment = before?.assignment ?? 0;
    if (after.assignment !== assignment + (takes ? 1 : 0))
      violated("an assignment grows with each owner, and only then", told(change));
    if (!takes || machine === undefined || machine.hung) return;
    const busy = serving(machine);
    if (busy !== undefined) violated("one owner", `given to an owner while ${busy}: ${told(change)}`);
  };

  const forgotten = (change: Change, machine: Machine | undefined): void => {
    const { before, after, cause } = change;
    if (after.state !== "terminated" || before?.state === "terminated" || cause.startsWith("hostile ")) return;
    const graced = machine === undefined || machine.state === "terminated";
    if (!graced) violated("terminated only after EC2 said so", `EC2 says ${machine.state}: ${told(change)}`);
  };

  const ends = (change: Change, machine: Machine | undefined): void => {
    const { key, before, after } = change;
    if (before?.state === "terminated" && after.state !== "terminated")
      violated("terminated stays terminated", told(change));
    if (before?.state === "terminating" && !ended(after)) violated("a condemned one does not come back", told(change));
    forgotten(change, machine);
    const dooms = (ended(after) && !(before !== undefined && ended(before))) || after.retiredAt !== before?.retiredAt;
    if (before !== undefined && dooms && !doomed.has(key)) doomed.set(key, before.threshold);
  };

  /** A signal counts only for its assignment: what a move takes for granted must have happened in truth. */
  const believed = (change: Change, machine: Machine | undefined): void => {
    const { key, before, after } = change;
    if (machine === undefined || before === undefined || before.state === after.state) return;
    if (after.state === "running") {
      if (!machine.served.has(before.assignment))
        violated("a signal counts only for its assignment", `never registered under it: ${told(change)}`);
      if (before.wanted === "leave") violated("nobody is handed what was asked to leave", told(change));
    }
    if (after.state !== "idle" || machine.hung) return;
    const busy = serving(machine);
    if (busy !== undefined) violated("a released instance has no worker", `${busy}: ${told(change)}`);
    if (before.owner !== undefined && answered.get(key)?.has(before.assignment) !== true)
      violated("a signal counts only for its assignment", `never deregistered: ${told(change)}`);
  };

  /** What a run does, it does to its own: by the name of the process, which carries the run. */
  const toItsOwn = (change: Change): void => {
    const run = /^run (\d+)\//.exec(change.cause)?.[1];
    const owner = runOf(change.before?.owner)?.runId;
    if (run !== undefined && owner !== undefined && run !== owner)
      violated("nobody moves what another run owns", told(change));
  };

  /** A machine that fell silent long ago is not handed out. */
  const lives = (change: Change, machine: Machine | undefined): void => {
    const { before, after } = change;
    const claimed = before !== undefined && before.owner === undefined && after.owner !== undefined;
    if (!claimed || machine?.downSince === undefined) return;
    const silent = stateOf().time.now() - machine.downSince;
    if (silent > limits.freshHeartbeatMs + Math.abs(machine.skewMs) + clockToleranceMs)
      violated("nobody is handed a dead machine", `down for ${Math.round(silent / 1000)} s: ${told(change)}`);
  };

  /** What an agent says never goes back; it ends itself early only for what it knows better than its record. */
  const agentsWord = (change: Change, machine: Machine | undefined): void => {
    const { before, after } = change;
    if (machine === undefined || before === undefined) return;
    const [said, says] = [before.signal, after.signal];
    if (said !== undefined && says !== undefined && says !== said) {
      const back = says.assignment < said.assignment || (says.assignment === said.assignment && says.rank < said.rank);
      if (back) violated("signals only move forward", `${says.kind} after ${said.kind}: ${told(change)}`);
    }
    if (before.retiredAt !== undefined || after.retiredAt === undefined || ended(before)) return;
    if (machine.notice !== undefined) return;
    const left = before.threshold - stateOf().time.now() - Math.abs(machine.skewMs) - clockToleranceMs;
    const knows = said !== undefined && ["prepare-failed", "register-failed", "listener-lost"].includes(said.kind);
    if (left > 0 && !knows)
      violated(
        "an agent ends itself by a threshold that stands",
        `${Math.round(left / 1000)} s early: ${told(change)}`,
      );
  };

  /**
   * A counter is never below what holds a place: places are reserved before a launch, and free only once EC2 has ended the machine. Above it
   * may be, for as long as a reply is on its way or a crash is not yet recounted.
   */
  const neverTooLow = (scope: string): void => {
    const { words, faults } = stateOf();
    // What such a workflow brings in has never asked for a place.
    if (faults.met.hostileWorkflow > 0) return;
    const [count, held] = [words.counters.get(scope) ?? 0, placesHeld(stateOf(), scope)];
    if (count < held)
      violated("a counter is never below what is alive", `${scope} says ${count}, ${held} hold a place`);
  };

  return {
    violations,
    violated,
    counted: neverTooLow,
    deleted({ key, version }, last) {
      const { table, time } = stateOf();
      if (table.isForged(key)) return;
      const record = table.get(key);
      const fresh = (record?.heartbeatAt ?? 0) > time.now() - limits.freshHeartbeatMs;
      const waits = record?.state === "idle" && record.version === version && record.retiredAt === undefined;
      if (last && waits && fresh && record.threshold > time.now() + clockToleranceMs)
        violated("a message is deleted only once its claim is decided", `${record.instanceId} still idles`);
    },
    changed(change) {
      const { machines, table } = stateOf();
      const machine = machines.byKey(change.key);
      // What somebody has forged proves nothing; that a machine which has not ended is not forgotten does not rest on it.
      if (table.isForged(change.key)) return forgotten(change, machine);
      toItsOwn(change);
      lives(change, machine);
      agentsWord(change, machine);
      oneOwner(change, machine);
      ends(change, machine);
      believed(change, machine);
    },
    launched() {
      const { machines, words, faults } = stateOf();
      const maximum = words.defaults?.maxInstances ?? Number.POSITIVE_INFINITY;
      const alive = machines.all().filter(isAlive).length;
      // Whoever has the provision role writes the counters, and what it brings in gives places back that it never asked for.
      if (faults.met.hostileWorkflow === 0 && alive > maximum)
        violated("never above maxInstances", `${alive} machines, at most ${maximum}`);
    },
    registers(machine, assignment) {
      const { root } = machine;
      if (root === undefined || root.assignment === assignment) return;
      violated(
        "one runner a machine",
        `${machine.instanceId} registers ${assignment} while the root of ${root.assignment} is there`,
      );
    },
    answered(machine, assignment) {
      const all = answered.get(machine.key) ?? new Set();
      answered.set(machine.key, all.add(assignment));
      const { root } = machine;
      if (root?.assignment === assignment && serving(machine) !== undefined)
        violated("an instance says deregistered only when it is", `${machine.instanceId} assignment ${assignment}`);
    },
    jobStarted(machine, job) {
      if (machine.taken !== undefined || stateOf().table.isForged(machine.key)) return;
      const record = stateOf().table.get(machine.key);
      const owner = record?.owner ?? (record !== undefined && ended(record) ? record.lastOwner : undefined);
      if (owner?.split(":")[2] === job.runId) return;
      violated(
        "a job runs only on an instance of its run",
        `job ${job.id} of run ${job.runId} on ${machine.instanceId}, whose record says ${record?.state ?? "nothing"}, owner ${record?.owner ?? "-"}, last ${record?.lastOwner ?? "-"}`,
      );
    },
    jobKilled(machine, job) {
      const { table, time } = stateOf();
      if (machine.disturbed) return;
      const record = table.get(machine.key);
      const threshold = doomed.get(machine.key) ?? record?.threshold ?? 0;
      const left = threshold - time.now();
      if (left <= Math.abs(machine.skewMs) + clockToleranceMs) return;
      violated(
        "no started job is ended before its threshold",
        `job ${job.id} of run ${job.runId} on ${machine.instanceId} (${machine.reason ?? "by its agent"}), ${Math.round(left / 1000)} s before; its record says ${record?.state ?? "nothing"} ${record?.reason?.code ?? ""}`,
      );
    },
    crashed(process, error) {
      const known = error instanceof Error && (error.name === "OutOfReach" || error.name === "ForgeRefused");
      if (!known) violated("an agent does not throw", `${process}: ${String(error)}`);
    },
  };
}
