// The expression engine: what conditions and updates mean, and what DynamoDB refuses, by table.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chance } from "../../sim/chance.ts";
import type { Item } from "../../sim/dynamodb/attribute-value.ts";
import { dynamodb } from "../../sim/dynamodb/dynamodb.ts";
import { openFaults } from "../../sim/http/faults.ts";
import { machines, TableName } from "./machines-table.ts";
import { manualClock } from "./manual-clock.ts";

const place = { region: "eu-west-1", account: "123456789012" };
const base = { clock: manualClock(), faults: openFaults(), ...place };
const { service } = dynamodb({ ...base, chance: chance("expressions") });
const call = (action: string, input: object) =>
  service({
    service: "dynamodb",
    action,
    input: input as Record<string, unknown>,
    caller: { accessKeyId: "x", region: "eu-west-1" },
  }) as Promise<Record<string, unknown>>;
await call("CreateTable", machines);

const stored: Item = {
  id: { S: "i-1" },
  n: { N: "5" },
  five: { N: "5.0" },
  text: { S: "spot" },
  flag: { BOOL: true },
  none: { NULL: true },
  list: { L: [{ S: "x" }, { N: "2" }, { M: { deep: { S: "y" } } }] },
  map: { M: { owner: { S: "run" }, at: { N: "7" } } },
};
const given: Item = {
  ":five": { N: "5" },
  ":six": { N: "6" },
  ":sp": { S: "sp" },
  ":a": { S: "a" },
  ":x": { S: "x" },
  ":y": { S: "y" },
  ":run": { S: "run" },
  ":true": { BOOL: true },
  ":map": { M: { at: { N: "7" }, owner: { S: "run" } } },
  ":two": { N: "2" },
  ":empty": { S: "" },
};
const names: Record<string, string> = {
  "#m": "map",
  "#o": "owner",
  "#gone": "gone",
  "#text": "text",
  "#none": "none",
};

/** Only what the expression uses: DynamoDB refuses the rest. */
const used = (expression: string) => {
  const pick = <T>(all: Record<string, T>): Record<string, T> | undefined => {
    const found = Object.entries(all).filter(([key]) => new RegExp(`${key}(?![A-Za-z0-9_])`).test(expression));
    return found.length > 0 ? Object.fromEntries(found) : undefined;
  };
  return { ExpressionAttributeNames: pick(names), ExpressionAttributeValues: pick(given) };
};

async function holds(condition: string): Promise<boolean> {
  await call("PutItem", { TableName, Item: stored });
  const write = call("PutItem", { TableName, Item: stored, ConditionExpression: condition, ...used(condition) });
  return write.then(
    () => true,
    (fault: Error) => {
      if (fault.name !== "ConditionalCheckFailedException") throw fault;
      return false;
    },
  );
}

test.each([
  ["n = :five", true],
  ["n = five", true],
  ["n < :six AND n >= :five", true],
  ["n <> :five", false],
  ["#gone <> :five", true],
  ["#gone = :five", false],
  ["#gone < :five", false],
  ["NOT #gone < :five", true],
  ["n < :sp", false],
  ["#text BETWEEN :sp AND :x", true],
  ["#m.#o = :run", true],
  ["#m.#o = #text", false],
  ["attribute_not_exists(#m.absent)", true],
  ["attribute_not_exists(#text.absent)", true],
  ["begins_with(#text, :sp)", true],
  ["begins_with(#text, :empty)", true],
  ["begins_with(n, :sp)", false],
  ["contains(#text, :sp)", true],
  ["#m = :map", true],
  ["flag = :true", true],
  ["attribute_exists(#none)", true],
  ["n = :six OR n = :five AND #text = :sp", false],
  ["(n = :six OR n = :five) AND flag = :true", true],
  ["NOT (n = :six OR #text = :sp)", true],
  ["not n = :six and flag = :true", true],
])("%s is %s", async (condition, expected) => {
  expect(await holds(condition)).toBe(expected);
});

async function updated(expression: string): Promise<Record<string, unknown>> {
  await call("PutItem", { TableName, Item: stored });
  const { Attributes } = await call("UpdateItem", {
    TableName,
    Key: { id: { S: "i-1" } },
    UpdateExpression: expression,
    ...used(expression),
    ReturnValues: "ALL_NEW",
  });
  return Attributes as Record<string, unknown>;
}

test.each([
  ["SET n = if_not_exists(n, :two)", {}],
  ["SET fresh = if_not_exists(fresh, :two)", { fresh: { N: "2" } }],
  ["SET #m.#o = :a, #m.more = :x", { map: { M: { owner: { S: "a" }, at: { N: "7" }, more: { S: "x" } } } }],
  ["REMOVE #m.#o", { map: { M: { at: { N: "7" } } } }],
  ["REMOVE #gone", {}],
  ["ADD n :two", { n: { N: "7" } }],
  ["ADD fresh :two", { fresh: { N: "2" } }],
  ["SET n = five, five = :two ADD fresh :six REMOVE flag", { five: { N: "2" }, fresh: { N: "6" }, flag: undefined }],
])("%s", async (expression, changes) => {
  const { five, ...rest } = stored;
  const after = { ...rest, five: five && { N: "5" }, ...changes };
  expect(await updated(expression)).toEqual(after);
});

test.each([
  ["ADD #text :two", "An operand in the update expression has an incorrect data type"],
  ["SET n = gone", "The provided expression refers to an attribute that does not exist in the item"],
  ["SET nowhere.deep = :a", "The document path provided in the update expression is invalid for update"],
  ["REMOVE nowhere.deep", "The document path provided in the update expression is invalid for update"],
  ["SET id = :a", "Cannot update attribute id. This attribute is part of the key"],
  ["SET n = :a, n = :x", "Two document paths overlap with each other"],
  ["SET #m = :a, #m.#o = :x", "Two document paths overlap with each other"],
  ["SET n = :a SET five = :x", 'The "SET" section can only be used once in an update expression;'],
  ["SET state = :a", "Attribute name is a reserved keyword; reserved keyword: state"],
  ["SET n = :nobody", "attribute value: :nobody"],
  ["SET #nobody = :a", "attribute name: #nobody"],
  ["SET n :a", 'Syntax error; token: ":a", near: "n :a"'],
  ["SET n = n + :two", 'Syntax error; token: "+"'],
  ["SET n = list_append(n, :two)", "Invalid function name; function: list_append"],
  ["ADD n :a", "operator: ADD, operand type: STRING"],
  ["SET runId = :five", "The update expression attempted to update the secondary index key to unsupported type"],
  ["SET runId = :empty", "cannot contain an empty string value"],
  ["", "The expression can not be empty;"],
])("the update %s is refused", async (expression, message) => {
  await expect(updated(expression)).rejects.toThrow(message);
  await expect(updated(expression)).rejects.toMatchObject({ code: "ValidationException" });
});

test.each([
  ["n = n", "The first operand must be distinct"],
  ["attribute_exists(:a)", "requires a document path"],
  ["begins_with(n, :five)", "operator or function: begins_with, operand type: NUMBER"],
  ["n BETWEEN :six AND :five", "requires upper bound to be greater than or equal to lower bound"],
  ["((n = :five))", "The expression has redundant parentheses"],
  ["n = :five AND", 'token: "<EOF>"'],
  ["nonsense(n, :a)", "Invalid function name; function: nonsense"],
  ["attribute_exists(n, :a)", "Incorrect number of operands"],
  ["n < :true", "operator or function: <, operand type: BOOLEAN"],
])("the condition %s is refused", async (condition, message) => {
  await expect(holds(condition)).rejects.toThrow(message);
});

test("what an expression does not use is refused", async () => {
  const Item = { id: { S: "i-1" } };
  const base = { TableName, Item, ConditionExpression: "attribute_exists(id)" };
  await expect(call("PutItem", { ...base, ExpressionAttributeValues: { ":v": { S: "" } } })).rejects.toThrow(
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}",
  );
  await expect(call("PutItem", { ...base, ExpressionAttributeNames: { "#n": "n" } })).rejects.toThrow(
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}",
  );
  await expect(call("PutItem", { TableName, Item, ExpressionAttributeNames: { "#n": "n" } })).rejects.toThrow(
    "ExpressionAttributeNames can only be specified when using expressions",
  );
  await expect(call("PutItem", { TableName, Item, Expected: {} })).rejects.toThrow("legacy parameter Expected");
});

test("comparing integers agrees with arithmetic, whatever their size", async () => {
  const integers = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
  // Neighbours, too: they are what a double cannot tell apart.
  const pairs = fc.oneof(
    fc.tuple(integers, integers),
    fc.tuple(integers, fc.bigInt({ min: -2n, max: 2n })).map(([a, step]) => [a, a + step] as const),
  );
  await fc.assert(
    fc.asyncProperty(pairs, async ([a, b]) => {
      const Item = { id: { S: "i-fc" }, a: { N: String(a) } };
      await call("PutItem", { TableName, Item });
      const { Count } = await call("Scan", {
        TableName,
        FilterExpression: "id = :id AND a < :b",
        ExpressionAttributeValues: { ":id": Item.id, ":b": { N: String(b) } },
      });
      expect(Count).toBe(a < b ? 1 : 0);
      const { Attributes } = await call("UpdateItem", {
        TableName,
        Key: { id: Item.id },
        UpdateExpression: "ADD a :b",
        ExpressionAttributeValues: { ":b": { N: String(b) } },
        ReturnValues: "ALL_NEW",
      });
      expect(Attributes).toEqual({ ...Item, a: { N: String(a + b) } });
    }),
    { numRuns: 100 },
  );
});

test("AND, OR and NOT agree with logic, as deep as they nest", async () => {
  await call("PutItem", { TableName, Item: stored });
  type Tree = { readonly text: string; readonly value: boolean };
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constant({ text: "n = :five", value: true }),
      fc.constant({ text: "n = :six", value: false }),
      tie("tree").map((inner) => ({ text: `NOT (${inner.text})`, value: !inner.value })),
      fc.tuple(tie("tree"), tie("tree"), fc.boolean()).map(([a, b, and]) => ({
        text: `(${a.text}) ${and ? "AND" : "OR"} (${b.text})`,
        value: and ? a.value && b.value : a.value || b.value,
      })),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(tree, async ({ text, value }) => {
      expect(await holds(text)).toBe(value);
    }),
    { numRuns: 200 },
  );
});
