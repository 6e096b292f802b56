// The instances a provision holds, tracked by its events: reported if the user exits before they are given back.
import type { Log } from "../../cloud/ports/log.ts";
import type { Request } from "../../domain/request.ts";
import { counted, spoken } from "../words/durations.ts";

export interface HeldInstances extends Log {
  instances(): readonly string[];
  /** How many of them are registered. */
  ready(): number;
}

/** Tracks events and passes each on to `log`. */
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

/** For people: which instances remain, and how they end. */
export function whatRemains(instances: readonly string[], request: Request, provisionMs: number): string {
  if (instances.length === 0) return "No instances were held. An instance that is being launched ends by itself.";
  const { runId, attempt } = request;
  return [
    `Still held: ${counted(instances.length, "instance")} of run ${runId}: ${instances.join(", ")}`,
    `Release them now: runpool release --run-id ${runId} --attempt ${attempt}`,
    `Otherwise they end by themselves within ${spoken(provisionMs)}.`,
  ].join("\n");
}
