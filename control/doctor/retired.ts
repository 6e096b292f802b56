// The doctor on a class that was taken out: what is left of it, and that it may be forgotten once nothing is. Pure.
import type { QueueSeen } from "../../cloud/doctor-ports.ts";
import { isEmpty, removalOf } from "../retired-classes.ts";
import { deployAgain, fail, ok, warn, type Check } from "./check.ts";

/** `instances`: those of the class that are not ended. `unreadable`: what the queue beside it holds. */
export function judgeRetired(
  resourceClass: string,
  instances: number,
  queue: QueueSeen | undefined,
  unreadable: number,
  environment: string,
): Check {
  const name = `queue ${resourceClass}`;
  const redeploy = deployAgain(environment);
  if (queue === undefined) return fail(name, "it does not exist", redeploy);
  if (isEmpty({ instances, messages: queue.messages, unreadable }))
    return warn(name, removalOf(resourceClass, environment), `take it out there, then: ${redeploy}`);
  return ok(
    name,
    `its class is retired: instances left: ${instances}; messages: ${queue.messages}, unreadable: ${unreadable}`,
  );
}
