// What a deployment would take away, whom that would leave without it, and what to do instead. Pure.
import type { Kept } from "./configuration.ts";
import { tags } from "./names.ts";
import type { Architecture } from "./record.ts";

/** An instance as EC2 shows it. */
export interface Standing {
  readonly tags: Readonly<Record<string, string>>;
  readonly zone?: string;
  readonly architecture?: Architecture;
}

export interface Removal {
  /** Of the environment's file. */
  readonly field: string;
  readonly what: string;
  readonly standsOn: (instance: Standing) => boolean;
  /** The class whose queues would go. */
  readonly resourceClass?: string;
  readonly remedy: string;
}

export function removalsOf(before: Kept, after: Kept, environment: string): readonly Removal[] {
  const retire = (text: string, field: string): string =>
    `Add ${text} to ${field} and deploy; take it out again once nothing of it is left: npm run runpool -- doctor -e ${environment} says so`;
  const empty = `Keep it, or empty the environment first: npm run runpool -- drain --all --wait -e ${environment}; deploy; npm run runpool -- resume -e ${environment}`;
  const gone = <Name extends string>(old: readonly Name[], kept: readonly string[]): readonly Name[] =>
    old.filter((name) => !kept.includes(name));
  return [
    ...gone(before.classes, after.classes).map((name) => ({
      field: "retiredClasses",
      what: `class "${name}"`,
      standsOn: (one: Standing) => one.tags[tags.resourceClass] === name,
      resourceClass: name,
      remedy: retire(`"${name}"`, "retiredClasses"),
    })),
    // Of a class that goes as a whole its machines are not told one by one.
    ...gone(before.machines, after.machines).flatMap((machine): Removal[] => {
      const [resourceClass = "", architecture = ""] = machine.split("/");
      if (!after.classes.includes(resourceClass)) return [];
      return [
        {
          field: "retiredArchitectures",
          what: `architecture "${architecture}" of class "${resourceClass}"`,
          standsOn: (one: Standing) =>
            one.tags[tags.resourceClass] === resourceClass && one.architecture === architecture,
          remedy: retire(`"${architecture}"`, "retiredArchitectures"),
        },
      ];
    }),
    ...Object.entries(before.partitions).flatMap(([name, scope]): Removal[] => {
      const now = after.partitions[name];
      if (now === scope) return [];
      const standsOn = (one: Standing): boolean => one.tags[tags.partition] === name;
      return [
        now === undefined
          ? {
              field: "retiredPartitions",
              what: `partition "${name}"`,
              standsOn,
              remedy: retire(`"${name}": "${scope}"`, "retiredPartitions"),
            }
          : {
              field: "forge",
              what: `${scope}, where the runners of "${name}" are registered,`,
              standsOn,
              remedy: empty,
            },
      ];
    }),
    ...gone(before.zones, after.zones).map((zone) => ({
      field: "network.zones",
      what: `the subnet of ${zone}`,
      standsOn: (one: Standing) => one.zone === zone,
      remedy: empty,
    })),
    ...Object.entries(before.all).flatMap(([field, values]) =>
      gone(values, after.all[field] ?? []).map((what) => ({ field, what, standsOn: () => true, remedy: empty })),
    ),
  ];
}
