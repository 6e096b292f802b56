// Refresh in the model, instance by instance: GitHub's list, then the record, then what the real judgement finds.
import { forgeProves } from "../../control/pool/leave.ts";
import type { Condemnation } from "../../control/pool/condemn.ts";
import { findingOf, type Finding } from "../../control/refresh/findings.ts";
import type { Configuration } from "../../domain/configuration.ts";
import { ownAssignment, type Own } from "../../domain/needs.ts";
import { runOf } from "../../domain/owner.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { cells, ec2, get, host, listener, machine, type Row } from "./layout.ts";
import { crashed, mayCrash, type Emit, type Model } from "./model.ts";
import { deleteRunner } from "./outside.ts";
import { ownerIn } from "./provisions.ts";
import { ahead, now, thing } from "./records.ts";
import { condemnations, everyInstance, handOf, inSlot, slotOf, withSlot, type Slot } from "./slots.ts";

const at = {
  nothing: 0,
  listed: 1,
  read: 2,
  condemning: 3,
  ending: 4,
  confirming: 5,
  idling: 6,
  proving: 7,
  proved: 8,
  parking: 9,
  ghosts: 10,
} as const;
const proof = { removed: 1, absent: 2 } as const;
/** A slot that holds a record as read: its id beside its place. */
const idShift = 5;

const configurationOf = (stale: boolean): Configuration =>
  ({
    maxUses: 0,
    maxAgeMs: Number.POSITIVE_INFINITY,
    configHash: stale ? "newer" : thing.configHash,
    resourceClasses: defaultResourceClasses,
    templates: { "large/x64": { id: "template", version: thing.templateVersion } },
    images: new Map(),
  }) as Partial<Configuration> as Configuration;

const ec2Words = ["pending", "running", "shutting-down", "terminated"] as const;

/** The real judgement, asked once for a record and EC2's word. */
function judgeOf({ records, spec }: Model): (id: number, state: number) => Finding | undefined {
  const configuration = configurationOf(spec.stale === true);
  const found = new Map<number, Finding | undefined>();
  return (id, state) => {
    const name = id * 4 + state;
    if (!found.has(name)) {
      const { instanceId, launchedAt } = thing;
      const seen = new Map([
        [instanceId, { instanceId, state: ec2Words[state] ?? "terminated", launchedAt, tags: {} }],
      ]);
      found.set(
        name,
        findingOf(records.of(id) as InstanceRecord, {
          configuration,
          now,
          seen,
          images: new Map(),
          releases: [],
          listed: { runners: [], scopes: new Set() },
        }),
      );
    }
    return found.get(name);
  };
}

/** Runners that GitHub lists as offline and that no living assignment stands behind: a bit an assignment. */
const ghostsOf = (record: InstanceRecord | undefined, offline: number): number => {
  if (record === undefined) return offline;
  const ended = record.state === "terminated" || record.state === "terminating" || record.state === "idle";
  return ended ? offline : offline & ~(1 << record.assignment);
};

/** Only some are judged by a version. */
const condemning = (by: Condemnation, ended: boolean, fresh: number, assignment: number): Slot => ({
  at: at.condemning,
  by: condemnations.indexOf(by),
  ended: ended ? 1 : 0,
  ...(by === "condemn-evicted" || by === "condemn-silent" ? { fresh, assignment } : {}),
});

export function refreshOf(model: Model, process: number, name: string): (row: Row, emit: Emit) => void {
  const { records, layout, spec, rules } = model;
  const hand = handOf(model, process);
  const judge = judgeOf(model);
  const to = (i: number, place: number) => (after: Row) =>
    hand.set(after, i, withSlot(hand.slot(after, i), { at: place }));
  const forget = (i: number) => (after: Row) => hand.set(after, i, 0);

  /** What is to be done by a record as read and a list of runners. */
  const found = (row: Row, base: number, id: number, fresh: number, known: number, online: number): Slot => {
    const record = records.of(id === 0 ? 0 : id);
    const ghosts = ghostsOf(record, known & ~(1 << online) & ~1);
    const sweep: Slot = ghosts === 0 ? {} : { at: at.ghosts, known: ghosts };
    const state = get(row, base, machine.ec2);
    if (record === undefined)
      return get(row, base, machine.bootLate) === 1 && state === ec2.up ? { at: at.ending } : sweep;
    const finding = judge(id, state);
    if (finding === undefined) return sweep;
    const { assignment } = record;
    const { attempt = 0, runId = "0" } = runOf(record.owner) ?? {};
    const created = record.state === "created" ? 1 : 0;
    const of: Slot = { assignment, attempt, run: Number(runId), created };
    switch (finding.kind) {
      case "condemn":
        return condemning(finding.by, finding.ended !== undefined, fresh, assignment);
      case "end-again":
        return { at: at.ending };
      case "confirm":
        return { at: at.confirming, known: ghosts };
      case "make-idle":
        return { ...of, at: at.idling };
      case "prove":
        return {
          ...of,
          at: at.proving,
          known: (known >> assignment) & 1,
          ended: forgeProves(record) || !rules.forgeProves ? 1 : 0,
        };
      case "park":
        return { at: at.parking };
    }
  };

  const looks = (row: Row, i: number, emit: Emit): void => {
    const base = i * layout.block;
    const slot = hand.slot(row, i);
    const id = row[base + cells.record] as number;
    const known = get(row, base, machine.known);
    const online = get(row, base, host.listener) === listener.online ? get(row, base, host.root) : 0;
    const place = inSlot(slot, "at");
    // One instance after another: what it does to one changes nothing of the other.
    if (place === at.nothing && ((get(row, base, machine.ec2) === ec2.none && id === 0) || hand.slot(row, 1 - i) !== 0))
      return;
    const after = row.slice();
    if (place === at.nothing && !rules.refreshListsFirst) {
      hand.set(after, i, slotOf({ at: at.read, fresh: 1 }) | (id << idShift));
      emit(after, name, "reads the record", i);
    } else if (place === at.nothing) {
      // A list from before any runner of this machine was registered is the same whenever it was made.
      const later = row.slice();
      hand.set(later, i, slotOf(found(row, base, id, 1, 0, 0)));
      emit(later, name, "lists no runner at GitHub, and reads the record", i);
      if (known === 0) return;
      hand.set(after, i, slotOf({ at: at.listed, known, assignment: online }));
      emit(after, name, "lists GitHub's runners", i);
    } else if (place === at.listed) {
      hand.set(after, i, slotOf(found(row, base, id, 1, inSlot(slot, "known"), inSlot(slot, "assignment"))));
      emit(after, name, "reads the record", i);
    } else {
      hand.set(after, i, slotOf(found(row, base, slot >> idShift, slot & 1, known, online)));
      emit(after, name, "lists GitHub's runners", i);
    }
  };

  /** GitHub is asked for proof that no job runs on what was asked to leave and is silent. */
  const proves = (row: Row, i: number, emit: Emit): void => {
    const slot = hand.slot(row, i);
    const after = row.slice();
    if (inSlot(slot, "ended") === 0) {
      hand.set(after, i, 0);
      return emit(after, name, "leaves alone what was registering when it was read", i);
    }
    const listed = rules.proveListsAgain || inSlot(slot, "known") !== 0;
    const answer = listed ? deleteRunner(after, i * layout.block, inSlot(slot, "assignment")) : "absent";
    hand.set(after, i, answer === "busy" ? 0 : withSlot(slot, { at: at.proved, ended: 0, proof: proof[answer] }));
    emit(after, name, `asks GitHub for proof: its runner is ${answer}`, i);
  };

  const sweeps = (row: Row, i: number, emit: Emit): void => {
    const base = i * layout.block;
    const slot = hand.slot(row, i);
    const ghosts = inSlot(slot, "known");
    const assignment = 31 - Math.clz32(ghosts);
    const after = row.slice();
    const removed = deleteRunner(after, base, assignment) === "removed";
    const left = ghosts & ~(1 << assignment);
    hand.set(after, i, left === 0 ? 0 : withSlot(slot, { known: left }));
    const record = records.of(row[base + cells.record] as number);
    const lives =
      get(row, base, machine.taken) === 0 &&
      record !== undefined &&
      record.state !== "terminating" &&
      record.state !== "terminated";
    const serves = lives && record.owner !== undefined && record.wanted === "serve" && record.assignment === assignment;
    emit(
      after,
      name,
      `deletes the offline runner ${assignment} at GitHub`,
      i,
      removed && serves ? "no living assignment loses its runner" : undefined,
    );
  };

  const works = (row: Row, i: number, emit: Emit): void => {
    const base = i * layout.block;
    const slot = hand.slot(row, i);
    const run = String(inSlot(slot, "run"));
    const attempt = inSlot(slot, "attempt");
    const own = ownAssignment({ owner: ownerIn(model, run, attempt), assignment: inSlot(slot, "assignment") });
    const end = { done: to(i, at.ending), refused: forget(i) };
    switch (inSlot(slot, "at")) {
      case at.condemning: {
        const by = condemnations[inSlot(slot, "by")] ?? "condemn-expired";
        return hand.condemn(row, i, emit, by, undefined, undefined, end);
      }
      case at.ending:
        return hand.end(row, i, emit, inSlot(slot, "ended") === 1 ? to(i, at.confirming) : forget(i));
      case at.confirming: {
        const call = records.told("", "confirm", () => ({ now, threshold: ahead }));
        const done = inSlot(slot, "known") === 0 ? forget(i) : to(i, at.ghosts);
        return hand.call(row, emit, { instance: i, move: "confirm", call, done, refused: forget(i) });
      }
      case at.idling: {
        const { owner = "", claimId = "" } = records.of(row[base + cells.record] as number) ?? {};
        const claim: Own = { by: "claim", owner, claimId };
        const evict = slotOf(condemning("condemn-evicted", false, 1, inSlot(slot, "assignment")));
        const done = (after: Row): void => hand.set(after, i, spec.stale === true ? evict : 0);
        return hand.makeIdle(
          row,
          i,
          emit,
          inSlot(slot, "created") === 1,
          own,
          claim,
          { run, attempt },
          { done, refused: forget(i) },
        );
      }
      case at.parking: {
        const call = records.told("", "park-prepared", () => ({ now, threshold: ahead }));
        return hand.call(row, emit, { instance: i, move: "park-prepared", call, done: forget(i), refused: forget(i) });
      }
      case at.proving:
        return proves(row, i, emit);
      case at.proved: {
        const by = inSlot(slot, "proof") === proof.removed ? "condemn-deleted" : "condemn-not-found";
        return hand.condemn(row, i, emit, by, own, { run, attempt }, end);
      }
      case at.ghosts:
        return sweeps(row, i, emit);
      default:
        return looks(row, i, emit);
    }
  };

  return (row, emit) => {
    everyInstance((i) => works(row, i, emit));
    if (!mayCrash(model, row, process) || [0, 1].every((i) => hand.slot(row, i) === 0)) return;
    const after = crashed(model, row, process);
    everyInstance((i) => forget(i)(after));
    emit(after, name, "crashes, and begins anew", -1);
  };
}
