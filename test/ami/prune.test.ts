// Prune on the embedded cloud: old images go with their snapshots, never one that anything may still launch from.
import { DescribeImagesCommand, DescribeSnapshotsCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { DeleteParameterCommand } from "@aws-sdk/client-ssm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { prune, type PruneOptions } from "../../control/operate/images/prune.ts";
import { environment } from "../cli/cloud.ts";
import { day, hour, openImageCloud, parameter, variant, type ImageCloud } from "./image-cloud.ts";

let cloud: ImageCloud;
beforeEach(async () => {
  cloud = await openImageCloud();
});
afterEach(() => cloud.close());

const options: PruneOptions = { environment, parameters: [parameter], keep: 2, dryRun: false };
const pruned = (more: Partial<PruneOptions> = {}) => prune(cloud.world, { ...options, ...more });

/** So many images, a day between each; the oldest first. */
async function bakeDaily(count: number, wanted: { readonly variant?: string } = {}): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let number = 1; number <= count; number++) {
    ids.push(await cloud.bake({ name: `${wanted.variant ?? "image"} ${number}`, ...wanted }));
    await cloud.clock.advance(day);
  }
  return ids;
}
const there = async (imageId: string): Promise<boolean> => (await cloud.world.images.one(imageId)) !== undefined;
const snapshots = async (): Promise<readonly string[]> => {
  const wanted = { Filters: [{ Name: "tag-key", Values: ["runpool:variant"] }] };
  return ((await cloud.clients.ec2.send(new DescribeSnapshotsCommand(wanted))).Snapshots ?? []).map(
    ({ SnapshotId = "" }) => SnapshotId,
  );
};
const why = (found: Awaited<ReturnType<typeof pruned>>, imageId: string): string =>
  (found.kept.find(({ image }) => image.imageId === imageId)?.reasons ?? []).join("; ");

test("the newest of each variant are kept, older ones deleted with their snapshots", async () => {
  const [first = "", second = "", third = "", fourth = ""] = await bakeDaily(4);
  const [other = ""] = await bakeDaily(1, { variant: "amazon-linux-2023-x64" });
  await cloud.clock.advance(day);
  const found = await pruned();
  expect(found.images.map(({ imageId }) => imageId)).toEqual([second, first]);
  expect(found.problems).toEqual([]);
  expect(await Promise.all([first, second, third, fourth, other].map(there))).toEqual([false, false, true, true, true]);
  expect(await snapshots()).toHaveLength(3);
  expect(why(found, fourth)).toBe(`one of the newest 2 of ${variant}`);
});

test("a dry run tells the same and deletes nothing", async () => {
  const [first = ""] = await bakeDaily(4);
  await cloud.clock.advance(day);
  const found = await pruned({ dryRun: true });
  expect(found.images).toHaveLength(2);
  expect(await there(first)).toBe(true);
  expect(await snapshots()).toHaveLength(4);
});

test("a launch template keeps its image, in any version, by id or by an alias", async () => {
  const [byId = "", byOldVersion = "", byAlias = "", free = ""] = await bakeDaily(6);
  await cloud.template({ ImageId: byId }, "by-id");
  const name = await cloud.template({ ImageId: byOldVersion }, "of-two-versions");
  await cloud.newVersion(name, { ImageId: byId });
  cloud.parameters.put("/elsewhere/image", byAlias);
  await cloud.template({ ImageId: "resolve:ssm:/elsewhere/image" }, "by-alias");
  cloud.parameters.put("/elsewhere/gone", free);
  await cloud.template({ ImageId: "resolve:ssm:/elsewhere/gone" }, "by-a-parameter-that-is-gone");
  await cloud.clients.ssm.send(new DeleteParameterCommand({ Name: "/elsewhere/gone" }));
  await cloud.clock.advance(day);
  const found = await pruned();
  expect(found.images.map(({ imageId }) => imageId)).toEqual([free]);
  expect(why(found, byId)).toBe("launch template by-id version 1; launch template of-two-versions version 2");
  expect(why(found, byOldVersion)).toBe("launch template of-two-versions version 1");
  expect(why(found, byAlias)).toBe("launch template by-alias version 1");
});

test("a machine keeps its image until it is terminated", async () => {
  const [used = ""] = await bakeDaily(3);
  const instance = await cloud.run(used);
  await cloud.clock.advance(day);
  expect(why(await pruned(), used)).toBe(`instance ${instance}`);
  await cloud.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
  expect((await pruned()).images.map(({ imageId }) => imageId)).toEqual([used]);
});

test("the last values of a parameter are kept, of any environment's", async () => {
  const [oldest = "", before = "", now = "", prod = ""] = await bakeDaily(6);
  for (const imageId of [oldest, before, now]) cloud.parameters.put(parameter, imageId);
  cloud.parameters.put("/runpool/prod/ami/x64", prod);
  await cloud.clock.advance(day);
  const found = await pruned();
  expect(found.images.map(({ imageId }) => imageId)).toEqual([oldest]);
  expect(why(found, before)).toBe(`one of the last 2 values of ${parameter}`);
  expect(why(found, now)).toBe(`${parameter} names it`);
  expect(why(found, prod)).toBe("/runpool/prod/ami/x64 names it");
});

test("a launch on its way keeps the image that it has read, though nobody is seen to use it", async () => {
  const [read = "", ...newer] = await bakeDaily(5);
  cloud.parameters.put(parameter, read);
  await cloud.clock.advance(day);
  // The launch has read the parameter; then two others are published, and EC2 does not tell of the new machine yet.
  for (const imageId of newer.slice(-2)) cloud.parameters.put(parameter, imageId);
  cloud.machines.faults.unknownForMs = 10_000;
  const instance = await cloud.run(read);
  const found = await pruned();
  expect(why(found, read)).toBe(`replaced in ${parameter} a moment ago: a launch may be on its way`);
  expect(await there(read)).toBe(true);
  await cloud.clock.advance(2 * hour);
  expect(why(await pruned(), read)).toBe(`instance ${instance}`);
});

test("what is used between the two looks is kept", async () => {
  const [old = ""] = await bakeDaily(3);
  await cloud.clock.advance(day);
  let looks = 0;
  const users = async () => {
    if (++looks === 2) await cloud.run(old);
    return cloud.world.images.users();
  };
  const found = await prune({ ...cloud.world, images: { ...cloud.world.images, users } }, options);
  expect([looks, found.images]).toEqual([2, []]);
  expect(await there(old)).toBe(true);
});

test("images of other environments, of nobody, and of today are left alone", async () => {
  const prod = await cloud.bake({ name: "prod's", environment: "prod" });
  const byHand = await cloud.register("by hand", { Name: "by hand" });
  await cloud.clock.advance(3 * day);
  const today = [
    await cloud.bake({ name: "one" }),
    await cloud.bake({ name: "two" }),
    await cloud.bake({ name: "three" }),
  ];
  const found = await pruned({ keep: 1 });
  expect(found.images).toEqual([]);
  expect(await Promise.all([prod, byHand, ...today].map(there))).toEqual([true, true, true, true, true]);
});

test("a snapshot whose image is gone is deleted, once it is a day old; what cannot be deleted is told and tried again", async () => {
  const [first = ""] = await bakeDaily(3);
  await cloud.clock.advance(day);
  // The image goes, its snapshot does not.
  const stubborn = {
    ...cloud.world.images,
    remove: async (image: { imageId: string }) => {
      await cloud.world.images.remove({ imageId: image.imageId, snapshotIds: [] });
      return ["snap: RequestLimitExceeded"];
    },
  };
  const failed = await prune({ ...cloud.world, images: stubborn }, options);
  expect([failed.images, failed.problems]).toEqual([[], ["snap: RequestLimitExceeded"]]);
  expect(await there(first)).toBe(false);
  expect(await snapshots()).toHaveLength(3);
  const again = await pruned();
  expect(again.snapshots).toHaveLength(1);
  expect(await snapshots()).toHaveLength(2);
});

test("where EC2 does not say who uses images, nothing is deleted", async () => {
  await bakeDaily(4);
  await cloud.clock.advance(day);
  const users = () => Promise.reject(new Error("out of reach"));
  await expect(prune({ ...cloud.world, images: { ...cloud.world.images, users } }, options)).rejects.toThrow(
    "out of reach",
  );
  const { Images } = await cloud.clients.ec2.send(
    new DescribeImagesCommand({ Filters: [{ Name: "tag-key", Values: ["runpool:variant"] }] }),
  );
  expect(Images).toHaveLength(4);
});

test("at least one is kept: keep 0 is refused", async () => {
  await expect(pruned({ keep: 0 })).rejects.toThrow("keep is at least 1");
});
