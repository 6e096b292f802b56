// Every key that follows from a machine class: of its queues, launch templates, images, and place in the pool's index. A class is one kind of
// machine (one operating system, with docker or without, one image an architecture), and no other class of its environment has its name: so
// all that is found under these keys is of this kind. Queue and template names know no operating system by themselves.
import type { Architecture, State } from "./record.ts";

/** "_" ends the environment's name, which has none: `dev` with a class `a-large` is told from `dev-a` with `large`. */
export const queueName = (environment: string, resourceClass: string): string =>
  `runpool-${environment}_${resourceClass}`;
export const unreadableQueueName = (environment: string, resourceClass: string): string =>
  `runpool-${environment}_${resourceClass}-unreadable`;
export const templateName = (environment: string, resourceClass: string, architecture: Architecture): string =>
  `runpool-${environment}_${resourceClass}-${architecture}`;

/** The parameter of an AMI's id: of a class that has an image of its own, or of all the others together. */
export const imageParameter = (environment: string, architecture: Architecture, resourceClass?: string): string =>
  `/runpool/${environment}/ami/${resourceClass === undefined ? "" : `${resourceClass}/`}${architecture}`;

/** The machines of a class that may take each other's place, in every partition: `large/x64`. */
export type MachineName = Pick<PoolName, "resourceClass" | "architecture">;
export const machineName = ({ resourceClass, architecture }: MachineName): string => `${resourceClass}/${architecture}`;

export interface PoolName {
  readonly partition: string;
  readonly resourceClass: string;
  readonly architecture: Architecture;
}
/** A launch template in the configuration. */
export const templateKey = ({ partition, ...machine }: PoolName): string => `${partition}#${machineName(machine)}`;
/** The hash of the pool's index. */
export const poolKey = (pool: PoolName, state: State): string =>
  `${pool.partition}#${pool.resourceClass}#${pool.architecture}#${state}`;
