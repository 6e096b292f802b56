// The rules of schedules: names and cron expressions as EventBridge Scheduler takes them.
import { floorsScheduleName } from "./arns.ts";
import type { Environment, Problem } from "./environment.ts";

/** EventBridge Scheduler API Reference, CreateSchedule. */
const longestName = 64;

interface Field {
  readonly what: string;
  readonly least: number;
  readonly most: number;
  /** By which numbers may be named, the first standing for `least`. */
  readonly names?: readonly string[];
  /** False where `/` is not taken. */
  readonly steps?: false;
  /** What else an element may be. */
  readonly special?: RegExp;
}

/** EventBridge Scheduler User Guide, "Schedule types", cron-based schedules. */
const fields: readonly Field[] = [
  { what: "minutes", least: 0, most: 59 },
  { what: "hours", least: 0, most: 23 },
  { what: "day of the month", least: 1, most: 31, special: /^(L|LW|([1-9]|[12]\d|3[01])W)$/ },
  { what: "month", least: 1, most: 12, names: "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ") },
  {
    what: "day of the week",
    least: 1,
    most: 7,
    names: "SUN MON TUE WED THU FRI SAT".split(" "),
    steps: false,
    special: /^([1-7]?L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5])$/,
  },
  { what: "year", least: 1970, most: 2199 },
];

/** One element of a list: a value, a range, or steps through them. */
function isTaken(element: string, { least, most, names, steps, special }: Field): boolean {
  if (special?.test(element) === true) return true;
  const [range = "", step, ...more] = element.split("/");
  if (more.length > 0 || (step !== undefined && (steps === false || !/^[1-9]\d{0,3}$/.test(step)))) return false;
  if (range === "*") return true;
  const numbers = range.split("-").map((text) => {
    const named = names?.indexOf(text) ?? -1;
    return named >= 0 ? named + least : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  });
  const [from = Number.NaN, to = from] = numbers;
  return numbers.length <= 2 && from >= least && from <= to && to <= most;
}

/** Every number that a list stands for, where it is numbers: a field's own specials are left out. */
function numbersOf(text: string, { least, most, names }: Field): readonly number[] {
  const numberOf = (name: string): number => {
    const named = names?.indexOf(name) ?? -1;
    return named >= 0 ? named + least : Number(name);
  };
  return text.split(",").flatMap((element) => {
    const [range = "", step] = element.split("/");
    const [from = least, to = step === undefined ? from : most] =
      range === "*" ? [least, most] : range.split("-").map(numberOf);
    const count = Math.floor((to - from) / Number(step ?? 1)) + 1;
    return Number.isNaN(count) ? [] : Array.from({ length: count }, (_, at) => from + at * Number(step ?? 1));
  });
}

/** The years in which an expression comes. */
const yearsOf = (cron: string): readonly number[] => {
  const [, , , , , year] = fields;
  return year === undefined ? [] : numbersOf(partsOf(cron)?.[5] ?? "*", year);
};

/** Whether there is such a day: 31 April is none, 29 February is one in some years. */
function hasADay(dayOfMonth: string, month: string, years: readonly number[]): boolean {
  const [, , ofDays, ofMonths] = fields;
  if (ofDays === undefined || ofMonths === undefined || dayOfMonth === "?") return true;
  const days = dayOfMonth.split(",");
  // The last day is in every month.
  if (days.some((day) => day.startsWith("L"))) return true;
  const first = Math.min(...numbersOf(days.map((day) => day.replace("W", "")).join(","), ofDays));
  const february = years.some((year) => new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1) ? 29 : 28;
  const longest = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return numbersOf(month, ofMonths).some((one) => first <= (longest[one - 1] ?? 0));
}

const partsOf = (cron: string): readonly string[] | undefined =>
  /^cron\((\S+(?: \S+){5})\)$/.exec(cron)?.[1]?.split(" ");

/** What Scheduler would refuse of an expression, or never come to; undefined where it takes it. */
function refusalOf(cron: string): string | undefined {
  const given = partsOf(cron);
  if (given === undefined) return "must have six fields, e.g. cron(0 7 ? * MON-FRI *)";
  const [, , dayOfMonth, , dayOfWeek] = given;
  if ((dayOfMonth === "?") === (dayOfWeek === "?"))
    return 'must have "?" for the day of the month or that of the week, and for one of them only';
  for (const [at, field] of fields.entries()) {
    const text = given[at] ?? "";
    // One of the two days, as was seen.
    if (text === "?" && (at === 2 || at === 4)) continue;
    if (!text.split(",").every((element) => isTaken(element, field)))
      return `has "${text}" for its ${field.what}: ${field.least}-${field.most}${field.names === undefined ? "" : ` or ${field.names[0]}-${field.names.at(-1)}`}`;
  }
  return hasADay(dayOfMonth ?? "", given[3] ?? "", yearsOf(cron)) ? undefined : "never comes: there is no such day";
}

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

/** Schedules whose last year is over; no reason to refuse a file that was right then. `now`: epoch ms. */
export const pastSchedules = ({ schedules }: Environment, now: number): readonly Problem[] =>
  schedules.flatMap(({ cron }, at): Problem[] =>
    Math.max(...yearsOf(cron)) < new Date(now).getUTCFullYear()
      ? [[`schedules[${at}].cron`, `"${cron}" comes no more: its last year is over`]]
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
        `makes ${floorsScheduleName(environment, name)}, of ${length} characters; a schedule's name has ${longestName} at most`,
      ]);
    const refused = refusalOf(cron);
    if (refused !== undefined) problems.push([`${path}.cron`, `"${cron}" ${refused}`]);
    if (!isTimeZone(timezone))
      problems.push([`${path}.timezone`, `"${timezone}" must be a name of the time zone database`]);
  }
  return problems;
}
