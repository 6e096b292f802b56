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
  /** The last line of a file that does not end its last line. */
  readonly open?: true;
}

const linesOf = (text: string): readonly string[] => {
  const lines = text.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
};

/** New lines end as the file's do. */
function edited(text: string, edits: readonly Edit[]): readonly Line[] {
  const old = linesOf(text);
  const end = old[0]?.endsWith("\r") === true ? "\r" : "";
  const lines: Line[] = [];
  let at = 1;
  const keep = (until: number): void => {
    for (; at < until; at++) lines.push({ sign: " ", text: old[at - 1] ?? "" });
  };
  for (const { first, last, lines: instead } of [...edits].sort((a, b) => a.first - b.first)) {
    keep(first);
    for (; at <= last; at++) lines.push({ sign: "-", text: old[at - 1] ?? "" });
    for (const line of instead) lines.push({ sign: "+", text: line + end });
  }
  keep(old.length + 1);
  return text.endsWith("\n") ? lines : leftOpen(lines);
}

/** Git tells a last line without an end from one with it: where something comes behind, it is another line. */
function leftOpen(lines: readonly Line[]): readonly Line[] {
  const last = lines.findLastIndex(({ sign }) => sign !== "+");
  const parted = lines.flatMap((line, at): readonly Line[] =>
    at === last && line.sign === " " && at < lines.length - 1
      ? [
          { sign: "-", text: line.text },
          { sign: "+", text: line.text },
        ]
      : [line],
  );
  const ends = [parted.findLastIndex(({ sign }) => sign !== "+"), parted.findLastIndex(({ sign }) => sign !== "-")];
  return parted.map((line, at) => (ends.includes(at) ? { ...line, open: true } : line));
}

/** The text with its edits made. */
export const applied = (text: string, edits: readonly Edit[]): string =>
  edited(text, edits)
    .flatMap(({ sign, text: line }) => (sign === "-" ? [] : `${line}\n`))
    .join("");

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
  const lines = edited(text, edits);
  const parts = partsOf(lines);
  if (parts.length === 0) return [];
  const count = (from: number, to: number, other: "+" | "-"): number =>
    lines.slice(from, to).filter(({ sign }) => sign !== other).length;
  const hunks = parts.flatMap(([from, to]) => [
    `@@ -${count(0, from, "+") + 1},${count(from, to, "+")} +${count(0, from, "-") + 1},${count(from, to, "-")} @@`,
    ...lines
      .slice(from, to)
      .flatMap(({ sign, text: words, open }) => [
        `${sign}${words}`,
        ...(open === true ? ["\\ No newline at end of file"] : []),
      ]),
  ]);
  return [`--- a/${path}`, `+++ b/${path}`, ...hunks];
}
