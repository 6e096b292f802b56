// The port `Instances` of one process, on the world's table.
import { decide, type Decision, type Move, type Moves } from "../../domain/instance.ts";
import { groupOf, parseOwner } from "../../domain/owner.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { table as layout } from "../../domain/table.ts";
import type { Unknown } from "../../cloud/ports/outcomes.ts";
import type { Instances } from "../../cloud/ports/store.ts";
import { listingsOf, recordIn, recordsOf, isSpoilt } from "./forged-items.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

const { byOwner, byPool } = layout.indexes;

/** The same read again and again finds nothing new: then it is a slow one, until something changes or this long. */
interface LastRead {
  readonly what: string;
  readonly shown: string;
}

export function instancesPort(state: State, process: Process): Instances {
  const { table, faults, time } = state;
  const lag = (): number => {
    const { indexLagMs } = faults.rates;
    const lagMs = process.chance.happens(0.7) ? 0 : Math.floor(process.chance.next() * indexLagMs);
    if (lagMs > 0) faults.meet("indexLagMs");
    return lagMs;
  };
  const reading = <T>(what: string, apply: () => T): Promise<T> => process.ask(`table.${what}`, "read", apply);

  let last: LastRead | undefined;
  let patience = 1_000;
  /** A poll that would show what the one before showed is answered late, as a slow network may: it saves thousands of events a world. */
  const patient = async (keys: readonly string[]): Promise<void> => {
    const shown = (): string => keys.map((key) => versions(table.get(key))).join(" ");
    const what = keys.join(" ");
    const nothingNew = last?.what === what && last.shown === shown() && keys.length > 0;
    patience = nothingNew ? Math.min(patience * 2, 10_000) : 1_000;
    if (nothingNew)
      await process.wait<void>((done) => {
        const end = (): void => {
          timer.cancel();
          for (const stop of stops) stop();
          done();
        };
        const timer = time.after(process.chance.between(500, patience), `${process.name} polled`, end);
        const changed = (): void => void time.after(process.chance.between(0, 250), `${process.name} polls`, end);
        const stops = keys.map((key) => table.watch(key, changed));
      });
    last = { what, shown: shown() };
  };
  const apply = <M extends Move>(move: M, { key }: { readonly key: string }, params: Moves[M]): Decision | Unknown => {
    const before = table.get(key);
    const decision = decide(move, before, params);
    const writes = decision.kind === "done" && !decision.already;
    if (writes && table.isForged(key) && isSpoilt(move, params, before, decision.record))
      return { kind: "refused", why: "spoilt", record: undefined };
    if (writes) table.commit(key, decision.record, `${process.name} ${move}`);
    if (!table.isForged(key)) return decision;
    const record = recordIn(table, decision.record);
    return record !== undefined && "problem" in record ? record : decision;
  };
  return {
    moveAll: (move, moves) =>
      process.call<readonly (Decision | Unknown)[]>({
        what: `table.${move}`,
        kind: "write",
        apply: () => moves.map(({ ref, params }) => apply(move, ref, params)),
        lost: (problem) => moves.map(() => ({ kind: "unknown", problem })),
      }),
    move: <M extends Move>(move: M, ref: { readonly key: string }, params: Moves[M]): Promise<Decision | Unknown> =>
      process.call<Decision | Unknown>({
        what: `table.${move}`,
        kind: "write",
        apply: () => apply(move, ref, params),
        lost: (problem) => ({ kind: "unknown", problem }),
      }),
    async read(keys) {
      await patient(keys);
      return await reading("read", () =>
        recordsOf(
          table,
          keys.map((key) => table.get(key)).filter((record) => record !== undefined),
        ),
      );
    },
    ofGroup: (group) =>
      reading("ofGroup", () =>
        listingsOf(
          table,
          table.lagging(lag).filter(({ owner }) => isInGroup(owner, group)),
          ["key", ...byOwner.projects],
        ),
      ),
    idle: (pool, after) =>
      reading("idle", () =>
        listingsOf(
          table,
          table
            .lagging(lag)
            .filter(
              (record) =>
                record.state === "idle" &&
                record.threshold > after &&
                record.partition === pool.partition &&
                record.resourceClass === pool.resourceClass &&
                record.architecture === pool.architecture,
            ),
          ["key", "threshold", ...byPool.projects],
        ),
      ),
    all: () => reading("all", () => recordsOf(table, table.all())),
  };
}

const isInGroup = (owner: string | undefined, group: string): boolean => {
  const parsed = parseOwner(owner);
  return parsed !== undefined && groupOf(parsed) === group;
};

const versions = (record: InstanceRecord | undefined): string =>
  record === undefined ? "none" : `${record.version}/${record.signal?.kind ?? ""}/${record.retiredAt ?? ""}`;
