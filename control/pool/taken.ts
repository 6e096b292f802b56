// What a provision holds: instances claimed or created under its owner, and the right by which they are its own.
import type { Brake } from "../../domain/brake.ts";
import type { Configuration } from "../../domain/configuration.ts";
import { forgeHomeOf, labelsOf, partitionOf, registrationScope } from "../../domain/configuration.ts";
import type { OwnClaim } from "../../domain/needs.ts";
import { formatOwner, runOwner, type RunOwner } from "../../domain/owner.ts";
import type { InstanceRecord, Ownership } from "../../domain/record.ts";
import type { Request } from "../../domain/request.ts";
import type { ControlWorld } from "./world.ts";

export interface Taken {
  /** The record as last seen. */
  readonly record: InstanceRecord;
  readonly claimId: string;
  readonly origin: "pool" | "created";
  /** Epoch ms at which it was taken. */
  readonly since: number;
}

/** A provision under way: what was asked for, in which partition, for which owner, until when. */
export interface Undertaking {
  readonly world: ControlWorld;
  readonly configuration: Configuration;
  readonly request: Request;
  readonly partition: string;
  /** Undefined: created for the pool itself, without an owner. */
  readonly owner: string | undefined;
  /** Epoch ms. */
  readonly begun: number;
  /** Epoch ms by which all must be registered. */
  readonly deadline: number;
  readonly cancel: AbortSignal;
  /** How long what it creates may take until it serves, ms. */
  readonly bootMs: number;
  readonly brakes: readonly Brake[];
  /**
   * Claims that were lost so far, new machines that did not become ready, and keys whose claim the table refuses for what their instance has
   * written: they are not promised again.
   */
  readonly lost: { claims: number; machines: number; readonly spoilt: Set<string> };
}

export const ownOf = (taken: { record: InstanceRecord; claimId: string }): OwnClaim => ({
  by: "claim",
  owner: taken.record.owner ?? "",
  claimId: taken.claimId,
});

/** The run's ownership under a fresh claimId; only for an undertaking that has an owner. */
export function ownershipOf({ configuration, request, owner, partition }: Undertaking, claimId: string): Ownership {
  if (owner === undefined) throw new Error("an undertaking for the pool gives nobody ownership");
  const labels = labelsOf(configuration, request);
  const scope = registrationScope(forgeHomeOf(configuration), partition);
  return {
    owner,
    claimId,
    labels,
    registration: [{ forge: "github", scope, labels, kind: "token" }],
    maxRuntimeMs: request.maxRuntimeMs ?? configuration.maxRuntimeMs,
  };
}

export const ownerOf = ({ runId, attempt, provisionId }: Omit<RunOwner, "kind">): RunOwner =>
  runOwner(runId, attempt, provisionId);

export interface UndertakingOptions {
  readonly brakes?: readonly Brake[] | undefined;
  /** How much longer than a boot what it creates may take: found and started by somebody who comes later. */
  readonly foundMs?: number;
}

export function undertake(
  world: ControlWorld,
  configuration: Configuration,
  request: Request,
  cancel: AbortSignal,
  { brakes = [], foundMs = 0 }: UndertakingOptions = {},
): Undertaking {
  const begun = world.clock.now();
  return {
    world,
    configuration,
    request,
    partition: partitionOf(configuration, request.repository),
    owner: formatOwner(ownerOf(request)),
    begun,
    // Never beyond a claim's threshold: what was claimed first must not expire while its siblings boot.
    deadline: begun + Math.min(request.timeoutMs ?? configuration.provisionMs, configuration.provisionMs),
    cancel,
    bootMs: configuration.bootMs + foundMs,
    brakes,
    lost: { claims: 0, machines: 0, spoilt: new Set() },
  };
}
