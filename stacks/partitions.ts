// The partitions of an environment: who may share machines, and by what names their roles and launch templates differ.
import { createHash } from "node:crypto";
import { partitionOf } from "../domain/configuration.ts";
import type { Environment } from "./environment.ts";

/** Every partition that its repositories belong to, in the order of the file. */
export const partitionsOf = ({ forge, partitions }: Pick<Environment, "forge" | "partitions">): readonly string[] => [
  ...new Set(forge.repositories.map((repository) => partitionOf({ partitions, forge }, repository))),
];

/**
 * What a partition's role, profile and launch templates end in: nothing where it is the only one. IAM does not know which partition an
 * instance is of, only its role: so each has one, which reads that partition's tokens alone.
 */
export const partitionSuffix = (environment: Pick<Environment, "forge" | "partitions">, partition: string): string =>
  partitionsOf(environment).length === 1 ? "" : `-${createHash("sha256").update(partition).digest("hex").slice(0, 8)}`;
