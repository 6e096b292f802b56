// The table's keys and indexes, within DynamoDB's limits.
import { expect, test } from "vitest";
import { agentAttributes, states } from "../../domain/record.ts";
import { poolKey } from "../../domain/class-keys.ts";
import * as domain from "../../domain/table.ts";

const { table } = domain;
const indexes = Object.values(table.indexes);

test.each(indexes)(
  "the index $name includes at most 20 attributes, each once, besides its keys",
  ({ hash, range, projects }) => {
    // DynamoDB Developer Guide, "Quotas": 20 non-key attributes an index, 100 in all.
    expect(projects.length).toBeLessThanOrEqual(20);
    expect(new Set(projects).size).toBe(projects.length);
    for (const key of [table.key, hash, range]) expect(projects).not.toContain(key);
  },
);

test("the indexes together include at most 100 attributes", () => {
  expect(indexes.flatMap(({ projects }) => [...projects]).length).toBeLessThanOrEqual(100);
});

test("no index shows an attribute of the agent's, so that a heartbeat writes no index", () => {
  for (const { projects, hash, range } of indexes)
    for (const name of agentAttributes) expect([...projects, hash, range]).not.toContain(name);
});

test("every key attribute has a type, and nothing else has", () => {
  const keys = [table.key, ...indexes.flatMap(({ hash, range }) => (range === undefined ? [hash] : [hash, range]))];
  expect(Object.keys(table.attributes).toSorted()).toEqual([...new Set<string>(keys)].toSorted());
});

test("the items that are not instances have keys of their own", () => {
  const keys = [
    domain.defaultsKey,
    domain.overlayKey,
    domain.pauseKey,
    domain.counterKey("environment"),
    domain.counterKey("partition"),
    domain.requestKey("1001"),
    domain.requestKey("1002"),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(domain.isInstanceKey(key)).toBe(false);
});

test("two pools, or two states of one, have two keys, whatever a partition is called", () => {
  const keys: string[] = [];
  for (const partition of ["a", "b", "ab", "a#", "a#b", "#a", "github:a/b"])
    for (const resourceClass of ["a", "b", "ab", "ba", "b-a"])
      for (const architecture of ["x64", "arm64"] as const)
        for (const state of states) keys.push(poolKey({ partition, resourceClass, architecture }, state));
  expect(new Set(keys).size).toBe(7 * 5 * 2 * states.length);
});
