// Cron expressions as EventBridge Scheduler takes them: what it would refuse of one, and when one came last. Pure.

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
export const yearsOf = (cron: string): readonly number[] => {
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
export function refusalOf(cron: string): string | undefined {
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

/** A day of the calendar, wherever: midnight UTC of its date, epoch ms. */
type Day = number;
const dayMs = 24 * 60 * 60_000;

const dateOf = (day: Day) => {
  const date = new Date(day);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    date: date.getUTCDate(),
    week: date.getUTCDay(),
  };
};
const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** The working day next to a date within its month, as `15W` means it. */
function nextToDate(year: number, month: number, date: number): number {
  const week = new Date(Date.UTC(year, month - 1, date)).getUTCDay();
  if (week === 6) return date === 1 ? 3 : date - 1;
  if (week === 0) return date === daysIn(year, month) ? date - 2 : date + 1;
  return date;
}

function isOnDate(text: string, day: Day, field: Field): boolean {
  const { year, month, date } = dateOf(day);
  const last = daysIn(year, month);
  return text.split(",").some((element) => {
    if (element === "?") return true;
    if (element === "L") return date === last;
    if (element === "LW") return date === nextToDate(year, month, last);
    if (element.endsWith("W")) {
      const near = Number(element.slice(0, -1));
      return near <= last && date === nextToDate(year, month, near);
    }
    return numbersOf(element, field).includes(date);
  });
}

function isOnWeekday(text: string, day: Day, field: Field): boolean {
  const { year, month, date, week } = dateOf(day);
  const isLast = date + 7 > daysIn(year, month);
  return text.split(",").some((element) => {
    if (element === "?") return true;
    if (element === "L") return week === 6;
    if (/^[1-7]L$/.test(element)) return isLast && week + 1 === Number(element[0]);
    const [named = "", nth] = element.split("#");
    const fits = numbersOf(named, field).includes(week + 1);
    return fits && (nth === undefined || Math.ceil(date / 7) === Number(nth));
  });
}

/** What the clocks of a time zone show at a moment, as if they were UTC's: epoch ms, whole seconds. */
function shownIn(timezone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
}

/** How far back a schedule is looked for: one that comes once a year is still found. */
const longestBackDays = 366;

/**
 * When an expression came last, epoch ms at or before `now`; undefined where it has not for a year. As Scheduler has it ("Schedule types",
 * daylight saving): a time that the clocks leave out does not come, one that they show twice comes once.
 */
export function cameLast(cron: string, timezone: string, now: number): number | undefined {
  const [minutes = "", hours = "", dates = "", months = "", weekdays = "", years = "*"] = partsOf(cron) ?? [];
  const [ofMinutes, ofHours, ofDates, ofMonths, ofWeekdays, ofYears] = fields as readonly [
    Field,
    Field,
    Field,
    Field,
    Field,
    Field,
  ];
  const times = numbersOf(hours, ofHours)
    .flatMap((hour) => numbersOf(minutes, ofMinutes).map((minute) => (hour * 60 + minute) * 60_000))
    .toSorted((a, b) => b - a);
  const [inMonths, inYears] = [new Set(numbersOf(months, ofMonths)), new Set(numbersOf(years, ofYears))];
  const shown = shownIn(timezone);
  const momentOf = (wanted: number): number | undefined =>
    // Before and after a change of the clocks; of two moments that show the same the first.
    [wanted - dayMs, wanted + dayMs]
      .map((near) => wanted - (shown(near) - near))
      .toSorted((a, b) => a - b)
      .find((at) => shown(at) === wanted);
  const today = Math.floor(shown(now) / dayMs) * dayMs;
  for (let back = 0; back <= longestBackDays; back++) {
    const day = today - back * dayMs;
    const { year, month } = dateOf(day);
    if (!inYears.has(year) || !inMonths.has(month)) continue;
    if (!isOnDate(dates, day, ofDates) || !isOnWeekday(weekdays, day, ofWeekdays)) continue;
    for (const time of times) {
      const at = momentOf(day + time);
      if (at !== undefined && at <= now) return at;
    }
  }
  return undefined;
}
