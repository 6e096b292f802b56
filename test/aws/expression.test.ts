// What the domain decides and what DynamoDB does with the compiled expressions are the same, for arbitrary records and moves.
import { DeleteItemCommand, GetItemCommand, PutItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { fromItem, toItem } from "../../cloud/aws/attribute-values.ts";
import { conditionalUpdate } from "../../cloud/aws/conditional-update.ts";
import { compileAgentWrite, compileMove, updateItem } from "../../cloud/aws/expression.ts";
import { instances } from "../../cloud/aws/instances.ts";
import { chance } from "../../cloud/sim/chance.ts";
import { domainPlan } from "../../cloud/sim/domain-plan.ts";
import { dynamodb } from "../../cloud/sim/dynamodb/dynamodb.ts";
import { furnish, type FurnishClients } from "../../cloud/sim/furnish.ts";
import { holds } from "../../domain/condition.ts";
import { decide, life, type Move } from "../../domain/instance.ts";
import { agentAttributes, type InstanceRecord } from "../../domain/record.ts";
import { poolAttribute, poolKey } from "../../domain/table.ts";
import { jumpingClock } from "../contract/http-sim.ts";
import { agentWrite, key, meeting, now, record } from "./arbitrary-life.ts";
import { inMemoryClient } from "./in-memory-client.ts";

const clock = jumpingClock(now);
let client: DynamoDBClient;
let table: string;

const place = async (item: InstanceRecord): Promise<void> => {
  const Item = toItem({ ...item, [poolAttribute]: poolKey(item, item.state) });
  await client.send(new PutItemCommand({ TableName: table, Item }));
};
const stored = async (): Promise<Record<string, unknown> | undefined> => {
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: { key: { S: key } } }));
  return Item && fromItem(Item);
};

const erase = () => client.send(new DeleteItemCommand({ TableName: table, Key: { key: { S: key } } }));

/** What runs in hundreds of cases: every move is drawn dozens of times. */
const runs = { numRuns: 1_500 };

beforeAll(async () => {
  client = inMemoryClient(dynamodb({ clock, chance: chance("expression") }).service);
  const plan = domainPlan({ environment: "test", classes: {}, architectures: [], images: {} });
  await furnish({ dynamodb: client } as FurnishClients, plan);
  table = plan.table.name;
});

describe("a move, compiled to one UpdateItem", () => {
  it("has the outcome that the domain decides, and leaves the record that it decides", async () => {
    const done = new Set<Move>();
    const refused = new Set<string>();
    await fc.assert(
      fc.asyncProperty(meeting, async ({ move, told, before }) => {
        await (before === undefined ? erase() : place(before));
        const expected = decide(move, before, told);
        const ref = { key, partition: "github:acme/shop", resourceClass: "large", architecture: "x64" } as const;
        expect(await instances({ client, table, clock }).move(move, ref, told)).toEqual(expected);
        if (expected.kind === "done") done.add(move);
        else refused.add(expected.why);
        const after = await stored();
        const standing = expected.kind === "done" ? expected.record : before;
        expect(after).toEqual(standing && { ...standing, [poolAttribute]: poolKey(standing, standing.state) });
      }),
      runs,
    );
    // The draws must not miss a move, or they prove nothing about it.
    expect([...done].sort()).toEqual(Object.keys(life).sort());
    expect(refused.size).toBeGreaterThan(15);
  });

  it("keeps an owner that was none as the last owner `none`, and takes all of its owner's attributes away", () => {
    const pool = { partition: "p", resourceClass: "large", architecture: "x64" } as const;
    const told = { now, threshold: now + 1, reason: "gone" };
    expect(compileMove("condemn-gone", pool, told)).toMatchInlineSnapshot(`
      {
        "ConditionExpression": "(#state = :v0 OR #state = :v1 OR #state = :v2 OR #state = :v3)",
        "ExpressionAttributeNames": {
          "#attempt": "attempt",
          "#claimId": "claimId",
          "#labels": "labels",
          "#lastOwner": "lastOwner",
          "#owner": "owner",
          "#pool": "pool",
          "#provisionId": "provisionId",
          "#reason": "reason",
          "#registration": "registration",
          "#runId": "runId",
          "#state": "state",
          "#threshold": "threshold",
          "#version": "version",
        },
        "ExpressionAttributeValues": {
          ":v0": {
            "S": "created",
          },
          ":v1": {
            "S": "claimed",
          },
          ":v2": {
            "S": "running",
          },
          ":v3": {
            "S": "idle",
          },
          ":v4": {
            "N": "1700000000001",
          },
          ":v5": {
            "S": "terminating",
          },
          ":v6": {
            "S": "gone",
          },
          ":v7": {
            "S": "p#large#x64#terminating",
          },
          ":v8": {
            "S": "none",
          },
          ":v9": {
            "N": "1",
          },
        },
        "UpdateExpression": "SET #threshold = :v4, #state = :v5, #reason = :v6, #pool = :v7, #lastOwner = if_not_exists(#owner, :v8) ADD #version :v9 REMOVE #owner, #runId, #attempt, #provisionId, #claimId, #labels, #registration",
      }
    `);
  });
});

describe("an agent's write, compiled to one UpdateItem", () => {
  it("is made exactly where its condition holds, and changes nothing else", async () => {
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.option(record, { nil: undefined, freq: 8 }), agentWrite, async (before, write) => {
        await (before === undefined ? erase() : place(before));
        const updated = await conditionalUpdate(client, updateItem(table, key, compileAgentWrite(write)));
        const holding = before !== undefined && holds(write.condition, before);
        expect(updated.kind).toBe(holding ? "written" : "refused");
        outcomes.add(updated.kind);
        const item = before && { ...before, [poolAttribute]: poolKey(before, before.state) };
        expect(await stored()).toEqual(holding ? { ...item, ...write.set } : item);
        if (updated.kind !== "unknown") expect(updated.item).toEqual(await stored());
      }),
      runs,
    );
    expect(outcomes.size).toBe(2);
  });

  it("names no attribute but the key, the agent's own and the version, as its role's policy demands", () => {
    const names = fc
      .sample(agentWrite, 200)
      .flatMap((write) => Object.values(compileAgentWrite(write).ExpressionAttributeNames));
    const top = new Set(names.filter((name) => !["kind", "rank", "at", "assignment"].includes(name)));
    expect([...top].sort()).toEqual(["key", "version", ...agentAttributes].sort());
  });
});
