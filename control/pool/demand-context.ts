// A demand that is being served: on what it stands, what it holds, and the right by which that is its own.
import type { LoadedSettings } from "../../cloud/ports/settings.ts";
import type { Brake } from "../../domain/brake.ts";
import type { Configuration } from "../../domain/configuration.ts";
import { labelsIn, type Demand } from "../../domain/demand.ts";
import type { OwnClaim } from "../../domain/needs.ts";
import { formatOwner } from "../../domain/owner.ts";
import type { InstanceRecord, Ownership } from "../../domain/record.ts";
import type { PoolWorld } from "./world.ts";

export interface Taken {
  /** The record as last seen. */
  readonly record: InstanceRecord;
  readonly claimId: string;
  readonly origin: "pool" | "created";
  /** Epoch ms at which it was taken. */
  readonly since: number;
}

export interface DemandContext {
  readonly world: PoolWorld;
  readonly configuration: Configuration;
  readonly demand: Demand;
  /** Epoch ms. */
  readonly begun: number;
  readonly cancel: AbortSignal;
  /** How long what it creates may take until it serves, ms. */
  readonly bootMs: number;
  readonly brakes: readonly Brake[];
  /** A pause is not for it. */
  readonly whilePaused: boolean;
  /**
   * Claims that were lost so far, new machines that did not become ready, and keys whose claim the table refuses for what their instance has
   * written: they are not promised again.
   */
  readonly lost: { claims: number; machines: number; readonly spoilt: Set<string> };
}

export interface ContextOptions {
  /** Epoch ms, where it has begun before. */
  readonly begun?: number;
  readonly cancel?: AbortSignal;
  /** How much longer than a boot what it creates may take: found and started by somebody who comes later. */
  readonly foundMs?: number;
  readonly whilePaused?: boolean;
}

export const contextOf = (
  world: PoolWorld,
  { configuration, brakes = [] }: Pick<LoadedSettings, "configuration" | "brakes">,
  demand: Demand,
  {
    begun = world.clock.now(),
    cancel = new AbortController().signal,
    foundMs = 0,
    whilePaused = false,
  }: ContextOptions = {},
): DemandContext => ({
  world,
  configuration,
  demand,
  begun,
  cancel,
  bootMs: configuration.bootMs + foundMs,
  brakes,
  whilePaused,
  lost: { claims: 0, machines: 0, spoilt: new Set() },
});

export const ownOf = (taken: { record: InstanceRecord; claimId: string }): OwnClaim => ({
  by: "claim",
  owner: taken.record.owner ?? "",
  claimId: taken.claimId,
});

/** What a record says while it works for this demand, under a fresh claimId. */
export const ownershipOf = ({ demand }: Pick<DemandContext, "demand">, claimId: string): Ownership => ({
  owner: formatOwner(demand.owner),
  claimId,
  labels: labelsIn(demand),
  registration: demand.registration,
  lifetime: demand.lifetime,
  maxRuntimeMs: demand.maxRuntimeMs,
});
