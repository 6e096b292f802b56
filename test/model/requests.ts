// What the control code may ask of the model's world, and how it is answered: in small numbers, so that equal histories are equal.
import type { Move, Refusal } from "../../domain/instance.ts";
import { needs, type Own } from "../../domain/needs.ts";

export interface MoveRequest {
  readonly kind: "move";
  readonly instance: number;
  readonly move: Move;
  /** Its `callOf`. */
  readonly call: number;
  /** By what right, where the move needs one. */
  readonly own?: Own;
  /** The assignment that was judged, where the caller judges what idles. */
  readonly judged?: number;
}

export type Request =
  | MoveRequest
  /** One of these. */
  | { readonly kind: "any"; readonly moves: readonly MoveRequest[] }
  /** The records of these instances; with a group those alone whose owner is of it. */
  | { readonly kind: "read"; readonly of: readonly number[]; readonly group?: string }
  /** What the index shows of the pool. */
  | { readonly kind: "index" }
  | { readonly kind: "launch" }
  | { readonly kind: "end"; readonly of: readonly number[] }
  /** EC2's word on these. */
  | { readonly kind: "machines"; readonly of: readonly number[] }
  /** GitHub's list of the runners of these. */
  | { readonly kind: "runners"; readonly of: readonly number[] }
  | { readonly kind: "named" | "remove"; readonly instance: number; readonly assignment: number }
  | { readonly kind: "sleep" };

/**
 * By kind: move: [code, record]; any: [which, code, record]; read: a record each; index: [the one it shows + 1]; launch: [the launched one + 1];
 * machines: [state, late, launched by] each; runners: [known assignments as bits, the one online] each; named: [0 absent, 1 offline, 2 online];
 * remove: [0 absent, 1 removed, 2 busy]; sleep: [0 for a moment, 1 for long]. 0 = none.
 */
export type Reply = readonly number[];

export const replied = { done: 0, already: 1, unknown: 2, refused: 3 } as const;
const refusals: readonly Refusal[] = [...(Object.keys(needs) as Refusal[]), "missing", "exists", "state", "spoilt"];
export const codeOf = (why: Refusal): number => replied.refused + refusals.indexOf(why);
export const refusalOf = (code: number): Refusal => refusals[code - replied.refused] ?? "state";

export const ownMoves: ReadonlySet<Move> = new Set([
  "start",
  "ask-to-leave",
  "release",
  "park-left",
  "extend-running",
  "condemn-unregistered",
  "condemn-deleted",
  "condemn-not-found",
  "condemn-left",
]);

/** Moves whose callers look at the record in the reply; of the others the reply has none, as that of `moveAll`. */
export const showing: ReadonlySet<Move> = new Set([
  "create",
  "claim",
  "park-prepared",
  "park-left",
  "release",
  "ask-to-leave",
]);

/** A request that is open. */
export interface Asked {
  readonly ordinal: number;
  readonly request: Request;
  /** The same for the same request. */
  readonly text: string;
  readonly resolve: (reply: Reply) => void;
}
