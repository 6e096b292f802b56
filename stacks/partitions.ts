// The partitions of an environment: who may share machines.
import { partitionOf } from "../domain/configuration.ts";
import type { Environment } from "./environment.ts";

/** Every partition that its repositories belong to, in the order of the file. */
export const partitionsOf = ({ forge, partitions }: Pick<Environment, "forge" | "partitions">): readonly string[] => [
  ...new Set(forge.repositories.map((repository) => partitionOf({ partitions }, repository))),
];
