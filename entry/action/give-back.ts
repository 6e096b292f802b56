// The post step: gives back what a provision took and did not hand over, whatever ended it.
import { getState } from "@actions/core";
import * as z from "zod/mini";
import { schemaOf } from "../../cloud/aws/stored-shape.ts";
import { cleanUp } from "../../control/runs/clean-up.ts";
import { retryUntil } from "../../control/pool/retry.ts";
import type { SavedProvision } from "../../control/runs/provision.ts";
import { limits } from "../../domain/limits.ts";
import type { OperatedWorld } from "../control-world.ts";
import { savedState } from "./provision.ts";
import { grouped, type ActionLog } from "./action-log.ts";

const schema = schemaOf<SavedProvision>()(
  z.object({
    runId: z.string(),
    attempt: z.number(),
    provisionId: z.string(),
    repository: z.string(),
    committed: z.boolean(),
  }),
);

/** Undefined where nothing was begun, or all was handed over. */
export function unfinished(): SavedProvision | undefined {
  const state = getState(savedState);
  if (state === "") return undefined;
  const saved = schema.parse(JSON.parse(state));
  return saved.committed ? undefined : saved;
}

export async function giveBackUnfinished(saved: SavedProvision, log: ActionLog, world: OperatedWorld): Promise<void> {
  const until = world.clock.now() + limits.giveBackWaitMs;
  const { configuration } = await retryUntil(world, until, () => world.settings.load());
  const { pooled, condemned, left, ended } = await grouped(
    `Give back what the provision of run ${saved.runId} did not hand over`,
    () => cleanUp(world, configuration, saved),
  );
  log.note(
    `${pooled.length} to the pool, ${condemned.length + ended.length} ended, ${left.length} left to refresh and their thresholds`,
  );
}
