// Release in the model: ask, delete at GitHub, wait, make idle; what stays silent is condemned on GitHub's proof.
import type { Condemnation } from "../../control/pool/condemn.ts";
import { forgeProves, hasLeft } from "../../control/pool/leave.ts";
import { ownAssignment, type Own } from "../../domain/needs.ts";
import { isOfRun, runOf } from "../../domain/owner.ts";
import { cells, type Row } from "./layout.ts";
import { crashed, mayCrash, type Emit, type Model, type Process } from "./model.ts";
import { deleteRunner } from "./outside.ts";
import { ownerIn } from "./provisions.ts";
import { condemnations, everyInstance, handOf, inSlot, slotOf, withSlot } from "./slots.ts";

type Release = Extract<Process, { kind: "release" }>;

const at = {
  nothing: 0,
  listed: 1,
  asked: 2,
  waiting: 3,
  left: 4,
  proving: 5,
  proved: 6,
  ending: 7,
  past: 8,
  stale: 9,
  deletesFirst: 10,
} as const;
const phase = { before: 0, begun: 1, crashed: 2 } as const;
const proof = { none: 0, removed: 1, absent: 2, busy: 3 } as const;

export function releaseOf(model: Model, process: number, spec: Release): (row: Row, emit: Emit) => void {
  const { records, layout, rules } = model;
  const hand = handOf(model, process);
  const { run, attempt, name } = spec;
  const actor = { run, attempt };
  const recordAt = (row: Row, i: number) => records.of(row[i * layout.block + cells.record] as number);
  const ownOf = (slot: number): Own =>
    ownAssignment({
      owner: ownerIn(model, run, inSlot(slot, "attempt")),
      assignment: inSlot(slot, "assignment"),
    });
  const moveTo = (i: number, place: number) => (after: Row) =>
    hand.set(after, i, withSlot(hand.slot(after, i), { at: place }));
  const forget = (i: number) => (after: Row) => hand.set(after, i, 0);

  const begins = (row: Row, emit: Emit): void => {
    const after = row.slice();
    hand.enter(after, phase.begun);
    everyInstance((i) => {
      const record = recordAt(row, i);
      if (record === undefined || !isOfRun(record.owner, { runId: run, attempt })) return;
      const asks = spec.rights && !rules.releaseAsksFirst ? at.deletesFirst : at.listed;
      const first = rules.releaseAsks ? asks : at.waiting;
      hand.set(
        after,
        i,
        slotOf({ at: first, assignment: record.assignment, attempt: runOf(record.owner)?.attempt ?? 0 }),
      );
    });
    emit(after, name, "lists the instances of its run", -1);
  };

  /** One call at GitHub, of what was listed there in the same moment. */
  const deletes = (
    row: Row,
    i: number,
    emit: Emit,
    then: (after: Row, found: "removed" | "absent" | "busy") => void,
  ): void => {
    const after = row.slice();
    const found = deleteRunner(after, i * layout.block, inSlot(hand.slot(row, i), "assignment"));
    then(after, found);
    emit(after, name, `deletes its runner at GitHub: ${found}`, i);
  };

  const looks = (row: Row, i: number, emit: Emit): void => {
    const slot = hand.slot(row, i);
    const record = recordAt(row, i);
    const after = row.slice();
    if (record?.owner === undefined || record.assignment !== inSlot(slot, "assignment")) {
      forget(i)(after);
      return emit(after, name, "sees that it is elsewhere", i);
    }
    if (hasLeft(record)) {
      hand.set(after, i, withSlot(slot, { at: at.left, created: record.state === "created" ? 1 : 0, proof: 0 }));
      return emit(after, name, "sees that it has left", i);
    }
    const proves = forgeProves(record) || !rules.forgeProves;
    if (!spec.rights) forget(i)(after);
    else hand.set(after, i, withSlot(slot, { at: at.proving, ended: proves ? 1 : 0 }));
    emit(after, name, "waits no longer", i);
  };

  /** Parking a created one is by the claim that its record names: it has but one. */
  const claimOf = (row: Row, i: number): Own => {
    const record = recordAt(row, i);
    return { by: "claim", owner: record?.owner ?? "", claimId: record?.claimId ?? "" };
  };

  const works = (row: Row, i: number, emit: Emit): void => {
    const slot = hand.slot(row, i);
    const own = ownOf(slot);
    const end = { done: moveTo(i, at.ending), refused: forget(i) };
    const asked = spec.rights && rules.releaseAsksFirst ? at.asked : at.waiting;
    const by = (of: Condemnation, right?: Own): void =>
      hand.condemn(row, i, emit, of, right, right === undefined ? undefined : actor, end);
    switch (inSlot(slot, "at")) {
      case at.deletesFirst:
        return deletes(row, i, emit, moveTo(i, at.listed));
      case at.listed:
        return hand.ask(row, i, emit, own, actor, { done: moveTo(i, asked), refused: forget(i) });
      case at.asked:
        return deletes(row, i, emit, moveTo(i, at.waiting));
      case at.waiting:
        return looks(row, i, emit);
      case at.left:
        return hand.makeIdle(row, i, emit, inSlot(slot, "created") === 1, own, claimOf(row, i), actor, {
          done: (after) =>
            hand.set(
              after,
              i,
              model.spec.stale === true
                ? slotOf({ at: at.stale, fresh: 1, assignment: inSlot(slot, "assignment") })
                : 0,
            ),
          refused: (after, why) => {
            const of =
              why === "not past its threshold"
                ? "condemn-expired"
                : why === "not retired"
                  ? "condemn-retired"
                  : undefined;
            hand.set(after, i, of === undefined ? 0 : slotOf({ at: at.past, by: condemnations.indexOf(of) }));
          },
        });
      case at.proving:
        return deletes(row, i, emit, (after, found) => {
          const nothing = found === "busy" || inSlot(slot, "ended") === 0;
          hand.set(after, i, nothing ? 0 : withSlot(slot, { at: at.proved, proof: proof[found] }));
        });
      case at.proved:
        return by(inSlot(slot, "proof") === proof.removed ? "condemn-deleted" : "condemn-not-found", own);
      case at.past:
        return by(condemnations[inSlot(slot, "by")] ?? "condemn-expired");
      case at.stale:
        return by("condemn-evicted");
      case at.ending:
        return hand.end(row, i, emit, forget(i));
    }
  };

  return (row, emit) => {
    const here = hand.phase(row);
    if (here === phase.before) return begins(row, emit);
    if (here === phase.crashed) return;
    const busy = [0, 1].some((i) => hand.slot(row, i) !== 0);
    if (!busy) return;
    everyInstance((i) => works(row, i, emit));
    if (!mayCrash(model, row, process)) return;
    const after = crashed(model, row, process);
    hand.enter(after, phase.crashed);
    everyInstance((i) => forget(i)(after));
    emit(after, name, "crashes", -1);
  };
}
