// Text in columns: as wide as its cells, without its least needed columns where the terminal is narrower.

export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** Left out where the width does not suffice, the highest first; a column without is always shown. */
  readonly spare?: number;
}
export interface Cell {
  readonly text: string;
  /** Puts colour around the padded text. */
  readonly paint?: ((text: string) => string) | undefined;
}

const gap = "  ";

/** Lines without trailing blanks. `width` undefined: all columns. */
export function inColumns(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number | undefined,
  paintTitle: (text: string) => string = (text) => text,
): readonly string[] {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]?.text.length ?? 0)));
  const kept = keptColumns(columns, widths, width);
  const line = (cells: readonly Cell[]): string =>
    kept
      .map((i, place) => {
        const { text, paint } = cells[i] ?? { text: "" };
        const last = place === kept.length - 1;
        const padded =
          columns[i]?.align === "right" ? text.padStart(widths[i] ?? 0) : last ? text : text.padEnd(widths[i] ?? 0);
        return paint === undefined ? padded : paint(padded);
      })
      .join(gap)
      .trimEnd();
  return [line(columns.map(({ title }) => ({ text: title, paint: paintTitle }))), ...rows.map(line)];
}

function keptColumns(
  columns: readonly Column[],
  widths: readonly number[],
  width = Number.POSITIVE_INFINITY,
): number[] {
  let kept = columns.map((_, i) => i);
  const total = (): number => kept.reduce((sum, i) => sum + (widths[i] ?? 0), gap.length * (kept.length - 1));
  const spares = kept
    .filter((i) => columns[i]?.spare !== undefined)
    .sort((a, b) => (columns[b]?.spare ?? 0) - (columns[a]?.spare ?? 0));
  for (const spare of spares) if (total() > width) kept = kept.filter((i) => i !== spare);
  return kept;
}
