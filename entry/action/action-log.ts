// What the log shows: groups, one line an instance as its state changes, warnings and errors as annotations.
import { endGroup, error, info, notice, startGroup, warning } from "@actions/core";
import type { Log } from "../../cloud/ports/log.ts";
import type { Reason } from "../../domain/reasons.ts";
import { alikeTogether, kindOf } from "../words/alike-reasons.ts";
import { messageOf } from "../words/progress-words.ts";
import { plain } from "../words/terminal.ts";

/** GitHub shows ten annotations of a kind a step ("Usage limits" of workflow commands): the first are worth most. */
const mostWarnings = 9;
const mostErrors = 10;

/** Text of others must not be taken for a command of the runner: `::` begins one at a line's beginning, `##[` anywhere. */
export const harmless = (text: string): string =>
  plain(text.replaceAll("\r\n", "\n"))
    .replaceAll("##[", "# #[")
    .replaceAll("\n", "\n| ")
    .replace(/^\s*::/, "| ::");

export interface ActionLog extends Log {
  note(line: string): void;
  warn(title: string, line: string): void;
}

export function actionLog(): ActionLog {
  // A warning of a kind already shown for another instance gets no annotation of its own.
  const warned = new Set<string>();
  const warn = (title: string, line: string): void => {
    const before = warned.size;
    warned.add(kindOf(line));
    if (warned.size > before && before < mostWarnings) warning(harmless(line), { title });
    else info(`warning: ${harmless(line)}`);
  };
  return {
    note: (line) => info(harmless(line)),
    warn,
    event: (...event) => {
      const message = messageOf(...event);
      if (message === undefined) return;
      if (message.warns) warn("runpool", message.line);
      else info(harmless(message.line));
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

/** One error annotation a kind of problem, as many as are shown; the last, which says what to do, is one of them. */
export function fail(title: string, problems: readonly (Reason | string)[]): void {
  const kinds = alikeTogether(problems);
  const rest = kinds.slice(mostErrors - 1, -1);
  for (const problem of kinds.filter((one) => !rest.includes(one))) error(harmless(problem), { title });
  for (const problem of rest) info(`error: ${harmless(problem)}`);
}

export const noticeAll = (lines: readonly string[]): void =>
  lines.forEach((line) => notice(harmless(line), { title: "runpool" }));
