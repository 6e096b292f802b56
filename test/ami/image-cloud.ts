// What tests of the pipeline share: the embedded cloud over HTTP, with images, templates, machines and parameters to be had in a word.
import {
  CreateImageCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  RegisterImageCommand,
  RunInstancesCommand,
  type _InstanceType,
} from "@aws-sdk/client-ec2";
import { imageParameters } from "../../cloud/aws/image-parameters.ts";
import { images } from "../../cloud/aws/images.ts";
import type { PruneWorld } from "../../control/operate/images/prune.ts";
import { imageTags } from "../../domain/image.ts";
import { imageParameter } from "../../domain/class-keys.ts";
import { environment, openFurnishedCloud } from "../cli/cloud.ts";

export const parameter = imageParameter(environment, "x64");
export const variant = "ubuntu-24.04-x64";
export const hour = 3_600_000;
export const day = 24 * hour;

export interface ImageOptions {
  readonly name: string;
  readonly environment?: string;
  readonly variant?: string;
  readonly architecture?: "x86_64" | "arm64";
  readonly tested?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
}

export async function openImageCloud() {
  const cloud = await openFurnishedCloud();
  const { clients, clock, machines } = cloud;
  const { ec2, ssm } = clients;
  const world: PruneWorld = {
    images: images(ec2, ssm),
    parameters: imageParameters(ssm),
    clock,
    log: { event: () => undefined },
  };
  const tagsOf = (options: ImageOptions) =>
    Object.entries({
      [imageTags.environment]: options.environment ?? environment,
      [imageTags.variant]: options.variant ?? variant,
      ...(options.tested === true ? { [imageTags.tested]: "2026-01-01T00:00:00.000Z" } : {}),
      ...options.tags,
    }).map(([Key, Value]) => ({ Key, Value }));
  const template = async (data: { ImageId: string }, name = `other-${clock.now()}`): Promise<string> => {
    await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: name, LaunchTemplateData: data }));
    return name;
  };
  const run = async (imageId: string, type: _InstanceType = "m5.large"): Promise<string> => {
    const reply = await ec2.send(
      new RunInstancesCommand({ ImageId: imageId, InstanceType: type, MinCount: 1, MaxCount: 1 }),
    );
    return reply.Instances?.[0]?.InstanceId ?? "";
  };
  return {
    ...cloud,
    world,
    template,
    run,
    /** An image of an own machine, as a bake leaves it: tagged with its snapshot. */
    bake: async (options: ImageOptions): Promise<string> => {
      const from = machines.addImage({
        name: `base of ${options.name}`,
        architecture: options.architecture ?? "x86_64",
      });
      const builder = await run(from, options.architecture === "arm64" ? "m7g.large" : "m5.large");
      const TagSpecifications = (["image", "snapshot"] as const).map((ResourceType) => ({
        ResourceType,
        Tags: tagsOf(options),
      }));
      const made = await ec2.send(
        new CreateImageCommand({ InstanceId: builder, Name: options.name, TagSpecifications }),
      );
      machines.poweredOff(builder);
      return made.ImageId ?? "";
    },
    register: async (name: string, tags: Readonly<Record<string, string>>): Promise<string> => {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const TagSpecifications = [{ ResourceType: "image" as const, Tags }];
      const options = { Name: name, Architecture: "x86_64" as const, TagSpecifications };
      return (await ec2.send(new RegisterImageCommand(options))).ImageId ?? "";
    },
    newVersion: async (name: string, data: { ImageId: string }): Promise<void> => {
      await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateName: name, LaunchTemplateData: data }));
    },
  };
}
export type ImageCloud = Awaited<ReturnType<typeof openImageCloud>>;
