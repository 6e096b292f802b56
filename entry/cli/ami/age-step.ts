// `runpool ami age`: how far the runner of the published images is behind, before GitHub refuses it.
import { runnerReleases } from "../../../cloud/github/runner-releases.ts";
import { imageParametersOf } from "../../../domain/configuration.ts";
import { runnerAge, type RunnerAge } from "../../../control/operate/images/runner-age.ts";
import { retireStep } from "../../../control/operate/retire.ts";
import { imageTags } from "../../../domain/image.ts";
import { counted, spoken } from "../../words/durations.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import type { Context } from "../context.ts";
import { pipelineWorld } from "./pipeline-world.ts";
import type { AmiInput } from "./options.ts";

interface Aged {
  readonly imageId: string;
  /** Undefined: the image does not say; it was not baked here. */
  readonly version?: string;
  readonly age?: RunnerAge;
}

const wordsOf = ({ imageId, version, age }: Aged): string => {
  if (version === undefined || age === undefined) return `${imageId} does not say which runner it has`;
  const { kind, newer, leftMs = 0 } = age;
  if (newer === undefined) return `${imageId} has runner ${version}, the newest`;
  const left = leftMs > 0 ? `GitHub gives it jobs for ${spoken(leftMs)} more` : "GitHub gives it no jobs any more";
  return `${kind === "behind" ? "" : `${kind}: `}${imageId} has runner ${version}; ${newer.version} is out, and ${left}`;
};

/** What is idle of the image is ended, so that no run gets a runner that GitHub is about to refuse. */
async function evict(context: Context, imageIds: ReadonlySet<string>): Promise<number> {
  const world = await context.world();
  const { configuration } = await world.settings.load();
  let ended = 0;
  const waiting = context.progress.waiting(() => `ending idle instances of too old images, ${ended} so far`);
  const endAll = async (): Promise<number> => {
    const { items } = await world.instances.all();
    for (const record of items.filter(({ state, imageId }) => state === "idle" && imageIds.has(imageId)))
      if ((await retireStep(world, configuration, record, "its runner is about to be refused by GitHub")) === "ended")
        ended++;
    return ended;
  };
  return await endAll().finally(() => waiting.done());
}

/** Of the image that is named, else of those that the environment's parameters hold. */
async function agesOf({ image, releases: apiUrl }: AmiInput, context: Context): Promise<readonly Aged[]> {
  const { images, parameters, clock } = pipelineWorld(context.place().region, context.progress);
  const world = await context.world();
  const { configuration } = await world.settings.load();
  const waiting = context.progress.waiting(() => "comparing the runners of the images with GitHub's releases");
  const compare = async (): Promise<readonly Aged[]> => {
    const named = await Promise.all(
      imageParametersOf(configuration).map(async (name) => (await parameters.history(name))[0]?.imageId),
    );
    const ids = image === undefined ? named.filter((id) => id !== undefined) : [image];
    const releases = await runnerReleases(apiUrl, process.env["GITHUB_TOKEN"] || undefined).newest();
    return await Promise.all(
      ids.map(async (imageId): Promise<Aged> => {
        const version = (await images.one(imageId))?.tags[imageTags.runnerVersion] ?? "";
        return version === "" ? { imageId } : { imageId, version, age: runnerAge(version, releases, clock.now()) };
      }),
    );
  };
  return await compare().finally(() => waiting.done());
}

export async function ageStep(input: AmiInput, context: Context): Promise<ExitCode> {
  const aged = await agesOf(input, context);
  const tooOld = new Set(aged.filter(({ age }) => age?.kind === "evict").map(({ imageId }) => imageId));
  const evicted = input.evict && tooOld.size > 0 ? await evict(context, tooOld) : 0;
  for (const one of aged) if (one.age?.kind === "warn") context.progress.warn(wordsOf(one));
  context.result({ images: aged, evicted }, () => [
    ...aged.map(wordsOf),
    ...(evicted > 0 ? [`${counted(evicted, "idle instance")} ended`] : []),
  ]);
  return aged.some(({ age }) => age?.kind === "alarm" || age?.kind === "evict") ? exitCodes.failed : exitCodes.done;
}
