// What tests ask of the machine that they run on: the programs that not every machine has. Where one is not here, a test is skipped with the reason.
import type { TestContext } from "vitest";
import { programOn } from "../entry/laptop/machine-programs.ts";

/**
 * Programs that tests start without asking: what Debian calls essential, beside `node`, `npm` and `git`. `.ci/newcomer.sh` runs the tests that ask
 * for more with these alone; test/tidy/tools.test.ts finds what is started unasked.
 */
export const everywhere: ReadonlySet<string> = new Set(["bash", "sh", "find", "sleep", "tar", "gzip", "git", "npm"]);

/** Where a program is; undefined where it is not on the PATH. */
const onPath = (tool: string): string | undefined => programOn(process.env["PATH"] ?? "", tool);

/** Why these programs cannot be used here; undefined where each of them is on the PATH. */
export function missing(...tools: readonly string[]): string | undefined {
  const absent = tools.filter((tool) => onPath(tool) === undefined);
  return absent.length === 0 ? undefined : `not on the PATH: ${absent.join(", ")}`;
}

/** Skips the test, with the reason, where one of these programs is not on the PATH. */
export function needs({ skip }: Pick<TestContext, "skip">, ...tools: readonly string[]): void {
  const why = missing(...tools);
  if (why !== undefined) skip(why);
}
