// The table's records: every change is judged, becomes part of the hash, and wakes whoever watches; heartbeats are computed when read.
import type { InstanceRecord, Reported } from "../../domain/record.ts";
import type { EpochMs } from "../../cloud/ports/clock.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** A sign of life that an agent gives all the while: what it has last written by this moment. */
export type Pulse = (
  now: EpochMs,
) => Required<Pick<Reported, "heartbeatAt" | "busy" | "agentVersion" | "vitals">> | undefined;

export interface Change {
  readonly key: string;
  readonly before: InstanceRecord | undefined;
  readonly after: InstanceRecord;
  /** The move or the agent's write. */
  readonly cause: string;
}

export interface Table {
  /** A record as it is now, with its computed heartbeat. */
  get(key: string): InstanceRecord | undefined;
  all(): InstanceRecord[];
  /** Every record as an index shows it that lags behind by up to `lagMs`, drawn for each. */
  lagging(lag: () => number): InstanceRecord[];
  commit(key: string, after: InstanceRecord, cause: string): void;
  /**
   * Writes past every port, as DynamoDB takes it from whoever has the right: any attribute, of any type. From then on the item is forged:
   * its type is a claim, and whoever reads it decodes it.
   */
  forge(key: string, item: Readonly<Record<string, unknown>>, cause: string): void;
  isForged(key: string): boolean;
  /** When somebody last did. */
  forgedAt(key: string): EpochMs | undefined;
  /** Calls back at each change of a record; gives the function that ends it. */
  watch(key: string, changed: (record: InstanceRecord) => void): () => void;
  /** An agent's pulse; ending it keeps what it last wrote. */
  pulse(key: string, pulse: Pulse): () => void;
}

interface Row {
  record: InstanceRecord;
  /** Earlier states of the record, oldest first, each with the moment from which it was. */
  past: { readonly from: EpochMs; readonly record: InstanceRecord }[];
}

/** Beyond this an index is up to date. */
const longestLagMs = 30_000;

const fact = ({ cause, after }: Change): string =>
  [
    cause,
    after.key,
    after.state,
    after.version,
    after.assignment,
    after.threshold,
    after.wanted,
    after.owner,
    after.claimId,
    after.signal?.kind,
    after.signal?.assignment,
    after.retiredAt,
  ].join("|");

export function tableOfRecords(time: VirtualTime, judge: (change: Change) => void): Table {
  const rows = new Map<string, Row>();
  const watchers = new Map<string, Set<(record: InstanceRecord) => void>>();
  const pulses = new Map<string, Pulse>();
  const forged = new Map<string, EpochMs>();

  const living = (key: string, record: InstanceRecord): InstanceRecord => {
    if (record.retiredAt !== undefined) return record;
    const signs = pulses.get(key)?.(time.now());
    return signs === undefined ? record : { ...record, ...signs };
  };
  const get = (key: string): InstanceRecord | undefined => {
    const row = rows.get(key);
    return row === undefined ? undefined : living(key, row.record);
  };
  return {
    get,
    all: () => [...rows].map(([key, { record }]) => living(key, record)),
    lagging(lag) {
      const seen: InstanceRecord[] = [];
      for (const { past } of rows.values()) {
        const moment = time.now() - lag();
        const state = past.findLast(({ from }) => from <= moment);
        if (state !== undefined) seen.push(state.record);
      }
      return seen;
    },
    isForged: (key) => forged.has(key),
    forgedAt: (key) => forged.get(key),
    forge(key, item, cause) {
      forged.set(key, time.now());
      this.commit(key, { ...item, key } as unknown as InstanceRecord, cause);
    },
    commit(key, after, cause) {
      const row = rows.get(key);
      const change = { key, before: row === undefined ? undefined : living(key, row.record), after, cause };
      time.note(fact(change));
      judge(change);
      const now = time.now();
      const kept = (row?.past ?? []).filter(({ from }, i, all) => {
        const next = all[i + 1];
        return next === undefined || next.from > now - longestLagMs || from > now - longestLagMs;
      });
      rows.set(key, { record: after, past: [...kept, { from: now, record: after }] });
      for (const changed of watchers.get(key) ?? []) changed(after);
    },
    watch(key, changed) {
      const all = watchers.get(key) ?? new Set();
      all.add(changed);
      watchers.set(key, all);
      return () => all.delete(changed);
    },
    pulse(key, pulse) {
      pulses.set(key, pulse);
      return () => {
        const row = rows.get(key);
        if (row !== undefined && pulses.get(key) === pulse) row.record = living(key, row.record);
        if (pulses.get(key) === pulse) pulses.delete(key);
      };
    },
  };
}
