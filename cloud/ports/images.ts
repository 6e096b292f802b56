// What the pipeline of images needs of the world, in domain types.
import type { Architecture } from "../../domain/record.ts";
import type { EpochMs } from "./clock.ts";

export interface ImageSeen {
  readonly imageId: string;
  readonly name: string;
  /** Undefined: one that no runner of ours can have. */
  readonly architecture: Architecture | undefined;
  readonly state: "pending" | "available" | "failed";
  readonly createdAt: EpochMs;
  readonly tags: Readonly<Record<string, string>>;
  readonly snapshotIds: readonly string[];
  /** All its disks are. */
  readonly encrypted: boolean;
  /** Its instances speak instance metadata version 2 alone. */
  readonly metadataV2: boolean;
  readonly rootDevice: string;
  /** The size of the root's snapshot; undefined: EC2 has not said. */
  readonly rootGiB: number | undefined;
  /** `hvm` or `paravirtual`. */
  readonly virtualization: string;
}

export interface SnapshotSeen {
  readonly snapshotId: string;
  readonly createdAt: EpochMs;
}

/** Images and their snapshots. Reads reject with `OutOfReach`. */
export interface Images {
  /** The images that carry the environment's tag, newest first, and snapshots of that tag which belong to no image. */
  own(
    environment: string,
  ): Promise<{ readonly images: readonly ImageSeen[]; readonly orphans: readonly SnapshotSeen[] }>;
  /** Undefined where there is no such image. */
  one(imageId: string): Promise<ImageSeen | undefined>;
  /** Who uses an image, by its id: each version of every launch template, aliases resolved, and every machine that is not terminated. */
  users(): Promise<ReadonlyMap<string, readonly string[]>>;
  tag(imageId: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Deregisters an image and deletes its snapshots; gives what could not be done. One that is gone already is no problem. */
  remove(image: Pick<ImageSeen, "imageId" | "snapshotIds">): Promise<readonly string[]>;
  removeSnapshot(snapshotId: string): Promise<readonly string[]>;
}

export interface ParameterValue {
  readonly imageId: string;
  readonly writtenAt: EpochMs;
}

/** The parameters from which launches take an image's id. */
export interface ImageParameters {
  /** Names of all environments' parameters of the pipeline. */
  names(): Promise<readonly string[]>;
  /** What it has said, newest first; empty where there is none. */
  history(parameter: string): Promise<readonly ParameterValue[]>;
  write(parameter: string, imageId: string): Promise<void>;
}

export interface RunnerRelease {
  readonly version: string;
  readonly publishedAt: EpochMs;
}

/** What GitHub has released of its runner. Rejects with `OutOfReach`. */
export interface RunnerReleases {
  /** Newest first, drafts and previews left out; as many as one page holds. */
  newest(): Promise<readonly RunnerRelease[]>;
}
