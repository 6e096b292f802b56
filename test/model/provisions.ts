// Provision and its giving back, in the model: each call of the table is a step, judged by the real verdict.
import { hasLeft } from "../../control/pool/leave.ts";
import { verdictOf } from "../../control/pool/verdict.ts";
import type { OwnClaim } from "../../domain/needs.ts";
import { formatOwner, runOwner } from "../../domain/owner.ts";
import { cells, ec2, get, machine, put, type Row } from "./layout.ts";
import { crashed, mayCrash, type Emit, type Model, type Process } from "./model.ts";
import type { Actor } from "./moves.ts";
import { ownership } from "../domain/situations.ts";
import { ahead, now, thing } from "./records.ts";
import { condemnations, everyInstance, handOf, inSlot, slotOf, withSlot } from "./slots.ts";

type Provision = Extract<Process, { kind: "provision" }>;

/** Phases; above them the number of the claim that its present incarnation makes. */
const phase = { choosing: 0, validating: 1, givingBack: 2, over: 3, crashed: 4 } as const;
const phaseOf = (packed: number): number => packed & 7;
const claimOf = (packed: number): number => packed >> 3;

const at = {
  nothing: 0,
  claiming: 1,
  recording: 2,
  held: 3,
  starting: 4,
  condemning: 5,
  unwanted: 6,
  asking: 7,
  waiting: 8,
  left: 9,
  impatient: 10,
  ending: 11,
  past: 12,
  stale: 13,
} as const;

const provisionIdOf = (name: string): string => name.replaceAll(" ", "-");

/** The owner of each provision of the model: of a run and attempt there is at most one. */
export function ownerIn({ spec }: Model, run: string, attempt: number): string {
  const of = spec.processes.find((one) => one.kind === "provision" && one.run === run && one.attempt === attempt);
  return of === undefined ? "" : formatOwner(runOwner(run, attempt, provisionIdOf(of.name)));
}

/** Somebody has launched the machine and is about to write its record. */
export const isRecording = (slot: number): boolean => inSlot(slot, "at") === at.recording;

export function provisionOf(model: Model, process: number, spec: Provision): (row: Row, emit: Emit) => void {
  const { records, layout } = model;
  const hand = handOf(model, process);
  const { run, attempt, name } = spec;
  const claimId = (claim: number): string => `${name}.${claim}`;
  const owned = (claim: number) => ownership(run, attempt, provisionIdOf(name), claimId(claim));
  const { owner } = owned(0);
  const actor: Actor = { run, attempt, owner };
  const own = (claim: number): OwnClaim => ({ by: "claim", owner, claimId: claimId(claim) });
  /** The claim by which a slot is held stands in its `proof`. */
  const ownOf = (slot: number): OwnClaim => own(inSlot(slot, "proof"));
  const recordAt = (row: Row, i: number) => records.of(row[i * layout.block + cells.record] as number);
  const moveTo = (i: number, place: number) => (after: Row) =>
    hand.set(after, i, withSlot(hand.slot(after, i), { at: place }));
  const forget = (i: number) => (after: Row) => hand.set(after, i, 0);
  const enter = (after: Row, next: number): void =>
    hand.enter(after, next === phase.over ? phase.over : (hand.phase(after) & ~7) | next);
  /** What is given back is no longer this process's care; when all is, it is over. */
  const settled = (i: number) => (after: Row) => {
    forget(i)(after);
    if (phaseOf(hand.phase(after)) === phase.givingBack && [0, 1].every((j) => hand.slot(after, j) === 0))
      enter(after, phase.over);
  };

  /** Reads by the table what is its own, and asks all of it to leave. */
  const givesBack = (after: Row): void => {
    enter(after, phase.givingBack);
    everyInstance((i) => {
      const record = recordAt(after, i);
      const held = hand.slot(after, i);
      if (record?.owner === owner && record.claimId !== undefined)
        hand.set(
          after,
          i,
          slotOf({ at: at.asking, assignment: record.assignment, proof: Number(record.claimId.split(".")[1]) }),
        );
      else if (inSlot(held, "at") === at.held || inSlot(held, "at") === at.starting) moveTo(i, at.asking)(after);
      else forget(i)(after);
    });
    if ([0, 1].every((i) => hand.slot(after, i) === 0)) enter(after, phase.over);
  };

  const choosing = (row: Row, i: number, emit: Emit): void => {
    const base = i * layout.block;
    const slot = hand.slot(row, i);
    const claim = claimOf(hand.phase(row));
    const others = [0, 1].some((j) => hand.slot(row, j) !== 0 && j !== i);
    if (others) return;
    const taken = (after: Row): void => {
      const assignment = recordAt(after, i)?.assignment ?? 0;
      hand.set(after, i, slotOf({ at: at.held, assignment, proof: claim }));
      enter(after, phase.validating);
    };
    if (spec.claims !== false && recordAt(row, i) !== undefined && (slot === 0 || inSlot(slot, "at") === at.claiming)) {
      const told = () => ({ now, threshold: ahead, ownership: owned(claim) });
      const call = records.told(claimId(claim), "claim", told);
      // Should its reply be lost, it is this claim that is made again.
      const aimed = row.slice();
      hand.set(aimed, i, slotOf({ at: at.claiming }));
      hand.call(aimed, emit, { instance: i, move: "claim", call, actor, done: taken, refused: forget(i) });
    }
    if (spec.creates === true && slot === 0 && get(row, base, machine.ec2) === ec2.none) {
      const after = row.slice();
      put(after, base, machine.ec2, ec2.up);
      hand.set(after, i, slotOf({ at: at.recording }));
      emit(after, name, "launches a machine", i);
    }
    if (inSlot(slot, "at") !== at.recording) return;
    const told = () => ({ now, threshold: ahead, machine: thing, claimId: claimId(claim), ownership: owned(claim) });
    const call = records.told(claimId(claim), "create", told);
    hand.call(row, emit, { instance: i, move: "create", call, actor, done: taken, refused: forget(i) });
  };

  const validating = (row: Row, i: number, emit: Emit): void => {
    const slot = hand.slot(row, i);
    const base = i * layout.block;
    const go = (place: number, what: string, by = 0): void => {
      const after = row.slice();
      hand.set(after, i, withSlot(slot, { at: place, by }));
      emit(after, name, what, i);
    };
    switch (inSlot(slot, "at")) {
      case at.held: {
        const verdict = verdictOf(recordAt(row, i), claimId(inSlot(slot, "proof")), now);
        if (verdict.kind === "ready") go(at.starting, "finds it ready");
        else if (verdict.kind === "lost" && verdict.condemn === undefined)
          go(at.nothing, `lets it go: ${verdict.cause.code}`);
        else if (verdict.kind === "lost")
          go(
            at.condemning,
            `lets it go: ${verdict.cause.code}`,
            condemnations.indexOf(verdict.condemn ?? "condemn-expired"),
          );
        else if (verdict.quiet && get(row, base, machine.ec2) === ec2.ended)
          go(at.condemning, "learns that its machine is gone", condemnations.indexOf("condemn-gone"));
        return;
      }
      case at.starting: {
        const right = ownOf(slot);
        const call = records.told(JSON.stringify(right), "start", () => ({ now, threshold: ahead, own: right }));
        const done = (after: Row): void => {
          forget(i)(after);
          enter(after, phase.over);
        };
        return hand.call(row, emit, { instance: i, move: "start", call, actor, done, refused: moveTo(i, at.held) });
      }
      case at.condemning: {
        const by = condemnations[inSlot(slot, "by")] ?? "condemn-expired";
        return hand.condemn(row, i, emit, by, ownOf(slot), actor, {
          done: moveTo(i, at.ending),
          refused: moveTo(i, at.unwanted),
        });
      }
      case at.unwanted:
        return hand.ask(row, i, emit, ownOf(slot), actor, { done: forget(i), refused: forget(i) });
      case at.ending:
        return hand.end(row, i, emit, forget(i));
    }
    // Nothing is left of what it took: it fails, and gives back what is its own.
    if ([0, 1].some((j) => hand.slot(row, j) !== 0)) return;
    const after = row.slice();
    givesBack(after);
    emit(after, name, "fails, and gives back", i);
  };

  const givingBack = (row: Row, i: number, emit: Emit): void => {
    const slot = hand.slot(row, i);
    const right = ownOf(slot);
    const end = { done: moveTo(i, at.ending), refused: settled(i) };
    switch (inSlot(slot, "at")) {
      case at.asking:
        return hand.ask(row, i, emit, right, actor, { done: moveTo(i, at.waiting), refused: settled(i) });
      case at.waiting: {
        const record = recordAt(row, i);
        const after = row.slice();
        if (record?.owner === undefined || record.assignment !== inSlot(slot, "assignment")) {
          settled(i)(after);
          return emit(after, name, "sees that it is no longer its own", i);
        }
        const created = record.state === "created" ? 1 : 0;
        // Own by the claim that the record names.
        const claim = Number((record.claimId ?? ".0").split(".")[1]);
        const left = hasLeft(record);
        hand.set(after, i, withSlot(slot, left ? { at: at.left, created, proof: claim } : { at: at.impatient }));
        return emit(after, name, left ? "sees that it has left" : "waits no longer", i);
      }
      case at.left:
        return hand.makeIdle(row, i, emit, inSlot(slot, "created") === 1, right, right, actor, {
          done: (after) =>
            model.spec.stale === true
              ? hand.set(after, i, slotOf({ at: at.stale, fresh: 1, assignment: inSlot(slot, "assignment") }))
              : settled(i)(after),
          refused: (after, why) => {
            const by = why === "not past its threshold" ? "condemn-expired" : "condemn-retired";
            const past = by === "condemn-expired" || why === "not retired";
            if (past) hand.set(after, i, slotOf({ at: at.past, by: condemnations.indexOf(by) }));
            else settled(i)(after);
          },
        });
      case at.impatient:
        return hand.condemn(row, i, emit, "condemn-unregistered", right, actor, end);
      case at.past:
        return hand.condemn(
          row,
          i,
          emit,
          condemnations[inSlot(slot, "by")] ?? "condemn-expired",
          undefined,
          undefined,
          end,
        );
      case at.stale:
        return hand.condemn(row, i, emit, "condemn-evicted", undefined, undefined, end);
      case at.ending:
        return hand.end(row, i, emit, settled(i));
    }
  };

  const falters = (row: Row, emit: Emit): void => {
    const here = phaseOf(hand.phase(row));
    const working = here === phase.choosing || here === phase.validating || here === phase.givingBack;
    // What is under way is waited for first.
    const between = [0, 1].every((i) => hand.slot(row, i) === 0 || inSlot(hand.slot(row, i), "at") === at.held);
    if (spec.cancelled === true && between && (here === phase.choosing || here === phase.validating)) {
      const after = row.slice();
      givesBack(after);
      emit(after, name, "is cancelled, and gives back", -1);
    }
    if (working && mayCrash(model, row, process)) {
      const after = crashed(model, row, process);
      enter(after, phase.crashed);
      everyInstance((i) => forget(i)(after));
      emit(after, name, "crashes", -1);
    }
    if (here !== phase.crashed) return;
    const after = row.slice();
    givesBack(after);
    emit(after, name, "gives back in its post step", -1);
    if (spec.reenters === true) reenters(row, emit);
  };

  /** Entered again: what is alive and wanted to serve counts; else it begins anew, under another claim. */
  const reenters = (row: Row, emit: Emit): void => {
    const after = row.slice();
    hand.enter(after, ((claimOf(hand.phase(row)) + 1) << 3) | phase.choosing);
    const found = [0, 1].find((i) => {
      const record = recordAt(row, i);
      return (
        record?.owner === owner && record.wanted === "serve" && record.threshold > now && record.retiredAt === undefined
      );
    });
    if (found !== undefined) {
      const record = recordAt(row, found);
      const proof = Number((record?.claimId ?? ".0").split(".")[1]);
      hand.set(after, found, slotOf({ at: at.held, assignment: record?.assignment ?? 0, proof }));
      enter(after, phase.validating);
    }
    emit(after, name, "is entered again", found ?? -1);
  };

  return (row, emit) => {
    const here = phaseOf(hand.phase(row));
    everyInstance((i) => {
      if (here === phase.choosing) choosing(row, i, emit);
      if (here === phase.validating) validating(row, i, emit);
      if (here === phase.givingBack) givingBack(row, i, emit);
    });
    falters(row, emit);
  };
}
