// Smoke test of an image: one instance boots from it in its environment, and must register as a runner; then it is ended.
import type { Images } from "../../../cloud/ports/images.ts";
import { aRepositoryOf, classOf, partitionOf, type Configuration } from "../../../domain/configuration.ts";
import type { Demand } from "../../../domain/demand.ts";
import { imageTags } from "../../../domain/image.ts";
import { formatOwner, type Owner } from "../../../domain/owner.ts";
import type { Reason } from "../../../domain/reasons.ts";
import type { Architecture } from "../../../domain/record.ts";
import { heldBackBy } from "../../pool/creation.ts";
import { ownInstances } from "../../pool/own-instances.ts";
import { provide, type Provided } from "../../pool/provide.ts";
import { registrationOf } from "../../runs/demand-of.ts";
import type { ControlWorld } from "../../world.ts";
import { retire } from "../retire.ts";

export interface SmokeOptions {
  readonly imageId: string;
  /** Tells this test from others of the image: a whole number. */
  readonly id: string;
  /** The environment's smallest, where nothing is said. */
  readonly resourceClass?: string;
  /** Minutes to register in; the environment's provision limit, where nothing is said. */
  readonly timeoutMin?: string;
  readonly cancel?: AbortSignal;
}

export type Smoked =
  | { readonly kind: "passed"; readonly instanceId: string; readonly readyMs: number }
  | { readonly kind: "failed"; readonly reasons: readonly Reason[] }
  | { readonly kind: "refused"; readonly reasons: readonly SmokeRefusal[] };

export type SmokeRefusal =
  | Reason
  | { readonly code: "no-image" }
  | { readonly code: "image-unfit"; readonly state: string; readonly architecture: Architecture | undefined }
  | { readonly code: "unknown-class"; readonly given: string; readonly known: readonly string[] }
  /** `most`: minutes. */
  | { readonly code: "timeout"; readonly given: string | undefined; readonly most: number };

const reason = "smoke test of an image";

const smallest = (classes: Configuration["resourceClasses"]): string =>
  Object.entries(classes).toSorted(([, a], [, b]) => a.cpu - b.cpu || a.mmem - b.mmem)[0]?.[0] ?? "";

const minuteMs = 60_000;

/** One instance of the image, which no run ever gets: nobody else has its label, and when its test is done with it it is ended. */
function demandOf(
  configuration: Configuration,
  { imageId, id, resourceClass = smallest(configuration.resourceClasses), timeoutMin }: SmokeOptions,
  architecture: Architecture,
  now: number,
): Demand | { readonly problems: readonly SmokeRefusal[] } {
  const { resourceClasses, provisionMs } = configuration;
  const minimum = Object.hasOwn(resourceClasses, resourceClass) ? resourceClasses[resourceClass] : undefined;
  const most = provisionMs / minuteMs;
  const minutes = timeoutMin === undefined ? most : /^\d{1,6}$/.test(timeoutMin) ? Number(timeoutMin) : 0;
  const problems: SmokeRefusal[] = [];
  if (minimum === undefined)
    problems.push({ code: "unknown-class", given: resourceClass, known: Object.keys(resourceClasses) });
  if (minutes < 1 || minutes > most) problems.push({ code: "timeout", given: timeoutMin, most });
  if (minimum === undefined || problems.length > 0) return { problems };
  const owner: Owner = { kind: "image-test", imageId, id };
  const partition = partitionOf(configuration, aRepositoryOf(configuration.forge.repositories[0] ?? ""));
  return {
    owner,
    partition,
    count: 1,
    least: 1,
    resourceClass,
    minimum,
    architecture,
    usageClass: "on-demand",
    allowedTypes: [],
    fallback: false,
    until: now + minutes * minuteMs,
    registration: [registrationOf(configuration, partition, [formatOwner(owner).replaceAll(":", "-")])],
    maxRuntimeMs: classOf(configuration, resourceClass).maxRuntimeMs,
    lifetime: "until-told",
    image: imageId,
  };
}

/** What is still its own leaves and ends; what does not answer, thresholds end. */
async function endAll(world: ControlWorld, owner: Owner): Promise<void> {
  for (const { record } of await ownInstances(world, owner))
    await retire(world, record.instanceId, { reason, wait: record.state === "running" });
}

/** Marks the image as tested where it passed, and takes the mark away where it failed. Rejects where the environment cannot be read. */
export async function smoke(
  world: ControlWorld,
  images: Pick<Images, "one" | "tag">,
  options: SmokeOptions,
): Promise<Smoked> {
  const { imageId, cancel } = options;
  const image = await images.one(imageId);
  if (image === undefined) return { kind: "refused", reasons: [{ code: "no-image" }] };
  if (image.state !== "available" || image.architecture === undefined)
    return {
      kind: "refused",
      reasons: [{ code: "image-unfit", state: image.state, architecture: image.architecture }],
    };
  const loaded = await world.settings.load();
  const heldBack = heldBackBy(loaded, true);
  if (heldBack.length > 0) return { kind: "refused", reasons: heldBack };
  const { configuration } = loaded;
  const demand = demandOf(configuration, options, image.architecture, world.clock.now());
  if ("problems" in demand) return { kind: "refused", reasons: demand.problems };
  let provided: Provided;
  try {
    // A pause, and a brake, are for runs; an image is often tested because of what they are paused for.
    const all = { whilePaused: true, ...(cancel === undefined ? {} : { cancel }) };
    provided = await provide(world, { configuration }, demand, all);
  } finally {
    await endAll(world, demand.owner);
  }
  if (provided.kind !== "ready") {
    const { reasons } = provided;
    world.log.event("image.failed", { image: imageId, reasons });
    // What an earlier test has found does not hold any more: it is not published until a test passes again.
    const passedBefore = (image.tags[imageTags.tested] ?? "") !== "";
    if (provided.kind === "failed" && passedBefore) await images.tag(imageId, { [imageTags.tested]: "" });
    return { kind: "failed", reasons };
  }
  await images.tag(imageId, { [imageTags.tested]: new Date(world.clock.now()).toISOString() });
  world.log.event("image.passed", { image: imageId, ms: provided.readyMs });
  return { kind: "passed", instanceId: provided.taken[0]?.record.instanceId ?? "", readyMs: provided.readyMs };
}
