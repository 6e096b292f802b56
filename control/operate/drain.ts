// Draining an environment: paused first, so that nothing new comes; then every instance is retired.
import type { PauseSwitch } from "../../cloud/ports/settings.ts";
import { batchesOf } from "../../domain/batches.ts";
import { limits, maxima } from "../../domain/limits.ts";
import type { Damaged, InstanceRecord } from "../../domain/record.ts";
import { end } from "../pool/condemn.ts";
import { retireStep } from "./retire.ts";
import type { ControlWorld } from "../world.ts";

export interface DrainOptions {
  readonly reason: string;
  /**
   * Goes on until every instance is ended, by EC2's word: jobs are waited for, at the latest until their instance's threshold; EC2 for
   * as long as it may take to record what is being launched, and to end it.
   */
  readonly wait: boolean;
  readonly cancel?: AbortSignal;
  /** Told after each round how many are still to end. */
  readonly left?: (count: number) => void;
}

export interface Drained {
  readonly ended: readonly string[];
  /** Asked to leave, or still booting; who waited has the machines that EC2 has not ended. */
  readonly leaving: readonly string[];
  readonly damaged: readonly Damaged[];
}

/** The environment stays paused. Rejects where it cannot be read. */
export async function drain(
  world: ControlWorld & { readonly pauseSwitch: PauseSwitch },
  options: DrainOptions,
): Promise<Drained> {
  const { configuration, paused } = await world.settings.load();
  // A pause that stands keeps its reason.
  if (paused === undefined) await world.pauseSwitch.pause({ reason: options.reason, at: world.clock.now() });
  const ended = new Set<string>();
  let last = world.clock.now();
  for (;;) {
    const { items, damaged } = await world.instances.all();
    const alive = items.filter(({ state }) => state !== "terminating" && state !== "terminated");
    const leaving: string[] = [];
    for (const batch of batchesOf(alive, maxima.machinesAtOnce))
      await Promise.all(
        batch.map(async (record) => {
          const became = await retireStep(world, configuration, record, options.reason);
          if (became === "ended") ended.add(record.instanceId);
          else leaving.push(record.instanceId);
        }),
      );
    if (leaving.length > 0) last = world.clock.now();
    else if (options.wait) leaving.push(...(await notEnded(world, items)));
    options.left?.(leaving.length);
    const tooLong = world.clock.now() >= last + configuration.bootMs + limits.terminateMs;
    if (leaving.length === 0 || !options.wait || tooLong || options.cancel?.aborted === true)
      return { ended: [...ended], leaving, damaged };
    await world.clock.sleep(limits.poolRetryMs, options.cancel);
  }
}

/** Machines of ours that EC2 has not ended; those that are condemned it is asked for once more. */
async function notEnded(world: ControlWorld, records: readonly InstanceRecord[]): Promise<readonly string[]> {
  const machines = await world.fleet.ours();
  const condemned = new Set(records.map(({ instanceId }) => instanceId));
  const running = machines.filter(({ state, instanceId }) => state !== "shutting-down" && condemned.has(instanceId));
  await end(
    world,
    running.map(({ instanceId }) => instanceId),
  );
  return machines.map(({ instanceId }) => instanceId);
}
