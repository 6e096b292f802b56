// The job summary's file: a runner without one (an old GHES, a test) is no reason to fail.
import { summary } from "@actions/core";
import type { Told } from "./told.ts";

export async function writeSummary(lines: Iterable<string>, log: Told): Promise<void> {
  try {
    await summary.addRaw(`${[...lines].join("\n")}\n`).write();
  } catch (error) {
    log.note(`no job summary: ${error instanceof Error ? error.message : String(error)}`);
  }
}
