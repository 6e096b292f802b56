// The log's events are one union: a name that is not in it, or other facts, do not compile; and none is in it that nobody writes.
import { expect, test } from "vitest";
import type { Log } from "../../cloud/ports/log.ts";
import { sources } from "../tidy/sources.ts";

test("an event takes its own facts, all of them and no others", () => {
  const heard: string[] = [];
  const log: Log = { event: (...[name]) => void heard.push(name) };
  log.event("instance.claimed", { instance: "i-1", type: "m7i.large" });
  // @ts-expect-error there is no such event
  log.event("instance.stolen", { instance: "i-1" });
  // @ts-expect-error a fact is missing
  log.event("instance.claimed", { instance: "i-1" });
  // @ts-expect-error a fact of another kind
  log.event("instance.claimed", { instance: 1, type: "m7i.large" });
  // @ts-expect-error a fact that it has not
  log.event("instance.pooled", { instance: "i-1", zone: "eu-west-1a" });
  expect(heard).toHaveLength(5);
});

test("each event is written by a program", () => {
  const union = "domain/events.ts";
  const names = [...(sources.find(({ path }) => path === union)?.text ?? "").matchAll(/readonly "([a-z.-]+)":/g)];
  const written = sources.filter(({ path }) => path !== union && !/^(test|bench)\//.test(path));
  expect(names.length).toBeGreaterThan(50);
  expect(
    names.flatMap(([, name = ""]) => (written.some(({ text }) => text.includes(`"${name}"`)) ? [] : [name])),
  ).toEqual([]);
});
