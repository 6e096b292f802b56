// The instance metadata service of the embedded cloud: its protocol, and the SDK's own credential chain on it.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { RequestLaunchTemplateData } from "@aws-sdk/client-ec2";
import { expect, onTestFinished, test } from "vitest";
import { openImds } from "../../sim/imds/imds.ts";
import { openWorld, spot } from "./ec2-world.ts";

const v2: RequestLaunchTemplateData = {
  MetadataOptions: { HttpTokens: "required", InstanceMetadataTags: "enabled" },
  IamInstanceProfile: { Name: "runner" },
  UserData: Buffer.from("#!/bin/sh\necho hi\n").toString("base64"),
  TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "runpool:environment", Value: "dev" }] }],
};

/** A machine with its metadata service, and how to ask it. */
async function openMachine(data: RequestLaunchTemplateData = v2) {
  const world = await openWorld();
  await world.template("pool", data);
  await world.fleet(1, undefined, spot(1));
  const machine = world.cloud.machines()[0];
  if (machine === undefined) throw new Error("no machine was launched");
  const imds = await openImds({ machine, clock: world.clock });
  onTestFinished(() => imds.close());
  const ask = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
    const answer = await fetch(`${imds.url}${path}`, { headers, method });
    return { status: answer.status, body: await answer.text() };
  };
  const token = (seconds: number | string, more: Record<string, string> = {}) =>
    ask("/latest/api/token", { "X-aws-ec2-metadata-token-ttl-seconds": String(seconds), ...more }, "PUT");
  const { body } = await token(60);
  const get = (path: string) => ask(`/latest/${path}`, { "X-aws-ec2-metadata-token": body });
  return { world, machine, imds, ask, token, get };
}

test("without a token, or with one that has expired, nothing is told", async () => {
  const { world, machine, ask, get } = await openMachine();
  expect((await ask("/latest/meta-data/instance-id")).status).toBe(401);
  expect((await ask("/latest/meta-data/instance-id", { "X-aws-ec2-metadata-token": "guess" })).status).toBe(401);
  expect(await get("meta-data/instance-id")).toEqual({ status: 200, body: machine.id });
  await world.clock.advance(60_000);
  expect((await get("meta-data/instance-id")).status).toBe(401);
});

test("a token needs a lifetime of 1 to 21600 seconds and no proxy on the way", async () => {
  const { ask, token } = await openMachine();
  expect((await ask("/latest/api/token", {}, "PUT")).status).toBe(400);
  for (const seconds of [0, 21_601, "x"]) expect((await token(seconds)).status).toBe(400);
  expect((await token(21_600)).status).toBe(200);
  expect((await token(60, { "X-Forwarded-For": "10.0.0.1" })).status).toBe(403);
});

test("version 1 answers only where the machine's options leave tokens optional; disabled, nothing does", async () => {
  const open = await openMachine({});
  expect((await open.ask("/latest/meta-data/instance-id")).body).toBe(open.machine.id);
  const closed = await openMachine({ MetadataOptions: { HttpEndpoint: "disabled" } });
  expect((await closed.ask("/latest/meta-data/instance-id")).status).toBe(403);
});

test("it tells what the machine is", async () => {
  const { machine, get } = await openMachine();
  const told = async (path: string) => (await get(path)).body;
  expect(await told("meta-data/ami-id")).toBe(machine.imageId);
  expect(await told("meta-data/instance-type")).toBe("c6i.large");
  expect(await told("meta-data/placement/region")).toBe("us-east-1");
  expect(await told("meta-data/placement/availability-zone")).toBe(machine.zone);
  expect(await told("meta-data/local-ipv4")).toBe(machine.privateIp);
  expect(await told("meta-data/instance-life-cycle")).toBe("spot");
  expect(await told("user-data")).toBe("#!/bin/sh\necho hi\n");
  expect(JSON.parse(await told("dynamic/instance-identity/document"))).toMatchObject({
    instanceId: machine.id,
    accountId: "123456789012",
    region: "us-east-1",
    architecture: "x86_64",
  });
  expect((await told("meta-data/")).split("\n")).toEqual(
    expect.arrayContaining(["placement/", "instance-id", "tags/"]),
  );
  expect((await get("meta-data/nonsense")).status).toBe(404);
  expect((await get("meta-data/instance-id/deeper")).status).toBe(404);
});

test("tags show at once, and not at all where the template does not show them", async () => {
  const { machine, get } = await openMachine();
  expect((await get("meta-data/tags/instance")).body.split("\n")).toContain("runpool:environment");
  expect((await get("meta-data/tags/instance/runpool:environment")).body).toBe("dev");
  machine.tags.set("late", "1");
  expect((await get("meta-data/tags/instance/late")).body).toBe("1");
  const hidden = await openMachine({});
  expect((await hidden.get("meta-data/tags/instance")).status).toBe(404);
});

test("spot's notice is a 404 until it comes, and names the moment of the end", async () => {
  const { world, machine, get } = await openMachine();
  const paths = ["spot/instance-action", "spot/termination-time", "events/recommendations/rebalance"];
  for (const path of paths) expect((await get(`meta-data/${path}`)).status).toBe(404);
  world.cloud.interruptSpot(machine.id);
  expect(JSON.parse((await get("meta-data/spot/instance-action")).body)).toEqual({
    action: "terminate",
    time: "2026-01-05T09:02:00Z",
  });
  expect((await get("meta-data/spot/termination-time")).body).toBe("2026-01-05T09:02:00Z");
  expect(JSON.parse((await get("meta-data/events/recommendations/rebalance")).body)).toEqual({
    noticeTime: "2026-01-05T09:00:00Z",
  });
});

test("the SDK's default credential chain takes the machine's credentials, and STS knows whose they are", async () => {
  const { world, machine, imds } = await openMachine();
  const script = `
    import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
    console.log((await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    env: {
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: world.door.url,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
    },
  });
  expect(stdout.trim()).toBe(`arn:aws:sts::123456789012:assumed-role/runner/${machine.id}`);
});
