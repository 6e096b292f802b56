// Text in columns: as wide as its cells; where the terminal is narrower, long texts are cut, and then the least needed columns left out.

export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** Left out where the width does not suffice, the highest first; a column without is always shown. */
  readonly spare?: number;
  /** Its cells may be cut, "…" being their end, to no fewer characters than this. */
  readonly least?: number;
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
  const whole = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]?.text.length ?? 0)));
  const { kept, widths } = fitted(columns, whole, width);
  const line = (cells: readonly Cell[]): string =>
    kept
      .map((i, place) => {
        const { text: cell, paint } = cells[i] ?? { text: "" };
        const text = cell.length <= (widths[i] ?? 0) ? cell : `${cell.slice(0, (widths[i] ?? 1) - 1)}…`;
        const last = place === kept.length - 1;
        const padded =
          columns[i]?.align === "right" ? text.padStart(widths[i] ?? 0) : last ? text : text.padEnd(widths[i] ?? 0);
        return paint === undefined ? padded : paint(padded);
      })
      .join(gap)
      .trimEnd();
  return [line(columns.map(({ title }) => ({ text: title, paint: paintTitle }))), ...rows.map(line)];
}

interface Fit {
  /** The columns that are shown, by their index. */
  readonly kept: readonly number[];
  readonly widths: readonly number[];
}

function fitted(columns: readonly Column[], whole: readonly number[], width = Number.POSITIVE_INFINITY): Fit {
  let kept = columns.map((_, i) => i);
  const over = (widths: readonly number[]): number =>
    kept.reduce((sum, i) => sum + (widths[i] ?? 0), gap.length * (kept.length - 1)) - width;
  const cut = columns.map(({ least }, i) => Math.min(whole[i] ?? 0, least ?? Number.POSITIVE_INFINITY));
  const spares = kept
    .filter((i) => columns[i]?.spare !== undefined)
    .sort((a, b) => (columns[b]?.spare ?? 0) - (columns[a]?.spare ?? 0));
  for (const spare of spares) if (over(cut) > 0) kept = kept.filter((i) => i !== spare);
  const widths = [...whole];
  for (const i of kept) widths[i] = Math.max(cut[i] ?? 0, (widths[i] ?? 0) - Math.max(0, over(widths)));
  return { kept, widths };
}
