// Rules for schedules: names, cron expressions and time zones that EventBridge Scheduler accepts.
import { refusalOf, yearsOf } from "../../domain/cron.ts";
import { floorsScheduleName } from "../arns.ts";
import type { Environment, Problem } from "./environment.ts";

/** EventBridge Scheduler API Reference, CreateSchedule. */
const longestName = 64;

/** Names of the time zone database, also those that ICU has by an older name (it says Asia/Calcutta); Scheduler tells capitals apart. */
function isTimeZone(name: string): boolean {
  if (name === "UTC" || Intl.supportedValuesOf("timeZone").includes(name)) return true;
  if (!/^[A-Z][A-Za-z]+(\/([A-Z]+[a-z]+[A-Za-z]*|of|es|au)([_-]([A-Z]+[a-z]+[A-Za-z]*|of|es|au))*)+$/.test(name))
    return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** Schedules whose last year is over: a warning, not a refusal. `now`: epoch ms. */
export const pastSchedules = ({ schedules }: Environment, now: number): readonly Problem[] =>
  schedules.flatMap(({ cron }, at): Problem[] =>
    Math.max(...yearsOf(cron)) < new Date(now).getUTCFullYear()
      ? [[`schedules[${at}].cron`, `"${cron}" will not run again: its last year is over`]]
      : [],
  );

export function problemsOfSchedules({ name: environment, schedules }: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  const names = new Set<string>();
  for (const [at, { name, cron, timezone }] of schedules.entries()) {
    const path = `schedules[${at}]`;
    if (!/^[a-z][a-z0-9-]{0,30}$/.test(name) || names.has(name))
      problems.push([`${path}.name`, `"${name}" must be 1-31 of a-z, 0-9 and "-", and used once`]);
    names.add(name);
    const { length } = floorsScheduleName(environment, name);
    if (length > longestName)
      problems.push([
        `${path}.name`,
        `makes ${floorsScheduleName(environment, name)}, of ${length} characters; a schedule's name has at most ${longestName}`,
      ]);
    const refused = refusalOf(cron);
    if (refused !== undefined) problems.push([`${path}.cron`, `"${cron}" ${refused}`]);
    if (!isTimeZone(timezone))
      problems.push([`${path}.timezone`, `"${timezone}" is not a name of the time zone database`]);
  }
  return problems;
}
