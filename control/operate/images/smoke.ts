// Smoke test of an image: one instance boots from it in its environment, and must register as a runner; then it is ended.
import type { LoadedSettings } from "../../../cloud/ports/settings.ts";
import type { Images } from "../../../cloud/ports/images.ts";
import { aRepositoryOf, partitionOf, templateOf } from "../../../domain/configuration.ts";
import { imageTags } from "../../../domain/image.ts";
import { tags } from "../../../domain/names.ts";
import { runOf } from "../../../domain/owner.ts";
import type { Architecture } from "../../../domain/record.ts";
import { parseRequest, problemOfTimeout, wordsOfProblem } from "../../../domain/request.ts";
import { provision, type Provisioned } from "../../runs/provision.ts";
import { wordsOfReason } from "../../pool/reasons.ts";
import { retire, retireStep } from "../retire.ts";
import type { ControlWorld } from "../../pool/world.ts";

export interface SmokeWish {
  readonly imageId: string;
  /** A number that no workflow run has now: the runner's label. */
  readonly runId: string;
  /** The environment's smallest, where nothing is said. */
  readonly resourceClass?: string;
  /** Minutes to register in; the environment's provision limit, where nothing is said. */
  readonly timeoutMin?: string;
  readonly cancel?: AbortSignal;
}

export type Smoked =
  | { readonly kind: "passed"; readonly instanceId: string; readonly readyMs: number }
  | { readonly kind: "failed" | "refused"; readonly reasons: readonly string[] };

const reason = "smoke test of an image";

/**
 * The class of what boots from an image under test. No environment may call a class so (`problemsOfClasses`), so no run ever asks for it:
 * whoever makes the instance idle, be it a provision that gives back or a refresh that knows of no test, no claim reaches it. Nor is it
 * deployed: a refresh that finds it idle ends it.
 */
export const candidateClass = (resourceClass: string): string => `${resourceClass}.candidate`;

/** A world in which the image under test is the only one, and the pool is empty: what is provisioned has booted from it. */
function withImage(
  world: ControlWorld,
  loaded: LoadedSettings,
  { resourceClass, architecture }: { readonly resourceClass: string; readonly architecture: Architecture },
  imageId: string,
): ControlWorld {
  const { configuration } = loaded;
  const partition = partitionOf(configuration, aRepositoryOf(configuration.forge.repositories[0] ?? ""));
  const template = templateOf(configuration, { partition, resourceClass, architecture });
  const candidate = `${candidateClass(resourceClass)}/${architecture}`;
  const tested = {
    images: { ...configuration.images, [architecture]: imageId },
    templates: { ...configuration.templates, ...(template === undefined ? {} : { [candidate]: template }) },
  };
  // A pause is for runs; an image is often tested because of what they are paused for.
  const { paused: _paused, ...rest } = loaded;
  const settings = { ...rest, configuration: { ...configuration, ...tested } };
  return {
    ...world,
    settings: { ...world.settings, load: () => Promise.resolve(settings) },
    pool: { ...world.pool, receive: () => Promise.resolve([]), send: () => Promise.resolve([]) },
    // The template's own tag: EC2 is asked for one of each key.
    fleet: {
      ...world.fleet,
      launch: (order) => world.fleet.launch({ ...order, tags: { ...order.tags, [tags.resourceClass]: resourceClass } }),
    },
    instances: { ...world.instances, idle: () => Promise.resolve({ items: [], damaged: [] }) },
  };
}

const smallest = (classes: LoadedSettings["configuration"]["resourceClasses"]): string =>
  Object.entries(classes).toSorted(([, a], [, b]) => a.cpu - b.cpu || a.mmem - b.mmem)[0]?.[0] ?? "";

/** Whatever of this image is still there ends: also what a failed provision has given to the pool. What does not answer, thresholds end. */
async function endAll(world: ControlWorld, loaded: LoadedSettings, imageId: string, runId: string): Promise<void> {
  const { items } = await world.instances.all();
  for (const record of items.filter((one) => one.imageId === imageId && one.state !== "terminated")) {
    const ours = runOf(record.owner)?.runId === runId;
    const registered = ours && record.state === "running";
    if (registered) await retire(world, record.instanceId, { reason, wait: true });
    else if (ours || record.owner === undefined) await retireStep(world, loaded.configuration, record, reason);
  }
}

/** Marks the image as tested where it passed, and takes the mark away where it failed. Rejects where the environment cannot be read. */
export async function smoke(
  world: ControlWorld,
  images: Pick<Images, "one" | "tag">,
  wish: SmokeWish,
): Promise<Smoked> {
  const { imageId, runId } = wish;
  const image = await images.one(imageId);
  if (image === undefined) return { kind: "refused", reasons: [`there is no image ${imageId} here`] };
  if (image.state !== "available" || image.architecture === undefined)
    return {
      kind: "refused",
      reasons: [`${imageId} is ${image.state}, for ${image.architecture ?? "no runner of ours"}`],
    };
  const loaded = await world.settings.load();
  const { resourceClasses, forge } = loaded.configuration;
  const resourceClass = wish.resourceClass ?? smallest(resourceClasses);
  const known = Object.hasOwn(resourceClasses, resourceClass) ? resourceClasses[resourceClass] : undefined;
  const candidate = candidateClass(resourceClass);
  const parsed = parseRequest(
    {
      runId,
      attempt: "1",
      name: "ami-test",
      repository: aRepositoryOf(forge.repositories[0] ?? ""),
      instanceCount: "1",
      resourceClass: known === undefined ? resourceClass : candidate,
      architecture: image.architecture,
      usageClass: "on-demand",
      allowedInstanceTypes: "",
      labels: "",
      fallback: "false",
      timeoutMin: wish.timeoutMin ?? "",
    },
    known === undefined ? resourceClasses : { [candidate]: known },
  );
  if (!parsed.ok) return { kind: "refused", reasons: parsed.problems.map((problem) => wordsOfProblem(problem)) };
  const tooLong = problemOfTimeout(parsed.request, loaded.configuration.provisionMs);
  if (tooLong !== undefined) return { kind: "refused", reasons: [wordsOfProblem(tooLong)] };
  const alone = withImage(world, loaded, { resourceClass, architecture: image.architecture }, imageId);
  const options = wish.cancel === undefined ? {} : { cancel: wish.cancel };
  let outcome: Provisioned;
  try {
    outcome = await provision(alone, parsed.request, options);
  } finally {
    await endAll(alone, loaded, imageId, runId);
  }
  if (outcome.kind !== "ready") {
    const reasons = outcome.reasons.map(wordsOfReason);
    world.log.event("image.failed", { image: imageId, reasons });
    // What an earlier test has found does not hold any more: it is not published until a test passes again.
    const passedBefore = (image.tags[imageTags.tested] ?? "") !== "";
    if (outcome.kind === "failed" && passedBefore) await images.tag(imageId, { [imageTags.tested]: "" });
    return { kind: "failed", reasons };
  }
  await images.tag(imageId, { [imageTags.tested]: new Date(world.clock.now()).toISOString() });
  world.log.event("image.passed", { image: imageId, ms: outcome.readyMs });
  return { kind: "passed", instanceId: outcome.instances[0]?.instanceId ?? "", readyMs: outcome.readyMs };
}
