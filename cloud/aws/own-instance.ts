// The agent's own record in DynamoDB: looked at often, and written on conditions that let it neither create nor resurrect it.
import { GetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { beginRegistering, heartbeat, retire, signal, type AgentWrite } from "../../domain/agent-writes.ts";
import { limits } from "../../domain/limits.ts";
import { decodeRecord, isDamaged, type InstanceRecord, type Signal } from "../../domain/record.ts";
import { table } from "../../domain/table.ts";
import type { OwnInstance, OwnReading, VitalSigns, Written } from "../ports/own-instance.ts";
import type { Clock, EpochMs } from "../ports/clock.ts";
import type { Unknown } from "../ports/outcomes.ts";
import { fromItem } from "./attribute-values.ts";
import { conditionalUpdate, type Updated } from "./conditional-update.ts";
import { compileAgentWrite, updateItem } from "./expression.ts";
import { problemOf } from "./sdk-errors.ts";

export interface OwnInstanceOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** The instance's ARN. */
  readonly key: string;
  readonly clock: Clock;
}

const sightOf = (item: Record<string, unknown> | undefined): OwnReading => {
  if (item === undefined) return { kind: "none" };
  const record = decodeRecord(item);
  if (!isDamaged(record)) return { kind: "record", record };
  if (record.foreign === true) return { kind: "none" };
  return { kind: "unreachable", problem: `the item ${record.key} is damaged: ${record.problem}` };
};

async function look({ client, table: tableName, key }: OwnInstanceOptions): Promise<OwnReading> {
  try {
    const command = new GetItemCommand({
      TableName: tableName,
      Key: { [table.key]: { S: key } },
      ConsistentRead: true,
    });
    const { Item } = await client.send(command);
    return sightOf(Item === undefined ? undefined : fromItem(Item));
  } catch (error) {
    return { kind: "unreachable", problem: problemOf(error) };
  }
}

/** The agent outlives everything but its machine, so a missing right is an unknown outcome too: rights may come back. */
async function attempt(options: OwnInstanceOptions, write: AgentWrite): Promise<Updated> {
  try {
    return await conditionalUpdate(options.client, updateItem(options.table, options.key, compileAgentWrite(write)));
  } catch (error) {
    return { kind: "unknown", problem: problemOf(error) };
  }
}

/** If the record already contains what a refused write would have written, an earlier try succeeded and its reply was lost. */
async function write(
  options: OwnInstanceOptions,
  what: AgentWrite,
  isOurs: (record: InstanceRecord) => boolean,
): Promise<Written> {
  const updated = await attempt(options, what);
  if (updated.kind === "unknown") return updated;
  const sight = sightOf(updated.item);
  if (sight.kind === "unreachable") return { kind: "unknown", problem: sight.problem } satisfies Unknown;
  const record = sight.kind === "record" ? sight.record : undefined;
  if (record !== undefined && (updated.kind === "written" || isOurs(record))) return { kind: "written", record };
  return { kind: "refused", record };
}

const isSignal =
  (report: Signal) =>
  ({ signal: found }: InstanceRecord): boolean =>
    found?.kind === report.kind && found.assignment === report.assignment && found.at === report.at;

/** The record that was judged has changed, or is there at last. */
const differs = (sight: OwnReading, seen: number | undefined): boolean => {
  if (sight.kind === "unreachable") return false;
  return (sight.kind === "record" ? sight.record.version : undefined) !== seen;
};

export function ownInstance(options: OwnInstanceOptions): OwnInstance {
  const { clock } = options;
  let beatAt = -Infinity;
  let exists = false;

  /** A heartbeat's reply carries the record, so it replaces a look. */
  const beat = async (at: EpochMs, signs: VitalSigns): Promise<OwnReading> => {
    const updated = await attempt(options, heartbeat({ heartbeatAt: at, ...signs }));
    if (updated.kind === "unknown") return { kind: "unreachable", problem: updated.problem };
    beatAt = at;
    return sightOf(updated.item);
  };
  const see = async (signs: () => VitalSigns): Promise<OwnReading> => {
    const now = clock.now();
    const sight = exists && now - beatAt >= limits.heartbeatMs ? await beat(now, signs()) : await look(options);
    if (sight.kind !== "unreachable") exists = sight.kind === "record";
    return sight;
  };

  return {
    watch: async (seen, until, signs, wake) => {
      for (;;) {
        const sight = await see(signs);
        const left = until - clock.now();
        if (differs(sight, seen) || left <= 0 || wake.aborted) return sight;
        await clock.sleep(Math.min(left, limits.agentWatchMs), wake);
        if (wake.aborted) return sight;
      }
    },
    signal: (report, judged, vitals) => write(options, signal(report, judged, vitals), isSignal(report)),
    beginRegistering: (report, judged) => write(options, beginRegistering(report, judged), isSignal(report)),
    retire: (at, judged) => write(options, retire(at, judged), ({ retiredAt }) => retiredAt === at),
  };
}
