// What a control process of the model remembers of an instance, and the calls that it makes of the table.
import type { Condemnation } from "../../control/pool/condemn.ts";
import type { Own } from "../../domain/needs.ts";
import { cells, ec2, get, instances, machine, put, type Row } from "./layout.ts";
import type { Emit, Model } from "./model.ts";
import { attempt, type Actor, type Attempt } from "./moves.ts";
import { ahead, now } from "./records.ts";

const laid = <Name extends string>(widths: Record<Name, number>): Record<Name, { shift: number; mask: number }> => {
  let shift = 0;
  const fields = {} as Record<Name, { shift: number; mask: number }>;
  for (const name of Object.keys(widths) as Name[]) {
    fields[name] = { shift, mask: (1 << widths[name]) - 1 };
    shift += widths[name];
  }
  return fields;
};

/** Bit 0 of every slot: the version that was read still stands; whatever move is made clears it. */
const fields = laid({
  fresh: 1,
  at: 4,
  by: 4,
  created: 1,
  assignment: 3,
  proof: 2,
  known: 8,
  attempt: 2,
  run: 2,
  ended: 1,
});
export type Slot = Partial<Record<keyof typeof fields, number>>;

export const slotOf = (slot: Slot): number => {
  let packed = 0;
  for (const name of Object.keys(slot) as (keyof typeof fields)[])
    packed |= (slot[name] as number) << fields[name].shift;
  return packed;
};
export const inSlot = (packed: number, name: keyof typeof fields): number =>
  (packed >> fields[name].shift) & fields[name].mask;
/** The slot with some of it changed. */
export const withSlot = (packed: number, change: Slot): number => {
  let next = packed;
  for (const name of Object.keys(change) as (keyof typeof fields)[])
    next = (next & ~(fields[name].mask << fields[name].shift)) | ((change[name] as number) << fields[name].shift);
  return next;
};

export const condemnations: readonly Condemnation[] = [
  "condemn-expired",
  "condemn-retired",
  "condemn-gone",
  "condemn-evicted",
  "condemn-silent",
  "condemn-unregistered",
  "condemn-deleted",
  "condemn-not-found",
  "condemn-left",
];

/** One process with its slots: reading, writing and calling in its name. */
export interface Hand {
  readonly process: number;
  slot(row: Row, i: number): number;
  set(row: Row, i: number, slot: number): void;
  phase(row: Row): number;
  enter(row: Row, phase: number): void;
  condemn(
    row: Row,
    i: number,
    emit: Emit,
    by: Condemnation,
    own: Own | undefined,
    actor: Actor | undefined,
    next: Next,
  ): void;
  /** Makes idle what has left: parked where it was `created` when read. */
  makeIdle(
    row: Row,
    i: number,
    emit: Emit,
    created: boolean,
    own: Own,
    claim: Own | undefined,
    actor: Actor,
    next: Next,
  ): void;
  ask(row: Row, i: number, emit: Emit, own: Own, actor: Actor, next: Next): void;
  call(row: Row, emit: Emit, one: Omit<Attempt, "process">): void;
  /** Asks EC2 to end the machine; then `next`. */
  end(row: Row, i: number, emit: Emit, next: (after: Row) => void): void;
}
export interface Next {
  readonly done: (after: Row) => void;
  readonly refused: (after: Row, why: string) => void;
}

const nobody: Own = { by: "claim", owner: "", claimId: "" };
const nameOf = (own: Own | undefined): string => (own === undefined ? "" : JSON.stringify(own));

export function handOf(model: Model, process: number): Hand {
  const { layout, records, spec } = model;
  const who = (spec.processes[process] as { name: string }).name;
  const at = (i: number): number => i * layout.block + cells.slots + process;
  const hand: Hand = {
    process,
    slot: (row, i) => row[at(i)] as number,
    set(row, i, slot) {
      row[at(i)] = slot;
    },
    phase: (row) => row[layout.phase + process] as number,
    enter(row, phase) {
      row[layout.phase + process] = phase;
    },
    call: (row, emit, one) => attempt(model, row, emit, { ...one, process }),
    condemn(row, i, emit, by, own, actor, next) {
      const judges = by === "condemn-evicted" || by === "condemn-silent";
      const assignment = judges ? inSlot(hand.slot(row, i), "assignment") : 0;
      const judged = judges ? { judged: assignment } : {};
      const call = records.told(`${assignment}${nameOf(own)}`, by, () => {
        return { now, threshold: ahead, reason: { code: "retired" }, assignment, own: own ?? nobody };
      });
      hand.call(row, emit, {
        instance: i,
        move: by,
        call,
        ...(actor === undefined ? {} : { actor }),
        ...judged,
        ...next,
      });
    },
    makeIdle(row, i, emit, created, own, claim, actor, next) {
      const move = created ? "park-left" : "release";
      const right = created ? (claim ?? nobody) : own;
      const call = records.told(nameOf(right), move, () => ({ now, threshold: ahead, own: right }));
      hand.call(row, emit, { instance: i, move, call, actor, ...next });
    },
    ask(row, i, emit, own, actor, next) {
      const call = records.told(nameOf(own), "ask-to-leave", () => ({ now, own }));
      hand.call(row, emit, { instance: i, move: "ask-to-leave", call, actor, ...next });
    },
    end(row, i, emit, next) {
      const after = row.slice();
      if (get(row, i * layout.block, machine.ec2) === ec2.up) put(after, i * layout.block, machine.ec2, ec2.ending);
      next(after);
      emit(after, who, "asks EC2 to end the machine", i);
    },
  };
  return hand;
}

export const everyInstance = (visit: (i: number) => void): void => {
  for (let i = 0; i < instances; i++) visit(i);
};
