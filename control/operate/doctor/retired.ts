// The doctor on what was taken out of an environment: what is left of it, and that it may be forgotten once nothing is. Pure.
import type { QueueSeen } from "../../../cloud/ports/doctor.ts";
import { machineName } from "../../../domain/class-keys.ts";
import { retiredClassesOf, type Configuration } from "../../../domain/configuration.ts";
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

/** Of retired partitions, and of architectures of which a class makes no machines any more: they have nothing but instances. */
export function examineRetired(configuration: Configuration, records: readonly InstanceRecord[]): readonly Check[] {
  const { environment, kept, templates } = configuration;
  if (kept === undefined) return [];
  const inUse = scopesInUse(configuration);
  const retired = retiredClassesOf(configuration);
  const made = new Set(Object.keys(templates).map((key) => key.split("#").at(-1)));
  const alive = records.filter(({ state }) => state !== "terminated");
  const judge = (
    kind: string,
    field: string,
    retired: string,
    standing: (record: InstanceRecord) => boolean,
  ): Check => {
    const name = `${kind} ${retired}`;
    const { length: left } = alive.filter(standing);
    return left === 0
      ? warn(
          name,
          `it is retired and empty: remove it from \`${field}\` in the file of environment "${environment}"`,
          `take it out there, then: ${deployAgain(environment)}`,
        )
      : ok(name, `it is retired: instances left: ${left}`);
  };
  return [
    ...Object.keys(kept.partitions)
      .filter((partition) => !inUse.has(partition))
      .map((name) => judge("partition", "retiredPartitions", name, ({ partition }) => partition === name)),
    ...kept.machines
      .filter((machine) => !made.has(machine) && !retired.includes(machine.split("/")[0] ?? ""))
      .map((machine) =>
        judge("machines", "retiredArchitectures", machine, (record) => machineName(record) === machine),
      ),
  ];
}
