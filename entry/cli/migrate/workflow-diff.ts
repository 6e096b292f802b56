// Changes of a workflow's lines as a unified diff, which `git apply` takes.

/** Lines are counted from 1. `lines`: what stands there instead; none = taken out. With `last` before `first` they are put before `first`. */
export interface Edit {
  readonly first: number;
  readonly last: number;
  readonly lines: readonly string[];
}

const contextLines = 3;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

function edited(old: readonly string[], edits: readonly Edit[]): readonly Line[] {
  const lines: Line[] = [];
  let at = 1;
  const keep = (until: number): void => {
    for (; at < until; at++) lines.push({ sign: " ", text: old[at - 1] ?? "" });
  };
  for (const { first, last, lines: instead } of [...edits].sort((a, b) => a.first - b.first)) {
    keep(first);
    for (; at <= last; at++) lines.push({ sign: "-", text: old[at - 1] ?? "" });
    for (const text of instead) lines.push({ sign: "+", text });
  }
  keep(old.length + 1);
  return lines;
}

/** The beginnings and ends of the parts that are shown: changes with their context, those that touch as one. */
function partsOf(lines: readonly Line[]): readonly (readonly [from: number, to: number])[] {
  const parts: [number, number][] = [];
  for (const [at, { sign }] of lines.entries()) {
    if (sign === " ") continue;
    const from = Math.max(0, at - contextLines);
    const to = Math.min(lines.length, at + contextLines + 1);
    const before = parts.at(-1);
    if (before !== undefined && from <= before[1]) before[1] = to;
    else parts.push([from, to]);
  }
  return parts;
}

/** Empty where nothing is changed. */
export function workflowDiff(path: string, text: string, edits: readonly Edit[]): readonly string[] {
  const old = text.split("\n");
  if (old.at(-1) === "") old.pop();
  const lines = edited(old, edits);
  const parts = partsOf(lines);
  if (parts.length === 0) return [];
  const count = (from: number, to: number, other: "+" | "-"): number =>
    lines.slice(from, to).filter(({ sign }) => sign !== other).length;
  const hunks = parts.flatMap(([from, to]) => [
    `@@ -${count(0, from, "+") + 1},${count(from, to, "+")} +${count(0, from, "-") + 1},${count(from, to, "-")} @@`,
    ...lines.slice(from, to).map(({ sign, text: words }) => `${sign}${words}`),
  ]);
  return [`--- a/${path}`, `+++ b/${path}`, ...hunks];
}
