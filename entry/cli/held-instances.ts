// What a provision holds at the moment, read from its events: for whoever leaves before it is given back.
import type { Log } from "../../cloud/ports.ts";
import type { Request } from "../../domain/request.ts";
import { counted, spoken } from "./durations.ts";

export interface HeldInstances extends Log {
  instances(): readonly string[];
  /** How many of them are registered. */
  ready(): number;
}

const takes = new Set(["instance.claimed", "instance.created", "instance.found-again"]);
const gives = new Set(["instance.pooled", "instance.condemned", "instance.lost"]);

/** A log that watches, and passes every event on. */
export function heldInstances(log: Log): HeldInstances {
  const held = new Set<string>();
  const registered = new Set<string>();
  return {
    event: (name, facts) => {
      const instance = facts?.["instance"];
      if (typeof instance === "string") {
        if (takes.has(name)) held.add(instance);
        if (name === "instance.ready") registered.add(instance);
        if (gives.has(name)) {
          held.delete(instance);
          registered.delete(instance);
        }
      }
      log.event(name, facts);
    },
    instances: () => [...held],
    ready: () => registered.size,
  };
}

/** For people: what stays behind, and who ends it. */
export function whatRemains(instances: readonly string[], request: Request, provisionMs: number): string {
  if (instances.length === 0) return "Left: no instance was held; a launch under way ends by its own deadline.";
  const { runId, attempt } = request;
  return [
    `Left: ${counted(instances.length, "instance")} of run ${runId}: ${instances.join(", ")}`,
    `Released at once by: runpool release --run-id ${runId} --attempt ${attempt}`,
    `Else they end by themselves, within ${spoken(provisionMs)}.`,
  ].join("\n");
}
