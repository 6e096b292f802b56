// Provision: a run's request, served as a demand; what came of it is remembered for re-runs and metrics.
import type { LoadedSettings } from "../../cloud/ports/settings.ts";
import type { Request } from "../../domain/request.ts";
import { heldBackBy } from "../pool/creation.ts";
import type { Taken } from "../pool/demand-context.ts";
import { provide, type Provided } from "../pool/provide.ts";
import type { ControlWorld } from "../world.ts";
import { demandOf } from "./demand-of.ts";
import { askEarlierToLeave } from "./earlier-attempts.ts";
import { remember } from "./outcome.ts";

/** What the action's post step needs to give everything back, should the provision be killed. */
export interface SavedProvision {
  readonly runId: string;
  readonly attempt: number;
  readonly provisionId: string;
  readonly repository: string;
  readonly committed: boolean;
}

export interface ReadyInstance {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly usageClass: string;
  readonly origin: "pool" | "created";
  readonly labels: readonly string[];
}

export type Provisioned =
  | (Omit<Extract<Provided, { kind: "ready" }>, "taken"> & {
      readonly instances: readonly ReadyInstance[];
      readonly created: number;
      readonly reused: number;
    })
  | Exclude<Provided, { kind: "ready" }>;

export interface ProvisionOptions {
  /** The environment's words, where the caller has just loaded them. */
  readonly loaded?: LoadedSettings;
  readonly cancel?: AbortSignal;
  /** Called before anything is taken, and again once all is committed. */
  readonly saved?: (state: SavedProvision) => void;
  /**
   * A repetition of a request that is kept: it is not to be kept in its place. What is not ready in time is left to boot: the next
   * refresh enters the same again, and starts what it finds.
   */
  readonly again?: boolean;
}

/** Rejects only where the environment cannot be read (`Unconfigured`, `OutOfReach`): then nothing has been taken. */
export async function provision(
  world: ControlWorld,
  request: Request,
  options: ProvisionOptions = {},
): Promise<Provisioned> {
  const loaded = options.loaded ?? (await world.settings.load());
  const heldBack = heldBackBy(loaded);
  if (heldBack.length > 0) return { kind: "failed", reasons: heldBack };
  const { again = false } = options;
  const { runId, attempt, provisionId, repository } = request;
  const saved = { runId, attempt, provisionId, repository };
  options.saved?.({ ...saved, committed: false });
  const demand = demandOf(loaded.configuration, request, world.clock.now());
  const provided = await provide(world, loaded, demand, {
    ...(options.cancel === undefined ? {} : { cancel: options.cancel }),
    comesAgain: again,
    ...(again ? {} : { listed: (found) => askEarlierToLeave(world, request, found) }),
    committing: (context, ready) => remember(world, request, context, ready, again),
    committed: () => options.saved?.({ ...saved, committed: true }),
  });
  if (provided.kind !== "ready") return provided;
  const { taken, ...rest } = provided;
  const created = taken.filter(({ origin }) => origin === "created").length;
  return { ...rest, instances: taken.map(shown), created, reused: taken.length - created };
}

const shown = ({ record, origin }: Taken): ReadyInstance => {
  const { instanceId, instanceType, zone, usageClass, labels = [] } = record;
  return { instanceId, instanceType, zone, usageClass, origin, labels };
};
