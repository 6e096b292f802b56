// Every condition of the life table and of the code around it, taken away one at a time.
import { life, type Life, type Move } from "../../domain/instance.ts";
import { states } from "../../domain/record.ts";
import type { Rules } from "./model.ts";
import { asBuilt } from "./worlds.ts";

const moves = Object.keys(life) as Move[];

const withRow = (move: Move, change: (row: Life[Move]) => Life[Move]): Rules => ({
  ...asBuilt,
  life: { ...life, [move]: change(life[move]) },
});

const ofTheTable: readonly (readonly [string, Rules])[] = moves.flatMap((move) => [
  ...(move === "create" ? [] : [[`${move}: state`, withRow(move, (row) => ({ ...row, from: [...states] }))] as const]),
  ...life[move].needs.map(
    (need) =>
      [
        `${move}: ${need}`,
        withRow(move, (row) => ({ ...row, needs: row.needs.filter((one) => one !== need) })),
      ] as const,
  ),
]);

/** By name: the rules without this one condition. */
export const mutations: ReadonlyMap<string, Rules> = new Map<string, Rules>([
  ...ofTheTable,
  ["registering on the version judged by", { ...asBuilt, beginOnVersion: false }],
  ["retiring on the version judged by", { ...asBuilt, retireOnVersion: false }],
  ["signals only move forward", { ...asBuilt, forwardOnly: false }],
  ["a signal on the one judged by", { ...asBuilt, onSignal: false }],
  ["release asks before it deletes at GitHub", { ...asBuilt, releaseAsksFirst: false }],
  ["refresh lists GitHub's runners before it reads the records", { ...asBuilt, refreshListsFirst: false }],
  ["refresh looks again before it takes absence for a proof", { ...asBuilt, proveListsAgain: false }],
  ["GitHub's word proves nothing of what was registering", { ...asBuilt, forgeProves: false }],
]);
