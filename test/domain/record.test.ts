// Reading stored records: whatever is damaged is named, and never stops a scan.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agentAttributes, decodeListing, decodeRecord, isDamaged, recordSchema } from "../../domain/record.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { machine, now, owners } from "./situations.ts";

const bare: InstanceRecord = {
  ...machine,
  schema: recordSchema,
  state: "idle",
  version: 3,
  assignment: 0,
  threshold: now,
  wanted: "serve",
  uses: 0,
};
const full: Required<InstanceRecord> = {
  ...bare,
  ...owners.caller,
  lastOwner: "github:run:7:1:build",
  reason: "past its threshold",
  expiresAt: 1_800_000_000,
  heartbeatAt: now,
  signal: { kind: "registered", rank: 4, assignment: 1, at: now, detail: "as dev-i-1" },
  busy: false,
  retiredAt: now,
  agentVersion: "1.0.0",
  vitals: { listener: "online", jobs: 1, diskFree: 0.5, runnerVersion: "2.336.0" },
};
const names = Object.keys(full) as (keyof InstanceRecord)[];
const mandatory = new Set(Object.keys(bare));

const problemOf = (item: unknown): string => {
  const read = decodeRecord(item);
  return isDamaged(read) ? read.problem : "";
};

test("a record of this schema is read as it was written, with and without what is optional", () => {
  expect(decodeRecord(bare)).toEqual(bare);
  expect(decodeRecord(full)).toEqual(full);
});

test("an attribute that this version does not know is left out, not refused", () => {
  expect(decodeRecord({ ...bare, mood: "good" })).toEqual(bare);
});

test("what the agent may write is all in the record, and nothing that a record must have", () => {
  for (const name of agentAttributes) {
    expect(names).toContain(name);
    expect(mandatory.has(name), name).toBe(false);
  }
});

describe("a damaged attribute is named, with the item's key:", () => {
  const wrong = { string: 7, number: "7", boolean: "true", object: "{}" } as const;

  test.each(names)("%s of another type", (name) => {
    const kind = typeof full[name] as keyof typeof wrong;
    const read = decodeRecord({ ...full, [name]: wrong[kind] });
    expect(read).toEqual({
      key: name === "key" ? "(no key)" : full.key,
      problem: expect.stringContaining(`${name} is`),
    });
  });

  test.each(names)("%s stored as NULL, which DynamoDB does not take for absent", (name) => {
    expect(problemOf({ ...full, [name]: null })).toContain(`${name} is null`);
  });

  test.each(names.filter((name) => mandatory.has(name)))("%s missing", (name) => {
    const { [name]: _, ...rest } = full;
    expect(problemOf(rest)).toContain(`${name} is missing`);
  });

  test.each(names.filter((name) => typeof full[name] === "number"))("%s not finite", (name) => {
    expect(problemOf({ ...full, [name]: Number.NaN })).toBe(`${name} is not a finite number`);
  });

  test.each([
    ["state", "sleeping", "created | claimed | running | idle | terminating | terminated"],
    ["architecture", "riscv", "x64 | arm64"],
    ["usageClass", "reserved", "spot | on-demand"],
    ["wanted", "maybe", "serve | leave"],
  ])("%s with a word that it does not know: the allowed ones are named", (name, word, allowed) => {
    expect(problemOf({ ...full, [name]: word })).toBe(`${name} is "${word}", not ${allowed}`);
  });

  test.each([
    ["labels", ["a", 1]],
    ["registration", [{ forge: "github" }]],
    ["registration", [null]],
    ["registration", [{ ...full.registration[0], labels: "1001" }]],
    ["signal", {}],
    ["signal", { ...full.signal, assignment: "1" }],
    ["signal", { ...full.signal, rank: Number.NaN }],
    ["signal", { ...full.signal, kind: undefined }],
  ])("%s damaged inside: %j", (name, inside) => {
    expect(problemOf({ ...full, [name]: inside })).toMatch(new RegExp(`^${name} `));
  });
});

test("a signal of a kind that only a newer agent knows is read", () => {
  const signal = { ...full.signal, kind: "hibernating" };
  expect(decodeRecord({ ...full, signal })).toMatchObject({ signal });
});

test("an item of a newer schema is named as such, whatever else it holds, and says what to do", () => {
  expect(problemOf({ key: "k", schema: recordSchema + 1 })).toMatch(/schema 2 is newer than 1: .*upgrade/);
});

test("anything at all is a record or a named problem, never an exception", () => {
  fc.assert(
    fc.property(fc.anything(), (item) => {
      const read = decodeRecord(item);
      expect(isDamaged(read)).toBe(true);
    }),
  );
  const attribute = fc.constantFrom(...names);
  fc.assert(
    fc.property(fc.dictionary(attribute, fc.anything()), (damage) => {
      const read = decodeRecord({ ...full, ...damage });
      expect(read.key).toBeTypeOf("string");
    }),
  );
});

test("a listing is held to the same rules, for the attributes that it shows", () => {
  expect(decodeListing({ key: "k", state: "idle", mood: 1 }, ["key", "state"])).toEqual({ key: "k", state: "idle" });
  expect(decodeListing({ key: "k" }, ["key", "state"])).toEqual({
    key: "k",
    problem: "state is missing, not a string",
  });
  expect(decodeListing({ key: "k" }, ["key", "owner"])).toEqual({ key: "k" });
});
