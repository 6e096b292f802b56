// Publish: the parameter from which launches take their image gets the id of one that has been tested.
import type { Clock } from "../../../cloud/ports/clock.ts";
import type { Log } from "../../../cloud/ports/log.ts";
import type { ImageParameters, Images } from "../../../cloud/ports/images.ts";
import { imageLimits, imageTags } from "../../../domain/image.ts";
import type { Architecture } from "../../../domain/record.ts";

export interface PublishWorld {
  readonly images: Pick<Images, "one">;
  readonly parameters: Pick<ImageParameters, "history" | "write">;
  readonly clock: Clock;
  readonly log: Log;
}

export interface PublishOptions {
  readonly imageId: string;
  /** The environment's parameters, by architecture: the image's own decides which is written. */
  readonly parameters: Readonly<Partial<Record<Architecture, string>>>;
}

export type Published =
  | { readonly kind: "published"; readonly parameter: string; readonly before?: string }
  /** The parameter says so already. */
  | { readonly kind: "unchanged"; readonly parameter: string }
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

const refused = (...reasons: readonly string[]): Published => ({ kind: "refused", reasons });

/** Never an image that has not passed its test. May be repeated; with an older image it is the way back. */
export async function publish(world: PublishWorld, { imageId, parameters }: PublishOptions): Promise<Published> {
  const image = await world.images.one(imageId);
  if (image === undefined) return refused(`there is no image ${imageId} here`);
  const { architecture, state, tags } = image;
  const parameter = architecture === undefined ? undefined : parameters[architecture];
  if (parameter === undefined)
    return refused(`${imageId} is for ${architecture ?? "another architecture"}, which the environment does not have`);
  const reasons = [
    ...(state === "available" ? [] : [`${imageId} is ${state}, not available`]),
    ...((tags[imageTags.tested] ?? "") === ""
      ? [`${imageId} has not passed a test: runpool ami test --image ${imageId}`]
      : []),
  ];
  if (reasons.length > 0) return refused(...reasons);
  const before = (await world.parameters.history(parameter))[0]?.imageId;
  if (before === imageId) return { kind: "unchanged", parameter };
  await world.parameters.write(parameter, imageId);
  const until = world.clock.now() + imageLimits.parameterMs;
  while ((await world.parameters.history(parameter))[0]?.imageId !== imageId) {
    if (world.clock.now() >= until)
      return refused(`${parameter} still says ${before ?? "nothing"}: Parameter Store did not find the image valid`);
    await world.clock.sleep(imageLimits.parameterPollMs);
  }
  world.log.event("image.published", { image: imageId, parameter, before });
  return { kind: "published", parameter, ...(before === undefined ? {} : { before }) };
}
