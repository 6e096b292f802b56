// Retiring instances by an operator's wish: an idle one is ended, one at work is asked to leave and ended once it has left.
import type { Configuration } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { instanceKey } from "../../domain/names.ts";
import { isPast } from "../../domain/needs.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { condemn, type Condemnation } from "../pool/condemn.ts";
import { askToLeave, hasLeft, makeIdle } from "../pool/leave.ts";
import type { ControlWorld } from "../world.ts";

/** What became of it: `ended` = condemned now or before; `leaving` = asked to leave; `waiting` = nobody owns it and it still boots. */
export type Retirement = "ended" | "leaving" | "waiting" | "unchanged";

type World = Pick<ControlWorld, "instances" | "fleet" | "pool" | "clock" | "log">;

/** One step towards the end of an instance. No started job is hit: what is at work leaves first. */
export async function retireStep(
  world: World,
  configuration: Configuration,
  record: InstanceRecord,
  why: string,
): Promise<Retirement> {
  const reason = { code: "operator", reason: why } as const;
  const end = async (by: Condemnation): Promise<Retirement> =>
    (await condemn(world, [record], by, reason)).length > 0 ? "ended" : "unchanged";
  if (record.state === "terminating" || record.state === "terminated") return "ended";
  if (isPast(record, world.clock.now())) return await end("condemn-expired");
  if (record.retiredAt !== undefined) return await end("condemn-retired");
  if (record.state === "idle") return await end("condemn-evicted");
  const { owner, claimId } = record;
  if (owner === undefined || claimId === undefined) return "waiting";
  const own = { by: "claim", owner, claimId } as const;
  // Before it begins to register no job can be on it, and the provision that waits for it gets another in its place.
  if (record.state !== "running" && record.wanted === "serve") {
    const condemned = await condemn(world, [{ ...record, own }], "condemn-unregistered", reason);
    if (condemned.length > 0) return "ended";
  }
  if (!hasLeft(record)) return (await askToLeave(world, { record, own })) === "asked" ? "leaving" : "unchanged";
  const left = await makeIdle(world, configuration, { record, own });
  if (left.kind === "retired") return "ended";
  // Its message never reaches the pool; a claim straight from the index may win, and then it is left alone.
  return left.kind === "pooled" ? await end("condemn-evicted") : "unchanged";
}

export interface RetireOptions {
  readonly reason: string;
  /** Goes on until it is ended: its jobs are waited for, at the latest until its threshold. */
  readonly wait: boolean;
  readonly cancel?: AbortSignal;
}

export type Retired =
  | { readonly kind: Retirement; readonly record: InstanceRecord }
  | { readonly kind: "missing" }
  | { readonly kind: "damaged"; readonly problem: string };

/** Rejects where the environment cannot be read. */
export async function retire(world: ControlWorld, instanceId: string, options: RetireOptions): Promise<Retired> {
  const { configuration } = await world.settings.load();
  const key = instanceKey(configuration, instanceId);
  for (;;) {
    const { items, damaged } = await world.instances.read([key]);
    const [record] = items;
    if (damaged[0] !== undefined) return { kind: "damaged", problem: damaged[0].problem };
    if (record === undefined) return { kind: "missing" };
    const kind = await retireStep(world, configuration, record, options.reason);
    if (kind === "ended" || !options.wait || options.cancel?.aborted === true) return { kind, record };
    await world.clock.sleep(limits.poolRetryMs, options.cancel);
  }
}
