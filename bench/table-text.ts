// The rows as people read them.
import type { Result } from "./measure.ts";

const shown = (number: number | null): string => (number === null ? "-" : String(number));
const columns = (cells: readonly string[]): string => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" ");
const widths = [22, 9, 7, 10, 11, 6, 7, 24, 8];

export const heading = columns(["row", "ms", "calls", "least ms", "least calls", "ratio", "MiB", "target", "met"]);

export function lineOf({ row, target, met, note }: Result): string {
  const { name, ms, calls, lowerBoundMs, lowerBoundCalls, ratio, rssMb } = row;
  const numbers = [ms, calls, lowerBoundMs, lowerBoundCalls, ratio, rssMb].map(shown);
  const cells = [name, ...numbers, target, met ? "yes" : "NO", ...(note === undefined ? [] : [note])];
  return columns(cells).trimEnd();
}
