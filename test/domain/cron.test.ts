// When a cron expression of EventBridge Scheduler came last, in its time zone.
import { expect, test } from "vitest";
import { cameLast } from "../../domain/cron.ts";

const at = (text: string): number => Date.parse(text);
const came = (cron: string, timezone: string, now: string): string | undefined => {
  const moment = cameLast(`cron(${cron})`, timezone, at(now));
  return moment === undefined ? undefined : new Date(moment).toISOString().slice(0, 16);
};

// 1 December 2026 is a Tuesday.
test.each([
  ["the minute itself", "0 7 ? * * *", "UTC", "2026-12-01T07:00:00Z", "2026-12-01T07:00"],
  ["just before it, the day before", "0 7 ? * * *", "UTC", "2026-12-01T06:59:59Z", "2026-11-30T07:00"],
  ["another time zone", "0 7 ? * * *", "Europe/Berlin", "2026-12-01T06:00:00Z", "2026-12-01T06:00"],
  ["summer time", "0 7 ? * * *", "Europe/Berlin", "2026-07-01T12:00:00Z", "2026-07-01T05:00"],
  ["a date that is another there already", "0 7 ? * * *", "Asia/Tokyo", "2026-11-30T23:00:00Z", "2026-11-30T22:00"],
  ["working days, on a Sunday", "0 19 ? * MON-FRI *", "UTC", "2026-11-29T12:00:00Z", "2026-11-27T19:00"],
  ["a day by its number", "0 19 ? * 2 *", "UTC", "2026-12-01T12:00:00Z", "2026-11-30T19:00"],
  ["steps and lists", "0/15 8,20 ? * * *", "UTC", "2026-12-01T20:20:00Z", "2026-12-01T20:15"],
  ["the first of a month", "0 0 1 * ? *", "UTC", "2026-11-30T12:00:00Z", "2026-11-01T00:00"],
  ["the last of a month", "0 0 L * ? *", "UTC", "2026-12-01T12:00:00Z", "2026-11-30T00:00"],
  ["the last working day", "0 0 LW * ? *", "UTC", "2026-11-01T12:00:00Z", "2026-10-30T00:00"],
  ["the working day next to a Sunday", "0 0 15W * ? *", "UTC", "2026-12-01T12:00:00Z", "2026-11-16T00:00"],
  ["the third Monday", "0 0 ? * MON#3 *", "UTC", "2026-12-01T12:00:00Z", "2026-11-16T00:00"],
  ["the last Friday", "0 0 ? * 6L *", "UTC", "2026-12-01T12:00:00Z", "2026-11-27T00:00"],
  ["once a year", "0 0 24 DEC ? *", "UTC", "2026-12-01T12:00:00Z", "2025-12-24T00:00"],
  ["a year", "0 0 1 1 ? 2026", "UTC", "2026-12-01T12:00:00Z", "2026-01-01T00:00"],
  [
    "a time that the clocks leave out does not come",
    "30 2 ? * * *",
    "Europe/Berlin",
    "2026-03-29T12:00:00Z",
    "2026-03-28T01:30",
  ],
  [
    "a time that they show twice comes once, at first",
    "30 2 ? * * *",
    "Europe/Berlin",
    "2026-10-25T12:00:00Z",
    "2026-10-25T00:30",
  ],
])("%s", (_what, cron, timezone, now, moment) => expect(came(cron, timezone, now)).toBe(moment));

test("what has not come for a year has not come", () => {
  expect(came("0 0 1 1 ? 2020", "UTC", "2026-12-01T12:00:00Z")).toBeUndefined();
  expect(came("0 0 1 1 ? 2030", "UTC", "2026-12-01T12:00:00Z")).toBeUndefined();
});
