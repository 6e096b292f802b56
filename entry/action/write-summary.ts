// Writes the job summary; a runner without one (an old GHES, a test) is not a failure.
import { summary } from "@actions/core";
import type { ActionLog } from "./action-log.ts";

/** GitHub takes 1 MiB of a step, and nothing of what is longer (GitHub docs, "Workflow commands": "Step isolation and limits"). */
const mostBytes = 1_000_000;

export async function writeSummary(lines: Iterable<string>, log: ActionLog): Promise<void> {
  try {
    await summary.addRaw(`${withinLimit([...lines]).join("\n")}\n`).write();
  } catch (error) {
    log.note(`no job summary: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Whole lines from the beginning, as many as GitHub shows; how many are left out is the last. */
export function withinLimit(lines: readonly string[]): readonly string[] {
  let bytes = 0;
  const end = lines.findIndex((line) => (bytes += Buffer.byteLength(line) + 1) > mostBytes);
  return end < 0 ? lines : [...lines.slice(0, end), "", `… and ${lines.length - end} more lines, which the log has.`];
}
