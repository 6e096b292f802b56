// Two more callers of the table in the model: the idle floor, and one that has read a record and judges nothing.
import type { Cause } from "../../domain/reasons.ts";
import type { Move, Moves } from "../../domain/instance.ts";
import { ownAssignment, type Own } from "../../domain/needs.ts";
import { runOf } from "../../domain/owner.ts";
import { cells, ec2, get, machine, put, type Row } from "./layout.ts";
import type { Emit, Model, Process } from "./model.ts";
import { ahead, now, thing } from "./records.ts";
import { everyInstance, handOf, inSlot, slotOf } from "./slots.ts";

/** `recording` is also provision's word for it. */
const at = { nothing: 0, judged: 1, recording: 2, ending: 3 } as const;
const idShift = 5;

/** Creates one instance without an owner, and extends whatever it finds idle. */
export function floorOf(
  model: Model,
  process: number,
  { name, creates, keeps }: Extract<Process, { kind: "floor" }>,
): (row: Row, emit: Emit) => void {
  const { records, layout } = model;
  const hand = handOf(model, process);
  return (row, emit) =>
    everyInstance((i) => {
      const base = i * layout.block;
      const place = inSlot(hand.slot(row, i), "at");
      const forget = (after: Row): void => hand.set(after, i, 0);
      const record = records.of(row[base + cells.record] as number);
      if (place === at.recording) {
        const told = () => ({ now, threshold: ahead, machine: thing, claimId: `${name}.0` });
        const call = records.told(name, "create", told);
        return hand.call(row, emit, { instance: i, move: "create", call, done: forget, refused: forget });
      }
      if (place === at.judged) {
        const call = records.told("", "extend-idle", () => ({ now, threshold: ahead }));
        return hand.call(row, emit, { instance: i, move: "extend-idle", call, done: forget, refused: forget });
      }
      const after = row.slice();
      if (record?.state === "idle" && keeps !== false) {
        hand.set(after, i, slotOf({ at: at.judged }));
        return emit(after, name, "finds it idle, to be kept", i);
      }
      if (!creates || hand.phase(row) !== 0 || get(row, base, machine.ec2) !== ec2.none || record !== undefined) return;
      hand.enter(after, 1);
      put(after, base, machine.ec2, ec2.up);
      hand.set(after, i, slotOf({ at: at.recording }));
      emit(after, name, "launches a machine", i);
    });
}

type MoveParams = {
  readonly now: number;
  readonly threshold: number;
  readonly reason: Cause;
  readonly assignment: number;
};
/** Moves whose conditions ask for no fact of outside: whoever calls them, whenever, must do no harm. */
const guarded: readonly (readonly [Move, "claim" | "owner" | "nobody"])[] = [
  ["start", "claim"],
  ["park-prepared", "nobody"],
  ["park-left", "claim"],
  ["release", "claim"],
  ["release", "owner"],
  ["extend-idle", "nobody"],
  ["extend-running", "claim"],
  ["condemn-expired", "nobody"],
  ["condemn-retired", "nobody"],
  ["condemn-evicted", "nobody"],
  ["condemn-silent", "nobody"],
  ["condemn-unregistered", "claim"],
  ["condemn-unregistered", "owner"],
  ["condemn-left", "owner"],
];

/** Reads one record, and some time later makes one move by what it has read. */
export function strayOf(model: Model, process: number, name: string): (row: Row, emit: Emit) => void {
  const { records, layout } = model;
  const hand = handOf(model, process);
  return (row, emit) =>
    everyInstance((i) => {
      const slot = hand.slot(row, i);
      const place = inSlot(slot, "at");
      const forget = (after: Row): void => hand.set(after, i, 0);
      if (place === at.ending) return hand.end(row, i, emit, forget);
      if (place === at.nothing) {
        const id = row[i * layout.block + cells.record] as number;
        if (hand.phase(row) !== 0 || id === 0) return;
        const after = row.slice();
        hand.enter(after, 1);
        hand.set(after, i, slotOf({ at: at.judged, fresh: 1 }) | (id << idShift));
        return emit(after, name, "reads the record", i);
      }
      const read = records.of(slot >> idShift);
      if (read === undefined) return;
      const { owner = "", claimId = "", assignment } = read;
      const { runId = "", attempt = 0 } = runOf(owner) ?? {};
      for (const [move, right] of guarded) {
        if (right !== "nobody" && owner === "") continue;
        const own: Own = right === "owner" ? ownAssignment(read) : { by: "claim", owner, claimId };
        const told: MoveParams & { own: Own } = { now, threshold: ahead, reason: { code: "retired" }, assignment, own };
        const call = records.told(`${assignment}${JSON.stringify(own)}`, move, () => told as Moves[typeof move]);
        const actor =
          right === "nobody" ? {} : { actor: { run: runId, attempt, ...(right === "claim" ? { owner } : {}) } };
        const done = (after: Row): void =>
          hand.set(after, i, move.startsWith("condemn") ? slotOf({ at: at.ending }) : 0);
        const judged = move === "condemn-evicted" || move === "condemn-silent" ? { judged: assignment } : {};
        hand.call(row, emit, { instance: i, move, call, ...actor, ...judged, done, refused: forget });
      }
    });
}
