// What the log shows: groups, one line an instance as its state changes, warnings and errors as annotations.
import { endGroup, error, info, notice, startGroup, warning } from "@actions/core";
import type { Log } from "../../cloud/ports.ts";
import { say } from "../cli/progress-words.ts";
import { plain } from "../cli/terminal.ts";

/** GitHub shows ten annotations of a kind a step ("Usage limits" of workflow commands): the first are worth most. */
const mostWarnings = 9;

/** Text of others must not be taken for a command of the runner: `::` begins one at a line's beginning, `##[` anywhere. */
export const harmless = (text: string): string =>
  plain(text)
    .replaceAll("##[", "# #[")
    .replaceAll("\n", "\n| ")
    .replace(/^\s*::/, "| ::");

export interface Told extends Log {
  note(line: string): void;
  warn(title: string, line: string): void;
}

export function told(): Told {
  let warnings = 0;
  const warn = (title: string, line: string): void => {
    if (warnings++ < mostWarnings) warning(harmless(line), { title });
    else info(`warning: ${harmless(line)}`);
  };
  return {
    note: (line) => info(harmless(line)),
    warn,
    event: (name, facts = {}) => {
      const said = say(name, facts);
      if (said === undefined) return;
      if (said.warns) warn("runpool", said.line);
      else info(harmless(said.line));
    },
  };
}

/** A group of lines, ended however the work ends. */
export async function grouped<Value>(title: string, work: () => Promise<Value>): Promise<Value> {
  startGroup(title);
  try {
    return await work();
  } finally {
    endGroup();
  }
}

/** One error annotation a problem. */
export function fail(title: string, problems: readonly string[]): void {
  for (const problem of problems) error(harmless(problem), { title });
}

export const tell = (lines: readonly string[]): void =>
  lines.forEach((line) => notice(harmless(line), { title: "runpool" }));
