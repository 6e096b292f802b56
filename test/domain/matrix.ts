// The matrix of moves and states: how each of the enumerated situations ends, counted.
import { decide, life, type Decision, type Move } from "../../domain/instance.ts";
import { states, type InstanceRecord, type State } from "../../domain/record.ts";
import { calls, recordOf, situations, type Call, type Situation } from "./situations.ts";

export const columns = ["none", ...states] as const;
export const moves = Object.keys(life) as Move[];

export interface Cell {
  made: number;
  already: number;
  refused: number;
}
export type Matrix = Readonly<Record<Move, Readonly<Record<State | "none", Cell>>>>;

const empty = (): Matrix =>
  Object.fromEntries(
    moves.map((move) => [move, Object.fromEntries(columns.map((at) => [at, { made: 0, already: 0, refused: 0 }]))]),
  ) as unknown as Matrix;

export type Visit = (situation: Situation, record: InstanceRecord | undefined, call: Call, decision: Decision) => void;

/** Decides every call in every situation, once. */
export function matrix(visit?: Visit): Matrix {
  const counted = empty();
  for (const situation of situations()) {
    const record = recordOf(situation);
    for (const call of calls) {
      const decision = decide(call.move, record, call.params);
      const cell = counted[call.move][situation.state];
      if (decision.kind === "refused") cell.refused += 1;
      else if (decision.already) cell.already += 1;
      else cell.made += 1;
      visit?.(situation, record, call, decision);
    }
  }
  return counted;
}
