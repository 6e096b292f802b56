// The partitions of an environment: who may share machines, and by what names their roles and launch templates differ.
import { createHash } from "node:crypto";
import { forgeScopeOf, partitionOf } from "../../domain/configuration.ts";
import type { Environment } from "./environment.ts";

/** Every partition that its repositories belong to, in the order of the file: those that a provision may ask for. */
export const partitionsOf = ({ forge, partitions }: Pick<Environment, "forge" | "partitions">): readonly string[] => [
  ...new Set(forge.repositories.map((repository) => partitionOf({ partitions, forge }, repository))),
];

/** Every partition that has a role and launch templates, with the place where its runners register: those in use, and the retired ones. */
export const keptPartitions = (
  environment: Pick<Environment, "forge" | "partitions" | "retiredPartitions">,
): Readonly<Record<string, string>> => ({
  ...environment.retiredPartitions,
  ...Object.fromEntries(
    // In an order of their own: the file's says nothing.
    environment.forge.repositories
      .toSorted()
      .map((repository) => [partitionOf(environment, repository), forgeScopeOf(environment, repository)]),
  ),
});

/**
 * What a partition's role, profile and launch templates end in, however many partitions there are: a name that depended on the others
 * would change with them, under the instances that stand on it. IAM does not know which partition an instance is of, only its role: so
 * each has one, which reads that partition's tokens alone.
 */
export const partitionSuffix = (partition: string): string =>
  `-${createHash("sha256").update(partition).digest("hex").slice(0, 8)}`;
