// What the domain decides and what DynamoDB does with the compiled expressions are the same: for every outcome of every move, and for
// arbitrary records.
import { DeleteItemCommand, GetItemCommand, PutItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { fromItem, toItem } from "../../cloud/aws/attribute-values.ts";
import { conditionalUpdate } from "../../cloud/aws/conditional-update.ts";
import { compileAgentWrite, updateItem } from "../../cloud/aws/expression.ts";
import { instances } from "../../cloud/aws/instances.ts";
import { chance } from "../../sim/chance.ts";
import { domainPlan } from "../world/domain-plan.ts";
import { dynamodb } from "../../sim/dynamodb/dynamodb.ts";
import { furnish, type FurnishClients } from "../../sim/furnish.ts";
import { openFaults } from "../../sim/http/faults.ts";
import { holds } from "../../domain/condition.ts";
import { decide, life, type Move, type Moves } from "../../domain/instance.ts";
import { agentAttributes, type InstanceRecord } from "../../domain/record.ts";
import { indexedBy } from "../../domain/table.ts";
import type { InstanceRef } from "../../cloud/ports/store.ts";
import { jumpingClock, place as somewhere } from "../contract/http-sim.ts";
import { calls, machine, recordOf, situations } from "../domain/situations.ts";
import { agentWrite, key, meeting, now, record } from "./arbitrary-life.ts";
import { inMemoryClient } from "./in-memory-client.ts";

const clock = jumpingClock(now);
let client: DynamoDBClient;
let table: string;

const place = async (item: InstanceRecord): Promise<void> => {
  const Item = toItem({ ...item, ...indexedBy(item) });
  await client.send(new PutItemCommand({ TableName: table, Item }));
};
const stored = async (at: string): Promise<Record<string, unknown> | undefined> => {
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: { key: { S: at } } }));
  return Item && fromItem(Item);
};

const erase = (at: string) => client.send(new DeleteItemCommand({ TableName: table, Key: { key: { S: at } } }));

/** Beside what is enumerated: draws may miss a move, so nothing is asked of which they meet. A failing one prints its seed. */
const runs = { numRuns: 1_000 };
/** So many situations of each outcome of each call. */
const ofEach = 3;
/** The enumeration ends by itself. */
const unlimited = 0;

beforeAll(async () => {
  client = inMemoryClient(
    dynamodb({ clock, ...somewhere, faults: openFaults(), chance: chance("expression") }).service,
  );
  const plan = domainPlan({ environment: "test", classes: {}, architectures: [], images: {} });
  await furnish({ dynamodb: client } as FurnishClients, plan);
  table = plan.table.name;
});

describe("a move, compiled to one UpdateItem", () => {
  const compared = async <M extends Move>(
    move: M,
    params: Moves[M],
    before: InstanceRecord | undefined,
    ref: InstanceRef,
  ) => {
    await (before === undefined ? erase(ref.key) : place(before));
    const expected = decide(move, before, params);
    expect(await instances({ client, table, clock }).move(move, ref, params)).toEqual(expected);
    const standing = expected.kind === "done" ? expected.record : before;
    expect(await stored(ref.key)).toEqual(standing && { ...standing, ...indexedBy(standing) });
  };

  it(
    "has the outcome that the domain decides, and leaves the record that it decides: every outcome of every call",
    { timeout: unlimited },
    async () => {
      const seen = new Map<string, number>();
      const done = new Set<Move>();
      const refused = new Set<string>();
      for (const situation of situations()) {
        const before = recordOf(situation);
        for (const { move, right, params } of calls) {
          const decision = decide(move, before, params);
          const outcome = decision.kind === "done" ? `done ${decision.already}` : decision.why;
          const kind = `${move} by ${right} of ${situation.state}: ${outcome}`;
          const count = (seen.get(kind) ?? 0) + 1;
          if (count > ofEach) continue;
          seen.set(kind, count);
          if (decision.kind === "done") done.add(move);
          else refused.add(decision.why);
          await compared(move, params, before, machine);
        }
      }
      expect([...done].sort()).toEqual(Object.keys(life).sort());
      expect(refused.size).toBeGreaterThan(15);
    },
  );

  const drawnRef = { key, partition: "github:acme/shop", resourceClass: "large", architecture: "x64" } as const;
  it("and so for arbitrary records and moves", async () => {
    await fc.assert(
      fc.asyncProperty(meeting, ({ move, params, before }) => compared(move, params, before, drawnRef)),
      runs,
    );
  });
});

describe("an agent's write, compiled to one UpdateItem", () => {
  it("is made exactly where its condition holds, and changes nothing else", async () => {
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.option(record, { nil: undefined, freq: 8 }), agentWrite, async (before, write) => {
        await (before === undefined ? erase(key) : place(before));
        const updated = await conditionalUpdate(client, updateItem(table, key, compileAgentWrite(write)));
        const holding = before !== undefined && holds(write.condition, before);
        expect(updated.kind).toBe(holding ? "written" : "refused");
        outcomes.add(updated.kind);
        const item = before && { ...before, ...indexedBy(before) };
        expect(await stored(key)).toEqual(holding ? { ...item, ...write.set } : item);
        if (updated.kind !== "unknown") expect(updated.item).toEqual(await stored(key));
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
