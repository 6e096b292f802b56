// Agents by a stub: each answers a change of its record at once, as a real one would in the end.
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { conditionalUpdate } from "../../cloud/aws/conditional-update.ts";
import { compileAgentWrite, updateItem } from "../../cloud/aws/expression.ts";
import type { DynamoDb } from "../../sim/dynamodb/dynamodb.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import { heartbeat, signal, signalOf } from "../../domain/agent-writes.ts";
import type { InstanceRecord, SignalKind } from "../../domain/record.ts";
import { writtenRecord } from "../sim/written-record.ts";

export interface Agents {
  /** Whether they register where they are to serve, and answer where they are to leave. */
  manners: { registers: boolean; leaves: boolean };
  /** Resolves as soon as the table's readable records are so. */
  until(fits: (records: readonly InstanceRecord[]) => boolean): Promise<void>;
  records(): readonly InstanceRecord[];
  stop(): void;
}

export function playAgents(db: DynamoDb, client: DynamoDBClient, table: string, clock: Clock): Agents {
  const watchers = new Set<() => void>();
  const records = (): readonly InstanceRecord[] => db.items(table).flatMap((item) => writtenRecord(item) ?? []);

  const say = async (record: InstanceRecord, kind: SignalKind): Promise<void> => {
    const write = (what: Parameters<typeof compileAgentWrite>[0]) =>
      conditionalUpdate(client, updateItem(table, record.key, compileAgentWrite(what)));
    const vitals = { listener: "none", jobs: 0, diskFree: 0.9 } as const;
    await write(heartbeat({ heartbeatAt: clock.now(), busy: false, agentVersion: "test", vitals }));
    await write(signal(signalOf(kind, record.assignment, clock.now()), record));
  };
  const answer = (record: InstanceRecord): SignalKind | undefined => {
    const now = record.signal?.assignment === record.assignment ? record.signal.kind : undefined;
    if (record.owner === undefined || now === "deregistered") return undefined;
    if (record.wanted === "leave") return agents.manners.leaves ? "deregistered" : undefined;
    return agents.manners.registers && now !== "registered" ? "registered" : undefined;
  };
  const stop = db.onChange(({ after, cause }) => {
    for (const watcher of watchers) watcher();
    const record = cause === "call" ? writtenRecord(after) : undefined;
    const kind = record && answer(record);
    // A write that finds the bench closed is of no interest to any test.
    if (record !== undefined && kind !== undefined) say(record, kind).catch(() => undefined);
  });

  const agents: Agents = {
    manners: { registers: false, leaves: false },
    until: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!fits(records())) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    records,
    stop,
  };
  return agents;
}
