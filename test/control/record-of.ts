// A healthy record of the given kind, for tests that change one thing of it.
import type { Configuration } from "../../domain/configuration.ts";
import type { InstanceRecord, SignalKind } from "../../domain/record.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import { idleInstance } from "../../sim/idle-instance.ts";
import { furnished } from "../world/world.ts";

export const now = Date.UTC(2026, 0, 5, 12);
export const configuration: Configuration = furnished();

export function recordOf(changes: Partial<InstanceRecord> & { said?: SignalKind } = {}): InstanceRecord {
  const { said, ...rest } = changes;
  const assignment = rest.assignment ?? 1;
  return idleInstance(now, {
    configHash: configuration.configHash,
    ...(said === undefined ? {} : { signal: signalOf(said, assignment, now - 2000) }),
    ...rest,
  });
}

/** What an owned record has beside. */
export const owned = {
  owner: "github:run:7:1:ci",
  claimId: "mine",
} as const;
