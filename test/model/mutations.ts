// Every condition of the life table and of the code around it, taken away one at a time; and what else guards some of them.
import { life, type Life, type Move } from "../../domain/instance.ts";
import { states } from "../../domain/record.ts";
import type { Rules } from "./model.ts";

/** Takes something away from the rules. */
export type Mutation = (rules: Rules) => Rules;

const moves = Object.keys(life) as Move[];

const withRow =
  (move: Move, change: (row: Life[Move]) => Life[Move]): Mutation =>
  (rules) => ({ ...rules, life: { ...rules.life, [move]: change(rules.life[move]) } });

const ofTheTable: readonly (readonly [string, Mutation])[] = moves.flatMap((move) => [
  ...(move === "create" ? [] : [[`${move}: state`, withRow(move, (row) => ({ ...row, from: [...states] }))] as const]),
  ...life[move].needs.map(
    (need) =>
      [
        `${move}: ${need}`,
        withRow(move, (row) => ({ ...row, needs: row.needs.filter((one) => one !== need) })),
      ] as const,
  ),
]);

const without =
  (change: Partial<Rules>): Mutation =>
  (rules) => ({ ...rules, ...change });

/** By name: what takes this one condition away. */
export const mutations: ReadonlyMap<string, Mutation> = new Map<string, Mutation>([
  ...ofTheTable,
  ["registering on the version judged by", without({ beginOnVersion: false })],
  ["retiring on the version judged by", without({ retireOnVersion: false })],
  ["signals only move forward", without({ forwardOnly: false })],
  ["a signal on the one judged by", without({ onSignal: false })],
  ["release asks before it deletes at GitHub", without({ releaseAsksFirst: false })],
  ["refresh lists GitHub's runners before it reads the records", without({ refreshListsFirst: false })],
  ["refresh looks again before it takes absence for a proof", without({ proveListsAgain: false })],
  ["GitHub's word proves nothing of what was registering", without({ forgeProves: false })],
  [
    "the end of what is past its threshold asks nothing of its agent",
    withRow("condemn-expired", (row) => ({ ...row, needs: [...row.needs, "heartbeat over a minute old"] })),
  ],
]);

const keepsOwner =
  (which: (move: Move) => boolean): Mutation =>
  (rules) =>
    moves
      .filter(which)
      .map((move) => withRow(move, (row) => ({ ...row, owner: "keeps" })))
      .reduce((changed, change) => change(changed), rules);

const keepsReports: Mutation = (rules) =>
  moves
    .filter((move) => life[move].reports === "drops")
    .map((move) => withRow(move, (row) => ({ ...row, reports: undefined }) as unknown as Life[Move]))
    .reduce((changed, change) => change(changed), rules);

const condemnedKeepsOwner = keepsOwner((move) => move.startsWith("condemn-"));
const parksAny: Mutation = (rules) => (mutations.get("park-left: state") as Mutation)(rules);

/** What is no condition, but stands beside some: with it alone they are not missed, without it they are. */
export const guards: ReadonlyMap<string, Mutation> = new Map<string, Mutation>([
  ["what is condemned loses its owner", condemnedKeepsOwner],
  ["what is condemned loses its owner, and what its agent said", (rules) => keepsReports(condemnedKeepsOwner(rules))],
  ["park-left: state; what is condemned loses what its agent said", (rules) => keepsReports(parksAny(rules))],
  ["what is condemned loses what its agent said", keepsReports],
  ["what idles loses its owner", keepsOwner((move) => move === "release" || move === "park-left")],
  ["release asks to leave, and judges by what it then reads", without({ releaseAsks: false, forgeProves: false })],
  ["the agent decides again on the reply", without({ decidesOnReply: false })],
]);
