// What a provision holds at the moment, read from its events: for whoever leaves before it is given back.
import type { Log } from "../../cloud/ports/log.ts";
import type { Request } from "../../domain/request.ts";
import { counted, spoken } from "../words/durations.ts";

export interface HeldInstances extends Log {
  instances(): readonly string[];
  /** How many of them are registered. */
  ready(): number;
}

/** A log that watches, and passes every event on. */
export function heldInstances(log: Log): HeldInstances {
  const held = new Set<string>();
  const registered = new Set<string>();
  return {
    event: (...event) => {
      const [name, facts] = event;
      if (name === "instance.claimed" || name === "instance.created" || name === "instance.found-again")
        held.add(facts.instance);
      if (name === "instance.ready") registered.add(facts.instance);
      if (name === "instance.pooled" || name === "instance.condemned" || name === "instance.lost") {
        held.delete(facts.instance);
        registered.delete(facts.instance);
      }
      log.event(...event);
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
