// docs/life.md as text: the life table, its diagram and the matrix, printed from domain/instance.ts.
import { life, type Move } from "../../domain/instance.ts";
import { limits } from "../../domain/limits.ts";
import { needs, type Need } from "../../domain/needs.ts";
import { states, type State } from "../../domain/record.ts";
import { columns, matrix, moves, type Cell } from "../domain/matrix.ts";

type Row = (typeof life)[Move];

/** `600000` as `10 min`. */
function duration(ms: number): string {
  const units: readonly [number, string][] = [
    [24 * 3_600_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
  ];
  const [size, unit] = units.find(([size]) => ms >= size) ?? [1, "ms"];
  return `${ms / size} ${unit}`;
}

/** A Markdown table with even columns, as the formatter would make it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill: string): string =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width, fill)).join(" | ")} |`;
  return [line(head, " "), line([], "-"), ...rows.map((row) => line(row, " "))];
}

/** What the caller knows from elsewhere: no condition on a record can say it. */
const known: Readonly<Partial<Record<Move, string>>> = {
  "condemn-gone": "_EC2 says that the machine is gone_",
  "condemn-deleted": "_the caller has deleted its registration at GitHub_",
  "condemn-not-found": "_GitHub does not know its runner_",
  "condemn-left": "_its record says `lifetime: until-told`_",
  confirm: "_EC2 says terminated, or does not know it after its grace_",
};

const owners: Readonly<Record<Row["owner"], string>> = { takes: "takes", keeps: "keeps", drops: "→ none" };
const threshold = ({ limit }: Row): string =>
  limit === "unchanged" ? "unchanged" : `\`${limit}\`, ${duration(limits[limit])}`;

function* movesTable(): Generator<string> {
  const head = ["move", "from → to", "owner", "needs", "new threshold"];
  const rows = moves.map((move) => {
    const row: Row = life[move];
    const owner = row.wanted === undefined ? owners[row.owner] : `${owners[row.owner]}; \`wanted: ${row.wanted}\``;
    const needed = [...(row.from.includes("none") ? ["record does not exist"] : row.needs), known[move] ?? []].flat();
    return [
      `\`${move}\``,
      `${row.from.map((from) => (from === "none" ? "(none)" : from)).join(", ")} → ${row.to}`,
      owner,
      needed.join(" · "),
      threshold(row),
    ];
  });
  yield* table(head, rows);
}

function* needsTable(): Generator<string> {
  yield* table(
    ["need", "means"],
    (Object.keys(needs) as Need[]).map((need) => [need, needs[need]]),
  );
}

function* alreadyTable(): Generator<string> {
  const rows = moves.flatMap((move) => {
    const { already }: Row = life[move];
    if (already === undefined) return [];
    return [[`\`${move}\``, already.state.join(", "), already.needs.join(" · ") || "always"]];
  });
  yield* table(["move", "is found made in", "where"], rows);
}

/** One arrow for all moves between the same two states. */
function* diagram(): Generator<string> {
  const arrows = new Map<string, string[]>();
  for (const move of moves) {
    const row: Row = life[move];
    for (const from of row.from) {
      const to = row.to === "same" ? from : row.to;
      const arrow = `${from === "none" ? "[*]" : from} --> ${to}`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), move]);
    }
  }
  yield "```mermaid";
  yield "stateDiagram-v2";
  for (const [arrow, made] of arrows) yield `    ${arrow}: ${summary(made)}`;
  yield `    ${ended} --> [*]: TTL`;
  yield "```";
}
const ended: State = states[states.length - 1] ?? "terminated";

/** `condemn-expired`, `condemn-gone` as `condemn (expired, gone)`: an arrow's label stays short. */
function summary(made: readonly string[]): string {
  const kinds = Map.groupBy(made, (move) => (move.startsWith("condemn-") ? "condemn" : move));
  return [...kinds]
    .map(([kind, of]) => (kind === "condemn" ? `condemn (${of.map((one) => one.slice(8)).join(", ")})` : kind))
    .join("<br>");
}

const cellText = ({ made, already, refused }: Cell, to: string): string => {
  if (made + already === 0) return "·";
  const all = made + already + refused;
  const parts = [made > 0 ? `→ ${to} ${made}` : "", already > 0 ? `made already ${already}` : ""];
  return `${parts.filter((part) => part !== "").join("; ")} of ${all}`;
};

function* matrixTable(): Generator<string> {
  const counted = matrix();
  const rows = moves.map((move) => [
    `\`${move}\``,
    ...columns.map((from) => cellText(counted[move][from], life[move].to === "same" ? from : life[move].to)),
  ]);
  yield* table(["move", ...columns.map((from) => (from === "none" ? "(none)" : from))], rows);
}

function* page(): Generator<string> {
  yield "# The life of an instance";
  yield "";
  yield "<!-- Generated from domain/instance.ts and domain/needs.ts: `npm run docs` writes it, a test compares it. -->";
  yield "";
  yield "Every move is one conditional write: its state and its needs are the write's condition, and the loser gets the record";
  yield "as it is back in the same reply. Every move bumps `version`; taking an owner bumps `assignment`.";
  yield "";
  yield* diagram();
  yield "";
  yield "## Moves";
  yield "";
  yield* movesTable();
  yield "";
  yield "A threshold is the moment by which the new state must have been left; an environment may set other idle times,";
  yield "runtimes and boot limits than the ones shown.";
  yield "";
  yield "## Needs";
  yield "";
  yield* needsTable();
  yield "";
  yield "## Made already";
  yield "";
  yield "Making any move again is harmless. Where the condition fails but the record shows that the move has been made (by the";
  yield "same caller before its reply was lost, or by another to the same end), the outcome is _done_, and nothing changes.";
  yield "";
  yield* alreadyTable();
  yield "";
  yield "## The matrix";
  yield "";
  yield "What `decide` answers over the full enumeration of state × move × ownership × signal and its assignment × `wanted` ×";
  yield "time × retired × heartbeat × the caller's right: in how many of a state's situations a move is made, is found made, or";
  yield "(the rest) is refused; `·` is refused in all. The tests hold every one of them against the design's words. A changed";
  yield "number here is a changed condition.";
  yield "";
  yield* matrixTable();
}

/** docs/life.md. */
export const lifePage = (): string => `${[...page()].join("\n")}\n`;
