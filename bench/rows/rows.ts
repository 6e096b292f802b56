// All rows of the benchmark, with what each is to reach.
import type { BenchCloud } from "../bench-cloud.ts";
import type { Told } from "../measure.ts";
import { misfitsRow, selectRow } from "./select.ts";

export interface NamedRow {
  readonly name: string;
  /** `directory`: for bundles and what else a row writes. */
  measure(cloud: BenchCloud, directory: string): Promise<Told>;
}

export const rows: readonly NamedRow[] = [
  { name: "select-misfits-1000", measure: (cloud) => misfitsRow(cloud, { ms: 80, calls: 5 }) },
  { name: "select-1", measure: (cloud) => selectRow(cloud, 1, { ms: 35, calls: 6 }) },
  { name: "select-10", measure: (cloud) => selectRow(cloud, 10, { ms: 45, calls: 16 }) },
  { name: "select-50", measure: (cloud) => selectRow(cloud, 50, { ms: 90, calls: 66 }) },
];
