// Images of ours: their tags, and the limits of their pipeline.
import { tags } from "./names.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Tags of an image and of its snapshots. */
export const imageTags = {
  /** The environment whose pipeline made it, and alone deletes it. */
  environment: tags.environment,
  variant: "runpool:variant",
  runnerVersion: "runpool:runner",
  agentVersion: "runpool:agent",
  /** On everything that a bake makes beside the image, with the environment's name: the pipeline's role changes nothing else. */
  build: "runpool:build",
  /** When an instance of it registered as a runner; without it an image is never published. */
  tested: "runpool:tested",
} as const;

export const imageLimits = {
  /** A launch reads the parameter before it has a machine: an image is not deleted until this long after it was replaced there. */
  supersededMs: 1 * hour,
  /** An image or snapshot that is younger may still be in the making, or under test. */
  youngMs: 1 * day,
  /** Parameter Store checks an image's id after it has taken the write; longer than this means that it was refused. */
  parameterMs: 1 * minute,
  parameterPollMs: 1_000,
  /**
   * GitHub gives a runner no jobs 30 days after a newer one is out (GitHub Docs, "Self-hosted runners reference", runner software
   * updates): the image is warned of …
   */
  runnerWarnMs: 14 * day,
  /** … alarm is raised … */
  runnerAlarmMs: 21 * day,
  /** … and its idle instances are evicted, two days before jobs would wait in vain. */
  runnerEvictMs: 28 * day,
  runnerRefusedMs: 30 * day,
} as const;

/** Kept where nobody says otherwise: newest images of a variant, and last values of a parameter. */
export const imagesKept = 3;

/** A name that no other image has: names are unique in an account and region. */
export const imageName = (environment: string, variant: string, at: Date): string =>
  `runpool-${environment}-${variant}-${at.toISOString().replaceAll(/[-:]|\.\d+Z$/g, "")}`;
