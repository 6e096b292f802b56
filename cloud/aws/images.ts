// Images on EC2: what there is, who uses it, and its end.
import {
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  paginateDescribeImages,
  paginateDescribeSnapshots,
  type EC2Client,
  type Filter,
  type Image,
  type Tag,
} from "@aws-sdk/client-ec2";
import type { SSMClient } from "@aws-sdk/client-ssm";
import { imageTags } from "../../domain/image.ts";
import type { ImageSeen, Images, SnapshotSeen } from "../ports/images.ts";
import { allPages } from "./all-pages.ts";
import { imageUsers } from "./image-users.ts";
import { architectures } from "./machines.ts";
import { asSdkError, problemOf, raise, troubleOf } from "./sdk-errors.ts";

const pageSize = 1000;
const asTags = (tags: readonly Tag[] | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));

const states: Readonly<Record<string, ImageSeen["state"]>> = {
  available: "available",
  pending: "pending",
  transient: "pending",
};

/** The size of an image's root volume, from its block devices; undefined if EC2 does not list it. */
export const rootGiBOf = ({ BlockDeviceMappings = [], RootDeviceName }: Image): number | undefined =>
  BlockDeviceMappings.find(({ DeviceName }) => DeviceName === RootDeviceName)?.Ebs?.VolumeSize;

const seenAs = (image: Image): ImageSeen => {
  const disks = (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs ?? []);
  return {
    imageId: image.ImageId ?? "",
    name: image.Name ?? "",
    architecture: architectures[image.Architecture ?? ""],
    state: states[image.State ?? ""] ?? "failed",
    createdAt: Date.parse(image.CreationDate ?? "") || 0,
    tags: asTags(image.Tags),
    snapshotIds: disks.flatMap(({ SnapshotId }) => SnapshotId ?? []),
    encrypted: disks.length > 0 && disks.every(({ Encrypted }) => Encrypted === true),
    metadataV2: image.ImdsSupport === "v2.0",
    rootDevice: image.RootDeviceName ?? "",
    rootGiB: rootGiBOf(image),
    virtualization: image.VirtualizationType ?? "unknown",
  };
};

async function find(client: EC2Client, filters: readonly Filter[]): Promise<readonly ImageSeen[]> {
  // Deprecated images may be in use, too.
  const options = { Owners: ["self"], Filters: [...filters], IncludeDeprecated: true };
  const pages = paginateDescribeImages({ client, pageSize }, options);
  const found = await allPages("DescribeImages", pages, ({ Images: page = [] }) => page.map(seenAs));
  return found.toSorted((a, b) => b.createdAt - a.createdAt);
}

function snapshotsOf(client: EC2Client, filters: readonly Filter[]): Promise<readonly SnapshotSeen[]> {
  const pages = paginateDescribeSnapshots({ client, pageSize }, { OwnerIds: ["self"], Filters: [...filters] });
  return allPages("DescribeSnapshots", pages, ({ Snapshots = [] }) =>
    Snapshots.map(({ SnapshotId = "", StartTime }) => ({
      snapshotId: SnapshotId,
      createdAt: StartTime?.getTime() ?? 0,
    })),
  );
}

async function own(client: EC2Client, environment: string): Promise<Awaited<ReturnType<Images["own"]>>> {
  const filters = [
    { Name: `tag:${imageTags.environment}`, Values: [environment] },
    // Instances' volumes, and what others took snapshots of, may carry the environment too.
    { Name: "tag-key", Values: [imageTags.variant] },
  ];
  // Snapshots first: one that is made meanwhile then looks young at worst, never like an orphan.
  const snapshots = await snapshotsOf(client, filters);
  const images = await find(client, filters);
  const belonging = new Set((await find(client, [])).flatMap(({ snapshotIds }) => snapshotIds));
  return { images, orphans: snapshots.filter(({ snapshotId }) => !belonging.has(snapshotId)) };
}

async function one(client: EC2Client, imageId: string): Promise<ImageSeen | undefined> {
  try {
    const { Images: found } = await client.send(
      new DescribeImagesCommand({ ImageIds: [imageId], IncludeDeprecated: true }),
    );
    return found?.[0] === undefined ? undefined : seenAs(found[0]);
  } catch (error) {
    if (asSdkError(error).name.startsWith("InvalidAMIID.")) return undefined;
    return raise(`DescribeImages ${imageId}`, error);
  }
}

/** Why a deletion failed; empty if it succeeded, or had been done before. */
async function attempt(what: string, gone: RegExp, request: Promise<unknown>): Promise<readonly string[]> {
  try {
    await request;
    return [];
  } catch (error) {
    troubleOf(error);
    return gone.test(asSdkError(error).name) ? [] : [`${what}: ${problemOf(error)}`];
  }
}

export const images = (client: EC2Client, ssm: SSMClient): Images => {
  const removeSnapshot = (SnapshotId: string): Promise<readonly string[]> =>
    attempt(SnapshotId, /^InvalidSnapshot\.NotFound$/, client.send(new DeleteSnapshotCommand({ SnapshotId })));
  return {
    own: (environment) => own(client, environment),
    one: (imageId) => one(client, imageId),
    users: () => imageUsers(client, ssm),
    tag: async (imageId, tags) => {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const command = new CreateTagsCommand({ Resources: [imageId], Tags });
      await client.send(command).catch((error: unknown) => raise(`CreateTags ${imageId}`, error));
    },
    remove: async ({ imageId, snapshotIds }) => {
      const gone = /^InvalidAMIID\.(NotFound|Unavailable)$/;
      const problems = await attempt(imageId, gone, client.send(new DeregisterImageCommand({ ImageId: imageId })));
      // A snapshot in use cannot be deleted: with the image still there, trying would only say so.
      if (problems.length > 0) return problems;
      return (await Promise.all(snapshotIds.map(removeSnapshot))).flat();
    },
    removeSnapshot,
  };
};
