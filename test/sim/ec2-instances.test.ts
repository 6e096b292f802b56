// Machines of the embedded EC2: their life, Describe calls, tags, hooks and faults, with the real SDK client over HTTP.
import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  paginateDescribeInstances,
} from "@aws-sdk/client-ec2";
import type { DescribeInstancesCommandInput, Instance } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { chance } from "../../sim/chance.ts";
import { ec2 } from "../../sim/ec2/ec2.ts";
import { openWorld, spot } from "./ec2-world.ts";

type World = Awaited<ReturnType<typeof openWorld>>;
const hour = 3_600_000;
const byText = (a: string, b: string): number => (a < b ? -1 : 1);

const describe = async (world: World, input: DescribeInstancesCommandInput = {}): Promise<Instance[]> => {
  const { Reservations = [] } = await world.ec2.send(new DescribeInstancesCommand(input));
  return Reservations.flatMap(({ Instances = [] }) => Instances);
};
const launched = async (world: World, count = 1, more = {}): Promise<string[]> => {
  const { Instances = [] } = await world.fleet(count, undefined, more);
  return Instances.flatMap(({ InstanceIds = [] }) => InstanceIds);
};
const stateOf = async (world: World, id: string) => (await describe(world, { InstanceIds: [id] }))[0]?.State?.Name;
const end = (world: World, ids: string[]) => world.ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));

test("a machine is pending, runs, shuts down, is terminated, and is unknown an hour later", async () => {
  const world = await openWorld();
  Object.assign(world.cloud.faults, { bootMs: 20_000, shutdownMs: 5000 });
  await world.template("pool");
  const [id = ""] = await launched(world);
  expect(await stateOf(world, id)).toBe("pending");
  await world.clock.advance(20_000);
  expect(await stateOf(world, id)).toBe("running");
  const { TerminatingInstances } = await end(world, [id]);
  expect(TerminatingInstances).toMatchObject([
    { InstanceId: id, PreviousState: { Name: "running" }, CurrentState: { Name: "shutting-down", Code: 32 } },
  ]);
  await world.clock.advance(5000);
  expect((await describe(world, { InstanceIds: [id] }))[0]).toMatchObject({
    State: { Name: "terminated", Code: 48 },
    StateReason: { Code: "Client.UserInitiatedShutdown" },
    StateTransitionReason: "User initiated (2026-01-05 09:00:20 GMT)",
  });
  expect((await end(world, [id])).TerminatingInstances?.[0]?.PreviousState?.Name).toBe("terminated");
  await world.clock.advance(hour);
  await expect(describe(world, { InstanceIds: [id] })).rejects.toMatchObject({
    name: "InvalidInstanceID.NotFound",
    message: `The instance ID '${id}' does not exist`,
  });
});

test("power-off terminates where the template says so, else stops; neither is reported back to the hooks", async () => {
  const world = await openWorld();
  await world.template("pool");
  const [stops = ""] = await launched(world);
  await world.template("ends", { InstanceInitiatedShutdownBehavior: "terminate" });
  const run = await world.ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      InstanceType: "m5.large",
      LaunchTemplate: { LaunchTemplateName: "ends" },
    }),
  );
  const ends = run.Instances?.[0]?.InstanceId ?? "";
  const ended: string[] = [];
  world.cloud.hooks.onTerminate = ({ id }) => ended.push(id);
  for (const id of [stops, ends]) world.cloud.poweredOff(id);
  expect([await stateOf(world, stops), await stateOf(world, ends)]).toEqual(["stopped", "terminated"]);
  expect((await describe(world, { InstanceIds: [ends] }))[0]?.StateReason?.Code).toBe(
    "Client.InstanceInitiatedShutdown",
  );
  expect(ended).toEqual([]);
  await end(world, [stops]);
  expect(await stateOf(world, stops)).toBe("terminated");
});

test("a spot machine that powers itself off is terminated whatever its template says", async () => {
  const world = await openWorld();
  await world.template("pool", { InstanceInitiatedShutdownBehavior: "stop" });
  const [id = ""] = await launched(world, 1, spot(1));
  world.cloud.poweredOff(id);
  expect(await stateOf(world, id)).toBe("terminated");
});

test("hooks hear of each machine that boots and of each whose power is taken, once", async () => {
  const world = await openWorld();
  Object.assign(world.cloud.faults, { bootMs: 1000, hungBoots: 1 });
  await world.template("pool");
  const heard: string[] = [];
  world.cloud.hooks.onLaunch = ({ id }) => heard.push(`up ${id}`);
  world.cloud.hooks.onTerminate = ({ id }) => heard.push(`down ${id}`);
  const [hung = "", early = "", one = ""] = await launched(world, 3);
  await end(world, [early]);
  await world.clock.advance(1000);
  expect(heard).toEqual([`down ${early}`, `up ${one}`]);
  expect(await stateOf(world, hung)).toBe("running");
  await end(world, [one]);
  await end(world, [one]);
  expect(heard.slice(2)).toEqual([`down ${one}`]);
});

test("a boot that EC2 gives up on ends with Server.InternalError, and dead hardware may go unnoticed", async () => {
  const world = await openWorld();
  Object.assign(world.cloud.faults, { bootMs: 1000, failedBoots: 1 });
  await world.template("pool");
  const down: string[] = [];
  world.cloud.hooks.onTerminate = ({ id }) => down.push(id);
  const [failed = "", silent = ""] = await launched(world, 2);
  await world.clock.advance(1000);
  const [found] = await describe(world, { InstanceIds: [failed] });
  expect(found).toMatchObject({ State: { Name: "terminated" }, StateReason: { Code: "Server.InternalError" } });
  world.cloud.kill(silent, { noticed: false });
  expect(await stateOf(world, silent)).toBe("running");
  expect(down).toEqual([failed, silent]);
  await end(world, [silent]);
  expect(down).toHaveLength(2);
});

test("a spot machine goes two minutes after its notice", async () => {
  const world = await openWorld();
  await world.template("pool");
  const [id = ""] = await launched(world, 1, spot(1));
  world.cloud.interruptSpot(id);
  await world.clock.advance(119_000);
  expect(await stateOf(world, id)).toBe("running");
  await world.clock.advance(1000);
  const [found] = await describe(world, { InstanceIds: [id] });
  expect(found).toMatchObject({
    InstanceLifecycle: "spot",
    State: { Name: "terminated" },
    StateReason: { Code: "Server.SpotInstanceTermination" },
  });
});

test("a machine just launched may be unknown for a moment", async () => {
  const world = await openWorld();
  world.cloud.faults.unknownForMs = 2000;
  await world.template("pool");
  const [id = ""] = await launched(world);
  await expect(describe(world, { InstanceIds: [id] })).rejects.toMatchObject({ name: "InvalidInstanceID.NotFound" });
  expect(await describe(world)).toEqual([]);
  await world.clock.advance(2000);
  expect(await stateOf(world, id)).toBe("running");
});

test("filters are alternatives within and all of them between, with wildcards", async () => {
  const world = await openWorld();
  const lt = await world.template("pool");
  const ids = await launched(world, 3, {
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "runpool:environment", Value: "dev" }] }],
  });
  const [gone = "", ...kept] = ids;
  await end(world, [gone]);
  const find = async (filters: Record<string, string[]>) =>
    (await describe(world, { Filters: Object.entries(filters).map(([Name, Values]) => ({ Name, Values })) }))
      .map(({ InstanceId = "" }) => InstanceId)
      .toSorted(byText);
  const alive = { "instance-state-name": ["pending", "running"] };
  expect(await find({ ...alive, "tag:runpool:environment": ["d*"] })).toEqual(kept.toSorted(byText));
  expect(await find({ ...alive, "tag:runpool:environment": ["prod"] })).toEqual([]);
  expect(await find({ "tag-key": ["runpool:environment"], "instance-state-name": ["terminated"] })).toEqual([gone]);
  expect(await find({ "tag:aws:ec2launchtemplate:id": [lt] })).toHaveLength(3);
  expect(await find({ "instance-id": [gone, kept[0] ?? ""] })).toHaveLength(2);
  await expect(find({ "no-such-filter": ["x"] })).rejects.toMatchObject({ name: "InvalidParameterValue" });
});

test("pages hold all machines once", async () => {
  const world = await openWorld();
  await world.template("pool");
  const ids = await launched(world, 13);
  const seen: (string | undefined)[] = [];
  let pages = 0;
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: world.ec2, pageSize: 5 }, {})) {
    pages++;
    seen.push(...Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId)));
  }
  expect(pages).toBe(3);
  expect(new Set(seen)).toEqual(new Set(ids));
  expect(seen).toHaveLength(13);
});

test("one unknown id fails a termination as a whole, and protection refuses it", async () => {
  const world = await openWorld();
  await world.template("pool", { DisableApiTermination: true });
  const [id = ""] = await launched(world);
  await expect(end(world, [id, "i-0123456789abcdef0"])).rejects.toMatchObject({ name: "InvalidInstanceID.NotFound" });
  await expect(end(world, ["nonsense"])).rejects.toMatchObject({ name: "InvalidInstanceID.Malformed" });
  await expect(end(world, [id])).rejects.toMatchObject({ name: "OperationNotPermitted" });
  expect(await stateOf(world, id)).toBe("running");
});

test("tags are made, none of AWS's own", async () => {
  const world = await openWorld();
  await world.template("pool");
  const [id = ""] = await launched(world);
  await world.ec2.send(
    new CreateTagsCommand({
      Resources: [id],
      Tags: [
        { Key: "a", Value: "1" },
        { Key: "b", Value: "2" },
      ],
    }),
  );
  const [found] = await describe(world, { InstanceIds: [id] });
  expect(found?.Tags?.filter(({ Key }) => !Key?.startsWith("aws:"))).toEqual([
    { Key: "a", Value: "1" },
    { Key: "b", Value: "2" },
  ]);
  await expect(
    world.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: "aws:x", Value: "" }] })),
  ).rejects.toMatchObject({ name: "InvalidParameterValue" });
});

test("RunInstances launches up to its maximum and fails below its minimum", async () => {
  const world = await openWorld();
  world.cloud.capacity.scarcities.push({ type: "t3.*", remaining: 2 });
  const run = (MinCount: number) =>
    world.ec2.send(
      new RunInstancesCommand({ ImageId: world.imageId, InstanceType: "t3.large", MinCount, MaxCount: 5 }),
    );
  await expect(run(3)).rejects.toMatchObject({ name: "InsufficientInstanceCapacity" });
  expect(world.cloud.machines()).toEqual([]);
  expect((await run(1)).Instances).toHaveLength(2);
});

test("what a machine prints is its console output", async () => {
  const world = await openWorld();
  await world.template("pool");
  const [id = ""] = await launched(world);
  const machine = world.cloud.machine(id);
  if (machine) machine.console += "agent: ready\n";
  const { Output = "" } = await world.ec2.send(new GetConsoleOutputCommand({ InstanceId: id }));
  expect(Buffer.from(Output, "base64").toString()).toBe("agent: ready\n");
});

test("a machine comes up also where the timer of its boot fires a millisecond early, as the system's do", async () => {
  const early = { now: () => 1_000, sleep: () => Promise.resolve() };
  const cloud = ec2({ clock: early, chance: chance("early"), region: "us-east-1", account: "123456789012" });
  cloud.faults.bootMs = 1;
  const up: string[] = [];
  cloud.hooks.onLaunch = ({ id }) => void up.push(id);
  const ImageId = cloud.addImage({ name: "runner-x64", architecture: "x86_64" });
  const input = { ImageId, InstanceType: "c6i.large", MinCount: "1", MaxCount: "1" };
  await cloud.service({
    service: "ec2",
    action: "RunInstances",
    input,
    caller: { accessKeyId: "AKID", region: "us-east-1" },
  });
  await Promise.resolve();
  expect(up).toEqual(cloud.machines().map(({ id }) => id));
  expect(up).toHaveLength(1);
});
