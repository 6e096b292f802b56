// Reading stored records: whatever is damaged is named, and never stops a scan.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Whole } from "../../cloud/aws/stored-shape.ts";
import { exists, holds } from "../../domain/condition.ts";
import { limits, maxima } from "../../domain/limits.ts";
import {
  agentAttributes,
  decodeListing,
  decodeRecord,
  failureCauses,
  heartbeatAge,
  isDamaged,
  optionalKinds,
  recordSchema,
} from "../../domain/record.ts";
import type { InstanceRecord, Signal, Vitals } from "../../domain/record.ts";
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
const ofKind = { string: "text", number: 1, list: [], map: {} } as const;
const full = {
  ...Object.fromEntries(Object.entries(optionalKinds).map(([name, kind]) => [name, ofKind[kind]])),
  ...bare,
  ...owners.caller,
  lastOwner: "github:run:7:1:build",
  lastSignal: { kind: "registered", rank: 4, assignment: 1, at: now, cause: "token", detail: "as dev-i-0" },
  reason: { code: "expired", state: "running" },
  expiresAt: 1_800_000_000,
  heartbeatAt: now,
  signal: { kind: "registered", rank: 4, assignment: 1, at: now, cause: "token", detail: "as dev-i-1" },
  busy: false,
  retiredAt: now,
  agentVersion: "1.0.0",
  vitals: { listener: "online", jobs: 1, diskFree: 0.5, runnerVersion: "2.336.0" },
} as Whole<Omit<InstanceRecord, "spoilt">>;
const names = Object.keys(full) as (keyof typeof full)[];
const mandatory = new Set(Object.keys(bare));
/** All that the instance's role lets it write. */
const reported = [...agentAttributes, "version"] as const;
/** What only the control plane writes. */
const governed = names.filter((name) => !(reported as readonly string[]).includes(name));

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

  test.each(governed)("%s of another type", (name) => {
    const kind = typeof full[name] as keyof typeof wrong;
    const read = decodeRecord({ ...full, [name]: wrong[kind] });
    expect(read).toEqual({
      key: name === "key" ? "(no key)" : full.key,
      problem: expect.stringContaining(`${name} is`),
    });
  });

  test.each(governed)("%s stored as NULL, which DynamoDB does not take for absent", (name) => {
    expect(problemOf({ ...full, [name]: null })).toContain(`${name} is null`);
  });

  test.each(governed.filter((name) => mandatory.has(name)))("%s missing", (name) => {
    const { [name]: _, ...rest } = full;
    expect(problemOf(rest)).toContain(`${name} is missing`);
  });

  test.each(governed.filter((name) => typeof full[name] === "number"))("%s not finite", (name) => {
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
    ["lastSignal", { ...full.signal, assignment: "1" }],
    ["reason", { by: "terminated" }],
    ["reason", { code: "failed" }],
    ["reason", { code: "spoilt", attributes: "signal" }],
    ["reason", { code: "operator" }],
    ["reason", { code: "condemned", cause: null }],
  ])("%s damaged inside: %j", (name, inside) => {
    expect(problemOf({ ...full, [name]: inside })).toMatch(new RegExp(`^${name} `));
  });
});

describe("what an instance writes is hostile:", () => {
  const anything = [
    null,
    "x",
    "",
    "x".repeat(400 * 1024),
    5,
    -1,
    1e60,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    1.5,
    true,
    [],
    [[[[1]]]],
    {},
    { kind: 5, rank: {}, assignment: "1", at: [] },
    { listener: "asleep", jobs: -1, diskFree: "all", runnerVersion: 5 },
    { B: new Uint8Array(3) },
    JSON.parse('{"__proto__":{"kind":"registered"}}'),
  ];
  const right: { readonly [Name in (typeof reported)[number]]: (found: never) => boolean } = {
    heartbeatAt: (at: number) => at >= 0 && at <= Number.MAX_SAFE_INTEGER,
    retiredAt: (at: number) => at >= 0 && at <= Number.MAX_SAFE_INTEGER,
    busy: (busy: boolean) => typeof busy === "boolean",
    agentVersion: (version: string) => typeof version === "string" && version.length <= 64,
    version: (version: number) => Number.isSafeInteger(version) && version >= 0,
    signal: ({ kind, rank, assignment, at, cause, detail = "" }: Signal) =>
      /^[a-z-]{1,40}$/.test(kind) &&
      [rank, assignment].every((number) => Number.isSafeInteger(number) && number >= 0) &&
      at >= 0 &&
      (cause === undefined || failureCauses.includes(cause)) &&
      detail.length <= maxima.signalDetailBytes,
    vitals: ({ listener, jobs, diskFree, runnerVersion = "1" }: Vitals) =>
      ["none", "starting", "online", "exited"].includes(listener) &&
      Number.isSafeInteger(jobs) &&
      diskFree >= 0 &&
      diskFree <= 1 &&
      typeof runnerVersion === "string" &&
      runnerVersion.length <= 40,
  };

  const hostile = [
    ...anything,
    { ...full.signal, detail: "x".repeat(400 * 1024) },
    { ...full.signal, detail: 5 },
    { ...full.signal, kind: "<b>".repeat(9) },
    { ...full.signal, at: 1e60 },
    ...anything.map((cause) => ({ ...full.signal, cause })),
    { ...full.vitals, runnerVersion: 5 },
    { ...full.vitals, runnerVersion: "1".repeat(99) },
    { ...full.vitals, diskFree: Number.NaN },
    { ...full.vitals, junk: "x".repeat(400 * 1024) },
  ];
  test.each(reported)("%s holds what it may hold or is absent, and the record stands", (name) => {
    for (const value of hostile) {
      const read = decodeRecord({ ...full, [name]: value });
      if (isDamaged(read)) return expect.fail(`${JSON.stringify(value).slice(0, 80)}: ${read.problem}`);
      const { [name]: found, spoilt, ...rest } = read;
      const { [name]: _, ...others } = full;
      expect(rest).toEqual(others);
      if (found !== undefined) expect(right[name](found as never), JSON.stringify(value).slice(0, 80)).toBe(true);
      if (found === undefined) expect(spoilt).toEqual([name]);
    }
  });

  test("a cause that this version does not know is none, and its signal stands", () => {
    const { cause: _, ...without } = full.signal;
    for (const cause of ["promoted", ...anything])
      expect(decodeRecord({ ...full, signal: { ...full.signal, cause } })).toMatchObject({ signal: without });
    expect(decodeRecord({ ...full, signal: { ...without, cause: "promoted" } })).toEqual({ ...full, signal: without });
  });

  test.each(reported)("%s with more than an agent writes is said to be spoilt", (name) => {
    const read = decodeRecord({ ...full, [name]: { ...full.signal, ...full.vitals, junk: "x".repeat(400 * 1024) } });
    expect(read).toMatchObject({ spoilt: [name] });
    expect(decodeRecord(full)).not.toHaveProperty("spoilt");
  });

  test("that its agent ends it counts whatever is written there, as it does for the table", () => {
    for (const retiredAt of anything) expect(decodeRecord({ ...full, retiredAt })).toHaveProperty("retiredAt");
    expect(holds(exists("retiredAt"), { retiredAt: null })).toBe(true);
  });

  test("a moment from the future is no sign of life", () => {
    expect(heartbeatAge({}, now)).toBeUndefined();
    expect(heartbeatAge({ heartbeatAt: now - 5 }, now)).toBe(5);
    expect(heartbeatAge({ heartbeatAt: now + limits.aheadMs }, now)).toBe(-limits.aheadMs);
    expect(heartbeatAge({ heartbeatAt: now + limits.aheadMs + 1 }, now)).toBe(Number.POSITIVE_INFINITY);
  });

  test("an item that it made for itself is no record", () => {
    const own = { key: "k", version: 1, heartbeatAt: now, busy: false, mood: "good" };
    expect(decodeRecord(own)).toEqual({ key: "k", problem: expect.stringContaining("nothing"), foreign: true });
    expect(decodeRecord({ ...own, state: "idle" })).not.toHaveProperty("foreign");
  });

  test("a version that is none never belongs to a record of ours", () => {
    for (const version of [undefined, "7", 1e60, -1, 0.5, null])
      expect(decodeRecord({ ...full, version })).toMatchObject({ version: 0, spoilt: ["version"] });
  });
});

test("a signal of a kind that only a newer agent knows is read", () => {
  const signal = { ...full.signal, kind: "hibernating" };
  expect(decodeRecord({ ...full, signal })).toMatchObject({ signal });
});

test("an item of another schema is named as such, whatever else it holds, and says what to do", () => {
  expect(problemOf({ key: "k", schema: recordSchema + 1 })).toMatch(/schema 3 is newer than 2: .*upgrade/);
  const old = { ...full, schema: 1, runId: "1001", attempt: 1, provisionId: "build" };
  expect(problemOf(old)).toBe("written by an older runpool: schema 1, and this one reads schema 2");
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
  expect(decodeListing({ key: "k", version: 7 }, ["key", "version"])).toEqual({ key: "k", version: 7 });
  expect(decodeListing({ key: "k", version: 1e60 }, ["key", "version"])).toEqual({ key: "k", version: 0 });
});

test("a record that names another machine than its key's is damaged: what is decided on it would hit that one", () => {
  expect(decodeRecord({ ...bare, instanceId: "i-00000000000000000" })).toMatchObject({
    key: bare.key,
    problem: expect.stringContaining("not the one in its key"),
  });
});
