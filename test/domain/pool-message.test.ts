// The pool message: made of a record, read from whatever lies in a queue.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { messageOf, parseMessage } from "../../domain/pool-message.ts";
import { recordOf } from "./situations.ts";

const record =
  recordOf({
    state: "idle",
    owner: "nobody",
    sign: { kind: "prepared", of: "this assignment" },
    wanted: "serve",
    ahead: 60_000,
    retired: false,
    heartbeatAge: 1_000,
  }) ?? expect.fail("no record");
const message = messageOf(record);
const names = Object.keys(message) as (keyof typeof message)[];
const problemOf = (fields: object): string => {
  const parsed = parseMessage(JSON.stringify(fields));
  return parsed.ok ? "" : parsed.problem;
};

test("a message says what the design lists, with the record's new threshold and version, and nothing of an owner or a signal", () => {
  expect(names.toSorted()).toEqual(
    [
      ["key", "instanceId", "partition", "resourceClass", "architecture", "usageClass", "instanceType", "cpu", "mmem"],
      ["threshold", "version", "imageId", "configHash"],
    ]
      .flat()
      .toSorted(),
  );
  expect(record).toMatchObject(message);
});

test("a message is read as it was written, without what does not belong to it", () => {
  expect(parseMessage(JSON.stringify({ ...message, extra: 1 }))).toEqual({ ok: true, message });
});

describe("a message that cannot be read has a problem that names", () => {
  test.each(names)("%s, where it is missing, null or of another type", (name) => {
    const { [name]: _, ...rest } = message;
    for (const damaged of [rest, { ...message, [name]: null }, { ...message, [name]: [] }, { ...message, [name]: {} }])
      expect(problemOf(damaged)).toContain(name);
  });

  test.each([
    ["architecture", "riscv"],
    ["usageClass", "reserved"],
  ])("the word in %s, and the allowed ones", (name, word) => {
    expect(problemOf({ ...message, [name]: word })).toMatch(new RegExp(`${name} is "${word}", not .+ \\| .+`));
  });

  test.each(["threshold", "version"])("%s beyond every number, which JSON can spell", (name) => {
    const body = JSON.stringify(message).replace(new RegExp(`"${name}":\\d+`), `"${name}":1e999`);
    expect(parseMessage(body)).toEqual({ ok: false, problem: expect.stringContaining(`${name} is not`) });
  });

  test("another machine than the one in its key", () => {
    expect(problemOf({ ...message, instanceId: "i-00000000000000000" })).toContain("not the one in its key");
  });

  test.each(["", "hello", "{", "null", "[]", "7", '"text"', "<xml/>"])("that the body %j is no such thing", (body) => {
    expect(parseMessage(body)).toMatchObject({ ok: false, problem: expect.stringMatching(/^not /) });
  });
});

test("any body at all is a message or a problem, never an exception", () => {
  const damage = fc.dictionary(fc.constantFrom(...names), fc.jsonValue());
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        damage.map((part) => JSON.stringify({ ...message, ...part })),
      ),
      (body) => {
        const parsed = parseMessage(body);
        expect(parsed.ok ? parsed.message.key : parsed.problem).not.toBe("");
      },
    ),
  );
});
