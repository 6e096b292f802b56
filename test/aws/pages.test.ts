// Everything that AWS answers in pages, with pages of two: the caller gets it all, and each item once.
import { runGroup } from "../../domain/owner.ts";
import { CreateLaunchTemplateVersionCommand } from "@aws-sdk/client-ec2";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { imageParameters } from "../../cloud/aws/image-parameters.ts";
import { images } from "../../cloud/aws/images.ts";
import { instanceLogs } from "../../cloud/aws/instance-logs.ts";
import type { LaunchRequest } from "../../cloud/ports/fleet.ts";
import type { LogPlace } from "../../cloud/ports/instance-logs.ts";
import { chance } from "../../sim/chance.ts";
import { catalogue } from "../../sim/ec2/catalogue.ts";
import { anyCredentials, embeddedCloud } from "../../sim/embedded-cloud.ts";
import type { ServiceName } from "../../sim/http/protocols.ts";
import { imageTags } from "../../domain/image.ts";
import { imageParameter } from "../../domain/class-keys.ts";
import { jumpingClock, openHttpSim, place, type HttpSim } from "../contract/http-sim.ts";
import { done, fresh, freshRun, newcomer, ownership, until } from "../contract/newcomers.ts";
import { keptRequest, launchRequest, launchRequestOn } from "../contract/requests.ts";

let sim: HttpSim;
beforeAll(async () => {
  sim = await openHttpSim({ maxAttempts: 1 });
});
afterAll(() => sim.close());
beforeEach(() => {
  sim.faults.heal();
  sim.door.resetCalls();
});

const inTwos = (service: ServiceName): void => sim.faults.set(service, "*", { pageMost: 2 });
const calls = (service: ServiceName, action: string): number => sim.door.calls()[service]?.[action] ?? 0;
const unique = (prefix: string, count: number) => Array.from({ length: count }, () => fresh(prefix));

it("the records, those of a run, and the idle ones of a pool", async () => {
  const [run, partition] = [freshRun(), fresh("github:acme/paged")];
  const records = [];
  for (let index = 0; index < 5; index++) {
    const { ref, machine } = await newcomer(sim, partition);
    const mine = ownership(run, fresh("claim"));
    const params = { ...until(sim), machine, claimId: mine.claimId, ...(index < 3 ? { ownership: mine } : {}) };
    records.push(done(await sim.instances.move("create", ref, params)));
  }
  const keys = records.map(({ key }) => key).toSorted();
  inTwos("dynamodb");
  const sorted = (items: readonly { readonly key: string }[]) => items.map(({ key }) => key).toSorted();
  expect(sorted((await sim.instances.all()).items)).toEqual(keys);
  expect(calls("dynamodb", "Scan")).toBeGreaterThan(2);
  const owned = records.filter(({ owner }) => owner !== undefined).map(({ key }) => key);
  expect(owned).toHaveLength(3);
  expect(sorted((await sim.instances.ofGroup(runGroup(run))).items)).toEqual(owned.toSorted());
  expect(calls("dynamodb", "Query")).toBe(2);
});

it("what runs have come to since it was last reported", async () => {
  const { requests } = sim;
  const runs = ["4001", "4002", "4003", "4004", "4005"];
  const { provisionId, attempt, repository, resourceClass, usageClass } = keptRequest;
  const outcome = { provisionId, attempt, repository, resourceClass, usageClass };
  for (const runId of runs)
    await requests.save({ ...keptRequest, runId }, sim.now(), {
      ...outcome,
      at: sim.now(),
      readyMs: 1,
      created: 1,
      reused: 0,
      claimsLost: 0,
    });
  inTwos("dynamodb");
  expect((await requests.unreported()).runs.map(({ runId }) => runId).toSorted()).toEqual(runs);
});

const wanted = (): Promise<LaunchRequest> =>
  launchRequestOn(sim, { minimum: launchRequest.minimum, allowedTypes: ["c*", "m*"] });

const oneZone = async (): Promise<LaunchRequest> => {
  const request = await wanted();
  return { ...request, subnets: request.subnets.slice(0, 1) };
};

it("the types that wildcards stand for", async () => {
  const request = await oneZone();
  const zone = request.subnets[0]?.zone ?? "";
  const fitting = catalogue.filter(
    ({ name, vcpu, mib, architecture }) =>
      name.startsWith("c") && vcpu === 4 && mib >= 8192 && architecture === "x86_64",
  );
  // All but the last one of the last page are to be avoided.
  const [last, ...others] = fitting.map(({ name }) => name).toReversed();
  expect(others.length).toBeGreaterThan(4);
  inTwos("ec2");
  const avoid = others.map((instanceType) => ({ instanceType, zone }));
  const launched = Array.from({ length: 3 }, () => ({ instanceType: last }));
  expect(await sim.fleet.launch({ ...request, allowedTypes: ["c*"], avoid })).toMatchObject({ launched, failures: [] });
  expect(calls("ec2", "GetInstanceTypesFromInstanceRequirements")).toBe(Math.ceil(fitting.length / 2));
});

it("the sizes of the types that were launched", async () => {
  const request = { ...(await oneZone()), minimum: { cpu: 1, mmem: 1 } };
  sim.faults.set("ec2", "*", { pageMost: 1 });
  const allowedTypes = ["c5.xlarge", "c5a.xlarge", "c6a.xlarge"];
  for (const type of allowedTypes) sim.cloud.capacity.scarcities.push({ type, remaining: 1 });
  const outcome = await sim.fleet.launch({ ...request, allowedTypes });
  sim.cloud.capacity.scarcities.length = 0;
  if (outcome.kind !== "answered") throw new Error(outcome.problem);
  expect(calls("ec2", "DescribeInstanceTypes")).toBe(3);
  const sizes = new Map(outcome.launched.map(({ instanceType, cpu, mmem }) => [instanceType, [cpu, mmem]]));
  expect(sizes).toEqual(new Map(allowedTypes.map((type) => [type, [4, 8192]])));
});

it("our machines, and those that are asked for by id", async () => {
  const request = await wanted();
  const launched = await sim.fleet.launch({ ...request, count: 5 });
  if (launched.kind !== "answered") throw new Error(launched.problem);
  const ids = launched.launched.map(({ instanceId }) => instanceId).toSorted();
  expect(ids).toHaveLength(5);
  inTwos("ec2");
  expect([...(await sim.fleet.describe(ids)).keys()].toSorted()).toEqual(ids);
  expect(calls("ec2", "DescribeInstances")).toBe(3);
});

it("images with their snapshots and orphans, and everybody who uses one", async () => {
  const { ec2, ssm } = sim.clients;
  const store = images(ec2, ssm);
  const tags = { [imageTags.environment]: "paged", [imageTags.variant]: "x64" };
  const all = unique("image", 5).map((name) => sim.cloud.addImage({ name, architecture: "x86_64" }));
  for (const id of all) await store.tag(id, tags);
  inTwos("ec2");
  expect((await store.own("paged")).images.map(({ imageId }) => imageId).toSorted()).toEqual(all.toSorted());
  expect(calls("ec2", "DescribeImages")).toBeGreaterThan(2);
  const template = sim.defaults.templates["large/x64"]?.id ?? "";
  sim.faults.heal();
  for (const ImageId of all)
    await ec2.send(
      new CreateLaunchTemplateVersionCommand({
        LaunchTemplateId: template,
        LaunchTemplateData: { ImageId },
      }),
    );
  inTwos("ec2");
  sim.door.resetCalls();
  const users = await store.users();
  for (const [index, id] of all.entries())
    expect(users.get(id), id).toEqual([expect.stringMatching(new RegExp(` version ${index + 2}$`))]);
  expect(calls("ec2", "DescribeLaunchTemplates")).toBeGreaterThan(2);
  expect(calls("ec2", "DescribeLaunchTemplateVersions")).toBeGreaterThan(calls("ec2", "DescribeLaunchTemplates"));
});

it("snapshots whose images are gone", async () => {
  const { ec2, ssm } = sim.clients;
  const store = images(ec2, ssm);
  const tags = { [imageTags.environment]: "orphaned", [imageTags.variant]: "x64" };
  const left: string[] = [];
  for (const name of unique("orphan", 5)) {
    const imageId = sim.cloud.addImage({ name, architecture: "x86_64" });
    const snapshotIds = (await store.one(imageId))?.snapshotIds ?? [];
    for (const id of snapshotIds) await store.tag(id, tags);
    left.push(...snapshotIds);
    await store.remove({ imageId, snapshotIds: [] });
  }
  // An image that has lost its tags is an image all the same: its snapshot is no orphan.
  const untagged = await store.one(sim.cloud.addImage({ name: fresh("untagged"), architecture: "x86_64" }));
  for (const id of untagged?.snapshotIds ?? []) await store.tag(id, tags);
  expect(untagged?.snapshotIds).toHaveLength(1);
  inTwos("ec2");
  const { orphans } = await store.own("orphaned");
  expect(orphans.map(({ snapshotId }) => snapshotId).toSorted()).toEqual(left.toSorted());
  expect(calls("ec2", "DescribeSnapshots")).toBe(3);
});

it("parameters of images, each with its past, newest first", async () => {
  const { ssm } = sim.clients;
  const store = imageParameters(ssm);
  const names = unique("e", 5).map((environment) => imageParameter(environment, "x64"));
  for (const Name of names) await ssm.send(new PutParameterCommand({ Name, Value: "ami-00000000", Type: "String" }));
  const [first = ""] = names;
  const values = ["ami-00000001", "ami-00000002", "ami-00000003", "ami-00000004"];
  for (const value of values) await store.write(first, value);
  // By this type Parameter Store refuses what is not the id of an image.
  expect(await ssm.send(new GetParameterCommand({ Name: first }))).toMatchObject({
    Parameter: { DataType: "aws:ec2:image", Value: values.at(-1) },
  });
  inTwos("ssm");
  expect(await store.names()).toEqual(expect.arrayContaining(names));
  expect(calls("ssm", "DescribeParameters")).toBeGreaterThan(2);
  const past = (await store.history(first)).map(({ imageId }) => imageId);
  expect(past).toEqual(["ami-00000000", ...values].toReversed());
});

it("the secrets below a folder", async () => {
  const folder = `/runpool/${fresh("keys")}`;
  const names = Array.from({ length: 5 }, (_, index) => `${folder}/${index}`);
  for (const name of names) await sim.secrets.write(name, "value");
  inTwos("ssm");
  const listed = await sim.secretFolder.list(folder);
  expect(listed.map(({ name }) => name)).toEqual(names);
  await sim.secretFolder.remove(names);
  expect(await sim.secretFolder.list(folder)).toEqual([]);
});

it("the lines of an instance, of the oldest stream among many", async () => {
  const clock = jumpingClock();
  const cloud = await embeddedCloud({ clock, ...place, chance: chance("pages/logs") });
  const { door, logGroups: written, faults } = cloud;
  const client = new CloudWatchLogsClient({
    endpoint: door.url,
    region: place.region,
    credentials: anyCredentials,
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await cloud.close();
  });
  const id = "i-0123456789abcdef0";
  for (let line = 1; line <= 5; line++) {
    written.put("group", `${id}/10.0.0.9`, `line ${line}\n`);
    await clock.sleep(1);
  }
  // By name before the oldest: on other pages.
  for (const address of ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) written.put("group", `${id}/${address}`, "forged");
  faults.set("logs", "*", { pageMost: 2 });
  const ports = instanceLogs({ logs: client, ec2: sim.clients.ec2, group: "group" });
  const page = await ports.newest(id, 4);
  expect(page?.lines.map(({ text }) => text)).toEqual(["line 2", "line 3", "line 4", "line 5"]);
  written.put("group", `${id}/10.0.0.9`, "line 6");
  expect((await ports.since(page?.next as LogPlace)).lines.map(({ text }) => text)).toEqual(["line 6"]);
});
