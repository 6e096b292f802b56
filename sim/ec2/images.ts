// Images and their snapshots: what a fleet looks up and what an image pipeline makes and clears away.
import { AwsFault } from "../http/service.ts";
import type { Architecture } from "./catalogue.ts";
import { invalid, refuse, required, structure, structures, text, texts } from "./input.ts";
import type { Input } from "./input.ts";
import { noSuchImage, unknownImage } from "./launch.ts";
import { filtered, page, tagFacts } from "./listing.ts";
import { isUp } from "./machine.ts";
import { tagSet, taggedAs } from "./tags.ts";
import { newId } from "./world.ts";
import type { Answer, Actions, Image, Snapshot, World } from "./world.ts";
import { moment } from "./xml.ts";
import type { Xml } from "./xml.ts";

const addSnapshot = (world: World, input: Input, description: string, readyAt: number): Snapshot => {
  const snapshot: Snapshot = {
    id: newId(world, "snap"),
    description,
    startedAt: world.clock.now(),
    completedAt: readyAt,
    gib: 8,
    tags: taggedAs(input, "snapshot"),
  };
  world.snapshots.set(snapshot.id, snapshot);
  return snapshot;
};

const checkName = (world: World, input: Input): string => {
  const name = required(input, "Name");
  if (!/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name))
    throw new AwsFault(
      "InvalidAMIName.Malformed",
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
    );
  const taken = [...world.images.values()].find((image) => image.name === name);
  if (taken !== undefined)
    throw new AwsFault("InvalidAMIName.Duplicate", `AMI name ${name} is already in use by AMI ${taken.id}`);
  return name;
};

function createImage(world: World, input: Input): Answer {
  const machine = world.machines.get(required(input, "InstanceId"));
  if (machine === undefined || (machine.end?.to === "terminated" && !isUp(machine, world.clock.now())))
    throw new AwsFault("InvalidInstanceID.NotFound", `The instance ID '${text(input, "InstanceId")}' does not exist`);
  const name = checkName(world, input);
  const createdAt = world.clock.now();
  const availableAt = createdAt + world.faults.imageMs;
  const id = newId(world, "ami");
  const snapshot = addSnapshot(world, input, `Created by CreateImage(${machine.id}) for ${id}`, availableAt);
  world.images.set(id, {
    id,
    name,
    description: text(input, "Description") ?? "",
    architecture: machine.type.architecture,
    createdAt,
    availableAt,
    rootDevice: machine.blockDevices[0]?.name ?? "/dev/xvda",
    snapshotIds: [snapshot.id],
    imdsV2: world.images.get(machine.imageId)?.imdsV2 ?? false,
    sourceInstanceId: machine.id,
    tags: taggedAs(input, "image"),
  });
  return { imageId: id };
}

function registerImage(world: World, input: Input): Answer {
  const name = checkName(world, input);
  const architecture = text(input, "Architecture") ?? "i386";
  if (architecture !== "x86_64" && architecture !== "arm64")
    throw invalid(`The embedded cloud has no machines of architecture ${architecture}`);
  const snapshotIds = structures(input, "BlockDeviceMapping").flatMap(
    (mapping) => text(structure(mapping, "Ebs"), "SnapshotId") ?? [],
  );
  const missing = snapshotIds.find((id) => !world.snapshots.has(id));
  if (missing !== undefined)
    throw new AwsFault("InvalidSnapshot.NotFound", `The snapshot '${missing}' does not exist.`);
  return { imageId: addImage(world, { name, architecture, snapshotIds, input }).id };
}

/** Puts an image there; the furnishing of a world uses it too. Without snapshots it gets one. */
export function addImage(
  world: World,
  what: {
    readonly name: string;
    readonly architecture: Architecture;
    readonly id?: string;
    readonly rootDevice?: string;
    readonly snapshotIds?: readonly string[];
    readonly input?: Input;
  },
): Image {
  const now = world.clock.now();
  const input = what.input ?? {};
  const snapshotIds = what.snapshotIds ?? [addSnapshot(world, input, `Root of ${what.name}`, now).id];
  const image: Image = {
    id: what.id ?? newId(world, "ami"),
    name: what.name,
    description: text(input, "Description") ?? "",
    architecture: what.architecture,
    createdAt: now,
    availableAt: now,
    rootDevice: what.rootDevice ?? text(input, "RootDeviceName") ?? "/dev/xvda",
    snapshotIds,
    imdsV2: text(input, "ImdsSupport") === "v2.0",
    tags: taggedAs(input, "image"),
  };
  world.images.set(image.id, image);
  return image;
}

/** EC2 API Reference, "Error codes": the AMI "has been deregistered and is no longer available". */
const gone = (id: string): AwsFault =>
  new AwsFault("InvalidAMIID.Unavailable", `The image ID '${id}' is no longer available`);

function deregisterImage(world: World, input: Input): Answer {
  refuse(input, ["DeleteAssociatedSnapshots"]);
  const id = required(input, "ImageId");
  if (!world.images.has(id)) throw world.deregistered.has(id) ? gone(id) : noSuchImage(id);
  world.images.delete(id);
  world.deregistered.add(id);
  return { return: true };
}

const imageState = (world: World, image: Image): string =>
  world.clock.now() < image.availableAt ? "pending" : "available";

const describedImage = (world: World, image: Image): Xml => ({
  imageId: image.id,
  imageLocation: `${world.account}/${image.name}`,
  imageState: imageState(world, image),
  imageOwnerId: world.account,
  creationDate: moment(image.createdAt),
  isPublic: false,
  architecture: image.architecture,
  imageType: "machine",
  name: image.name,
  description: image.description,
  rootDeviceType: "ebs",
  rootDeviceName: image.rootDevice,
  blockDeviceMapping: image.snapshotIds.map((snapshotId) => ({
    deviceName: image.rootDevice,
    ebs: { snapshotId, volumeSize: world.snapshots.get(snapshotId)?.gib ?? 8, volumeType: "gp3", encrypted: false },
  })),
  virtualizationType: "hvm",
  hypervisor: "xen",
  enaSupport: true,
  platformDetails: "Linux/UNIX",
  imdsSupport: image.imdsV2 ? "v2.0" : undefined,
  sourceInstanceId: image.sourceInstanceId,
  tagSet: tagSet(image.tags),
});

function describeImages(world: World, input: Input): Answer {
  const [ids, owners] = [texts(input, "ImageId"), texts(input, "Owner")];
  const missing = ids.find((id) => !world.images.has(id));
  if (missing !== undefined) throw unknownImage(missing);
  const ours = owners.length === 0 || owners.some((owner) => owner === "self" || owner === world.account);
  const all = [...world.images.values()].filter(({ id }) => ours && (ids.length === 0 || ids.includes(id)));
  const found = filtered(input, all, (image) => (filter) => {
    if (filter === "name") return [image.name];
    return tagFacts(filter, image.tags);
  });
  const { entries, nextToken } = page(input, found, { min: 1, max: 1000 });
  return { imagesSet: entries.map((image) => describedImage(world, image)), nextToken };
}

function describeSnapshots(world: World, input: Input): Answer {
  const ids = texts(input, "SnapshotId");
  const missing = ids.find((id) => !world.snapshots.has(id));
  if (missing !== undefined)
    throw new AwsFault("InvalidSnapshot.NotFound", `The snapshot '${missing}' does not exist.`);
  const now = world.clock.now();
  const all = [...world.snapshots.values()].filter(({ id }) => ids.length === 0 || ids.includes(id));
  const found = filtered(input, all, (snapshot) => (filter) => tagFacts(filter, snapshot.tags));
  const { entries, nextToken } = page(input, found, { min: 5, max: 1000 });
  return {
    snapshotSet: entries.map((snapshot) => ({
      snapshotId: snapshot.id,
      volumeId: "vol-ffffffff",
      status: now < snapshot.completedAt ? "pending" : "completed",
      startTime: moment(snapshot.startedAt),
      progress: now < snapshot.completedAt ? "0%" : "100%",
      ownerId: world.account,
      description: snapshot.description,
      volumeSize: snapshot.gib,
      encrypted: false,
      tagSet: tagSet(snapshot.tags),
    })),
    nextToken,
  };
}

function deleteSnapshot(world: World, input: Input): Answer {
  const id = required(input, "SnapshotId");
  if (!world.snapshots.has(id)) throw new AwsFault("InvalidSnapshot.NotFound", `The snapshot '${id}' does not exist.`);
  const user = [...world.images.values()].find(({ snapshotIds }) => snapshotIds.includes(id));
  if (user !== undefined)
    throw new AwsFault("InvalidSnapshot.InUse", `The snapshot ${id} is currently in use by ${user.id}`);
  world.snapshots.delete(id);
  return { return: true };
}

export const imageActions: Actions = {
  CreateImage: createImage,
  RegisterImage: registerImage,
  DeregisterImage: deregisterImage,
  DescribeImages: describeImages,
  DescribeSnapshots: describeSnapshots,
  DeleteSnapshot: deleteSnapshot,
};
