// All rows of the benchmark, with what each is to reach.
import type { BenchCloud } from "../bench-cloud.ts";
import type { Result } from "../measure.ts";
import { actionStartRow } from "./action-start.ts";
import { idleCallsRow, registeredRow, startRow } from "./agent.ts";
import { contestRow, contests } from "./compete.ts";
import { coldRow, releaseRow } from "./handover.ts";
import { refreshRow } from "./refresh.ts";
import { provisionProcessRow } from "./provision-process.ts";
import { synthRow } from "./synth.ts";
import { misfitsRow, selectRow } from "./select.ts";

export interface NamedRow {
  readonly name: string;
  /** `directory`: for bundles and what else a row writes. */
  measure(cloud: BenchCloud, directory: string): Promise<Result>;
}

export const rows: readonly NamedRow[] = [
  { name: "select-misfits-1000", measure: (cloud) => misfitsRow(cloud, { ms: 80, calls: 5 }) },
  { name: "select-1", measure: (cloud) => selectRow(cloud, 1, { ms: 35, calls: 6 }) },
  { name: "select-10", measure: (cloud) => selectRow(cloud, 10, { ms: 45, calls: 16 }) },
  { name: "select-50", measure: (cloud) => selectRow(cloud, 50, { ms: 90, calls: 66 }) },
  {
    name: "provision-process-1",
    measure: (cloud, directory) => provisionProcessRow(cloud, directory, 1, { ms: 150, rssMb: 80 }),
  },
  {
    name: "provision-process-10",
    measure: (cloud, directory) => provisionProcessRow(cloud, directory, 10, { ms: 170, rssMb: 80 }),
  },
  {
    name: "provision-process-50",
    measure: (cloud, directory) => provisionProcessRow(cloud, directory, 50, { ms: 250, rssMb: 80 }),
  },
  {
    name: "compete-20x5",
    measure: (cloud, directory) => contestRow(cloud, directory, contests.allAlike, { ms: 1200, calls: 260 }),
  },
  { name: "compete-mixed", measure: (cloud, directory) => contestRow(cloud, directory, contests.mixed, {}) },
  { name: "cold-overhead", measure: (cloud, directory) => coldRow(cloud, directory, { ms: 500 }) },
  { name: "release-10", measure: (cloud, directory) => releaseRow(cloud, directory, { ms: 500 }) },
  { name: "refresh-1000", measure: (cloud) => refreshRow(cloud, { ms: 1500, calls: 120 }) },
  { name: "registered", measure: (cloud, directory) => registeredRow(cloud, directory, { ms: 400 }) },
  { name: "agent-start", measure: (cloud, directory) => startRow(cloud, directory) },
  { name: "agent-idle-calls", measure: (cloud, directory) => idleCallsRow(cloud, directory, { calls: 150 }) },
  { name: "action-start", measure: (_cloud, directory) => actionStartRow(directory) },
  { name: "synth", measure: (_cloud, directory) => synthRow(directory) },
];
