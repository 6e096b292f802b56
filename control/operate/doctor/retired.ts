// The doctor on what was taken out of an environment: what is left of it, and that it may be forgotten once nothing is. Pure.
import type { QueueSeen } from "../../../cloud/ports/doctor.ts";
import type { Configuration } from "../../../domain/configuration.ts";
import type { InstanceRecord } from "../../../domain/record.ts";
import { isEmpty, removalOf } from "../../refresh/retired-classes.ts";
import { scopesInUse } from "../../refresh/tokens.ts";
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

/** Of retired partitions and architectures, which have nothing but instances. */
export function examineRetired(configuration: Configuration, records: readonly InstanceRecord[]): readonly Check[] {
  const { environment, kept, imageParameters } = configuration;
  if (kept === undefined) return [];
  const inUse = scopesInUse(configuration);
  const alive = records.filter(({ state }) => state !== "terminated");
  const judge = (kind: "partition" | "architecture", field: string, retired: string): Check => {
    const name = `${kind} ${retired}`;
    const { length: left } = alive.filter((record) => record[kind] === retired);
    return left === 0
      ? warn(
          name,
          `it is retired and empty: remove it from \`${field}\` in environments/${environment}.ts`,
          `take it out there, then: ${deployAgain(environment)}`,
        )
      : ok(name, `it is retired: instances left: ${left}`);
  };
  return [
    ...Object.keys(kept.partitions)
      .filter((partition) => !inUse.has(partition))
      .map((partition) => judge("partition", "retiredPartitions", partition)),
    ...kept.architectures
      .filter((architecture) => imageParameters[architecture] === undefined)
      .map((architecture) => judge("architecture", "retiredArchitectures", architecture)),
  ];
}
