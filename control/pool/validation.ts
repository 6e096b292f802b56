// Validation: one batch read a tick for all that a provision has taken, until each is registered; lost ones are let go.
import { limits } from "../../domain/limits.ts";
import type { Cause, Reason } from "../../domain/reasons.ts";
import { condemn, type Condemnation } from "./condemn.ts";
import { askToLeave } from "./leave.ts";
import { goneOf, lookAtMachines } from "./machines.ts";
import { moveAll } from "./retry.ts";
import { reasonOf } from "./reasons.ts";
import { ownOf, type Taken, type DemandContext } from "./demand-context.ts";
import { verdictOf } from "./verdict.ts";

export interface Held {
  /** By key: all that is this provision's own and not known to be lost. */
  readonly taken: Map<string, Taken>;
  readonly ready: Set<string>;
  readonly started: Set<string>;
  /** What went wrong so far, for the error should it come to one. */
  readonly reasons: Reason[];
  /** Its own were asked to leave by somebody else: nobody waits for it any more, so that nothing is to be replaced. */
  released: boolean;
  /** When EC2 was last asked about quiet machines, epoch ms. */
  lookedAt: number;
}

/** Reads all, marks what is ready, drops what is lost. */
export async function validate(context: DemandContext, held: Held): Promise<void> {
  const { world } = context;
  const keys = [...held.taken.keys()];
  if (keys.length === 0) return;
  const read = await world.instances.read(keys).catch((error: unknown) => {
    world.log.event("validation.unread", { problem: String(error) });
    return undefined;
  });
  if (read === undefined) return;
  const found = new Map(read.items.map((record) => [record.key, record]));
  const damaged = new Map(read.damaged.map(({ key, problem }) => [key, problem]));
  const now = world.clock.now();
  const quiet: Taken[] = [];
  for (const [key, taken] of held.taken) {
    // An instance that was taken while the read was under way is judged at the next tick.
    if (!keys.includes(key)) continue;
    const record = found.get(key);
    const problem = damaged.get(key);
    const verdict = problem === undefined ? verdictOf(record, taken.claimId, now, taken.since) : undefined;
    if (record !== undefined) held.taken.set(key, { ...taken, record });
    if (verdict?.kind === "ready" && !held.ready.has(key))
      world.log.event("instance.ready", {
        instance: taken.record.instanceId,
        origin: taken.origin,
        ms: now - taken.since,
      });
    if (verdict?.kind === "ready") held.ready.add(key);
    else held.ready.delete(key);
    if (verdict?.kind === "pending" && verdict.quiet) quiet.push(held.taken.get(key) ?? taken);
    if (problem !== undefined) await letGo(context, held, taken, { code: "damaged", problem }, undefined);
    if (verdict?.kind === "lost") {
      held.released ||= verdict.released;
      await letGo(context, held, held.taken.get(key) ?? taken, verdict.cause, verdict.condemn);
    }
  }
  await lookAtQuiet(context, held, quiet);
}

/** A machine that died says nothing more: EC2 knows. */
async function lookAtQuiet(context: DemandContext, held: Held, quiet: readonly Taken[]): Promise<void> {
  const { world } = context;
  const now = world.clock.now();
  if (quiet.length === 0 || now - held.lookedAt < limits.machineLookMs) return;
  held.lookedAt = now;
  const seen = await lookAtMachines(
    world.fleet,
    quiet.map(({ record }) => record.instanceId),
  );
  if (seen === undefined) return;
  for (const taken of quiet) {
    const gone = goneOf(taken.record, seen, now);
    if (gone !== undefined) await letGo(context, held, taken, gone, "condemn-gone");
  }
}

/** A lost instance is condemned where its condition allows it, else asked to leave; it is no longer counted either way. */
async function letGo(
  { world, lost }: DemandContext,
  held: Held,
  taken: Taken,
  cause: Cause,
  by: Condemnation | undefined,
): Promise<void> {
  const { record } = taken;
  held.taken.delete(record.key);
  held.ready.delete(record.key);
  held.reasons.push(reasonOf(record, cause));
  if (taken.origin === "created") lost.machines++;
  world.log.event("instance.lost", { instance: record.instanceId, why: cause });
  if (by === undefined) return;
  const condemned = await condemn(world, [{ ...record, own: ownOf(taken) }], by, cause);
  if (condemned.length > 0) return;
  await askToLeave(world, { record, own: ownOf(taken) });
}

/** Starts as many as are wanted; false where one of them could not be: it is judged again at the next tick. */
export async function commit({ world, demand }: DemandContext, held: Held): Promise<boolean> {
  const subjects = [...held.ready]
    .slice(0, demand.count)
    .filter((key) => !held.started.has(key))
    .flatMap((key) => held.taken.get(key) ?? [])
    .map((taken) => ({ ...taken.record, own: ownOf(taken) }));
  // What an earlier call under this name has started serves for as long as what is started now.
  const [serving, rest] = [
    subjects.filter(({ state }) => state === "running"),
    subjects.filter(({ state }) => state !== "running"),
  ];
  const until = ({ own }: (typeof subjects)[number], now: number) => ({
    now,
    threshold: now + demand.maxRuntimeMs,
    own,
  });
  const moved = await Promise.all([
    moveAll(world, "extend-running", serving, until),
    moveAll(world, "start", rest, until),
  ]);
  const outcomes = moved.flat();
  [...serving, ...rest].forEach(({ key }, index) => {
    if (outcomes[index]?.kind === "done") held.started.add(key);
    else held.ready.delete(key);
  });
  return outcomes.every(({ kind }) => kind === "done");
}
