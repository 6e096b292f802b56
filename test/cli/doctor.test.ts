// `runpool doctor`: a sound environment, and each thing that may be wrong with it.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CreateLaunchTemplateVersionCommand, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { DeleteQueueCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { UpdateContinuousBackupsCommand, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { defaultsItem, overlayItem, pauseItem } from "../../cloud/aws/configuration-items.ts";
import { openImds } from "../../sim/imds/imds.ts";
import type { Check } from "../../control/operate/doctor/check.ts";
import { imageParameter } from "../../domain/class-keys.ts";
import {
  forgeCredentialParameter,
  registrationTokenParameter,
  removalTokenParameter,
  tableName,
  tags,
} from "../../domain/names.ts";
import { table } from "../../domain/table.ts";
import { inProcess, openCliBench, type CliBench } from "./bench.ts";
import { environment, repository, token } from "./cloud.ts";

let bench: CliBench;
beforeEach(async () => {
  bench = await openCliBench();
  const partition = `github:${repository}`;
  bench.putParameter(registrationTokenParameter(environment, partition), "AAAA", "SecureString");
  bench.putParameter(removalTokenParameter(environment, partition), "AAAA", "SecureString");
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  await bench.clients.dynamodb.send(
    new UpdateContinuousBackupsCommand({ TableName: tableName(environment), PointInTimeRecoverySpecification }),
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await bench.close();
});

/** In this process: twelve that load every client of the SDK would take longer than all that they do. */
async function run(args: readonly string[], variables: Readonly<Record<string, string>> = {}, columns?: number) {
  const all = { ...bench.variables, ...variables };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  return inProcess(args, all, columns);
}

interface Told {
  readonly code: number | null;
  readonly checks: readonly Check[];
  readonly of: (name: string) => Check | undefined;
}
async function doctor(args: readonly string[] = [], variables: Record<string, string> = { GITHUB_TOKEN: token }) {
  const { code, out, err } = await run(["doctor", "--json", ...args], variables);
  expect(err).toBe("");
  const { checks } = JSON.parse(out) as { checks: readonly Check[] };
  return { code, checks, of: (name: string) => checks.find((check) => check.name === name) } satisfies Told;
}
const bad = ({ checks }: Told) => checks.filter(({ verdict }) => verdict !== "ok").map(({ name }) => name);
/** The embedded cloud's clock stands still, years ago: the host's is ahead of it. */
const always = ["clock"];

test("an overlay that cannot be used is a failure, and everything else is looked at all the same", async () => {
  await bench.put(overlayItem({ resourceClasses: { huge: { cpu: 2, mmem: 4096 } } }));
  const told = await doctor();
  expect(told.of("table")?.verdict).toBe("ok");
  expect(told.of("configuration")).toMatchObject({
    verdict: "fail",
    found: 'configuration#overlay: resource class "huge" has no queue: deploy the stack again',
    remedy: expect.stringContaining("mode refresh") as unknown,
  });
  expect((await run(["config"])).err).toContain(
    'the configuration overlay is invalid and ignored: configuration#overlay: resource class "huge"',
  );
});

test("of a sound environment every check is ok but the clock's, and nothing is changed", async () => {
  const before = bench.everything();
  bench.door.resetCalls();
  const told = await doctor();
  expect(bad(told)).toEqual([...always, "runner version"]);
  expect(told.of("clock")).toMatchObject({
    verdict: "fail",
    found: expect.stringMatching(/^this host's clock is \d+ days ahead of AWS's; AWS refuses/) as unknown,
  });
  expect(told.of("runner version")).toMatchObject({ verdict: "skipped" });
  expect(told.code).toBe(1);
  expect(told.checks.map(({ name }) => name)).toEqual([
    "credentials",
    "clock",
    "configuration",
    "region",
    "pause",
    "table",
    "table ttl",
    "table recovery",
    "instances",
    "items",
    "queue large",
    "unreadable large",
    "queue xlarge",
    "unreadable xlarge",
    "template large/x64",
    "template xlarge/x64",
    "image x64",
    `registration token github:${repository}`,
    `removal token github:${repository}`,
    `github runners ${repository}`,
    `github actions ${repository}`,
    "queued jobs",
    "runner version",
    "quota on-demand",
    "quota spot",
    "spot role",
    "subnet eu-west-1a",
    "subnet eu-west-1b",
  ]);
  expect(bench.everything()).toBe(before);
  const asked = Object.values(bench.door.calls()).flatMap((actions) => Object.keys(actions));
  expect(asked.filter((name) => !/^(Get|Describe|BatchGet|Scan|Query)/.test(name))).toEqual([]);
  expect(bench.github.calls()).not.toHaveProperty(["POST /repos/{owner}/{repo}/actions/runners/registration-token"]);
});

test("in words each check has its line, and each that is not well a command below it", async () => {
  await bench.put(pauseItem({ reason: "new image", at: bench.clock.now() }));
  const { out } = await bench.run(["doctor"], { GITHUB_TOKEN: token });
  expect(out).toMatch(/^ok {6} table {18,} runpool-dev: key and indexes as they should be$/m);
  expect(out).toMatch(
    /^warn {4} pause {18,} provisioning is paused for \d s: new image\n {9}do: runpool resume -e dev$/m,
  );
  expect(out).toMatch(/^28 checks: 25 ok, 1 warn, 1 fail, 1 skipped$/m);
});

test("on a narrow terminal what was found stands below its check's name, and nothing is wider than the terminal", async () => {
  const { out } = await run(["doctor", "--no-color"], { GITHUB_TOKEN: token }, 60);
  expect(out.split("\n").filter((line) => line.length > 60)).toEqual([]);
  expect(out).toMatch(/^ok {7}table ttl\n {9}on, by expiresAt$/m);
});

test("a table, queues, templates and an image that are not as deployed are found", async () => {
  const { dynamodb, sqs, ec2 } = bench.clients;
  const TableName = tableName(environment);
  const TimeToLiveSpecification = { AttributeName: table.ttl, Enabled: false };
  await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: false };
  await dynamodb.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
  const { large, xlarge } = bench.defaults.queues;
  await sqs.send(
    new SetQueueAttributesCommand({ QueueUrl: large?.url, Attributes: { MessageRetentionPeriod: "300" } }),
  );
  await sqs.send(new DeleteQueueCommand({ QueueUrl: xlarge?.unreadableUrl }));
  await bench.send("not json", "large");
  await bench.sendTo(large?.unreadableUrl ?? "", "not json");
  const LaunchTemplateData = { MetadataOptions: { HttpTokens: "optional" as const, HttpPutResponseHopLimit: 10 } };
  const LaunchTemplateId = bench.defaults.templates["large/x64"]?.id;
  await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId, LaunchTemplateData }));
  bench.putParameter(imageParameter(environment, "x64"), "ami-0123456789abcdef0");
  const told = await doctor();
  expect(bad(told)).toEqual([
    ...always,
    "table ttl",
    "table recovery",
    "queue large",
    "unreadable large",
    "unreadable xlarge",
    "template large/x64",
    "image x64",
    "runner version",
  ]);
  expect(told.of("queue large")?.found).toBe("it keeps messages for 5 min, and instances idle for 7 min");
  expect(told.of("unreadable large")).toMatchObject({
    verdict: "warn",
    found: "about 1 message that nobody could read",
  });
  expect(told.of("unreadable xlarge")).toMatchObject({ verdict: "fail", found: "its queue does not exist" });
  expect(told.of("template large/x64")).toMatchObject({ verdict: "warn" });
  expect(told.of("image x64")?.found).toMatch(/^ami-0123456789abcdef0 .* does not exist/);
});

test("a template that lets jobs reach the instance's credentials fails, with all that is wrong", async () => {
  const LaunchTemplateData = { MetadataOptions: { HttpTokens: "optional" as const, HttpPutResponseHopLimit: 10 } };
  const LaunchTemplateId = bench.defaults.templates["large/x64"]?.id ?? "";
  await bench.clients.ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId, LaunchTemplateData }));
  const templates = { ...bench.defaults.templates, "large/x64": { id: LaunchTemplateId, version: "2" } };
  await bench.put(defaultsItem({ ...bench.defaults, templates }));
  const { of } = await doctor();
  expect(of("template large/x64")).toMatchObject({ verdict: "fail", remedy: "npm run cdktf -- deploy dev-pool" });
  for (const words of [
    "IMDSv1",
    "hop limit is 10",
    "not surely terminated",
    "does not show the tags",
    "no instance profile",
    "asks for no disk",
  ])
    expect(of("template large/x64")?.found).toContain(words);
});

test("an image whose root is elsewhere than the launch templates' disk is a failure", async () => {
  const ubuntu = bench.machines.addImage({ name: "ubuntu", architecture: "x86_64", rootDevice: "/dev/sda1" });
  bench.putParameter(imageParameter(environment, "x64"), ubuntu);
  expect((await doctor()).of("image x64")).toMatchObject({
    verdict: "fail",
    found: expect.stringMatching(
      /its root device is \/dev\/sda1, and the launch templates size and encrypt \/dev\/xvda/,
    ) as unknown,
    remedy: expect.stringContaining("operatingSystem") as unknown,
  });
});

test("an account without quota, spot's role or free addresses is told what to ask for", async () => {
  bench.quotas.vcpus.set("L-34B43A08", 1);
  bench.quotas.vcpus.set("L-1216C47A", 5);
  bench.roles.roles.clear();
  await bench.put(
    defaultsItem({ ...bench.defaults, subnets: [{ id: "subnet-0123456789abcdef0", zone: "eu-west-1a" }] }),
  );
  const { of } = await doctor();
  expect(of("quota spot")).toMatchObject({
    verdict: "fail",
    found: expect.stringContaining("not one large may run") as unknown,
  });
  expect(of("quota on-demand")).toMatchObject({
    verdict: "warn",
    remedy: expect.stringContaining("L-1216C47A --desired-value 200") as unknown,
  });
  expect(of("spot role")).toMatchObject({
    verdict: "fail",
    remedy: expect.stringContaining("create-service-linked-role") as unknown,
  });
  expect(of("subnet eu-west-1a")).toMatchObject({ verdict: "fail", found: "subnet-0123456789abcdef0 does not exist" });
});

test("instances past their threshold and damaged items are named", async () => {
  await bench.record({ instanceId: "i-0ccccccccccccccc1", threshold: bench.clock.now() - 60 * 60_000 });
  await bench.record({ instanceId: "i-0ccccccccccccccc2" });
  await bench.put(toItem({ key: "arn:aws:ec2:eu-west-1:123456789012:instance/i-0d", schema: 9 }));
  const { of } = await doctor();
  expect(of("instances")).toMatchObject({
    verdict: "fail",
    found: "1 of 2 past their threshold by up to 1 h: i-0ccccccccccccccc1 (idle)",
  });
  expect(of("items")).toMatchObject({ verdict: "fail", found: expect.stringContaining("i-0d: schema 9") as unknown });
});

test("GitHub's answer decides: a token without rights fails, --deep proves the right to write", async () => {
  bench.github.acceptPat({ token: "ghp_reader", permissions: { administration: "read" } });
  const GITHUB_TOKEN = "ghp_reader";
  const reading = await doctor([], { GITHUB_TOKEN });
  expect(reading.of(`github runners ${repository}`)).toMatchObject({ verdict: "ok" });
  expect(reading.of(`github actions ${repository}`)).toMatchObject({ verdict: "fail" });
  const deep = await doctor(["--deep"], { GITHUB_TOKEN });
  expect(deep.of(`github runners ${repository}`)).toMatchObject({ verdict: "fail" });
  const sound = await doctor(["--deep"]);
  expect(sound.of(`github runners ${repository}`)).toMatchObject({ verdict: "ok", found: "Administration: write" });
  const none = await doctor([], {});
  expect(none.of("github")).toMatchObject({ verdict: "skipped" });
  bench.putParameter(forgeCredentialParameter(environment), token, "SecureString");
  expect((await doctor([], {})).of(`github actions ${repository}`)).toMatchObject({ verdict: "ok" });
});

test("tokens that refresh has not renewed, and a runner that GitHub will refuse, are alarms", async () => {
  const day = 24 * 60 * 60_000;
  const { settings } = bench.github;
  settings.latestRunner = { version: "2.340.0", publishedAt: bench.clock.now() - day };
  settings.earlierRunners = [
    { version: "2.339.0", publishedAt: bench.clock.now() - 29 * day },
    { version: "2.338.0", publishedAt: bench.clock.now() - 60 * day },
  ];
  const vitals = { listener: "none", jobs: 0, diskFree: 0.9, runnerVersion: "2.338.0" } as const;
  await bench.record({ instanceId: "i-0ccccccccccccccc2", vitals });
  await bench.clock.advance(61 * 60_000);
  const { of } = await doctor();
  expect(of("runner version")).toMatchObject({
    verdict: "fail",
    found: expect.stringMatching(
      /^2\.338\.0 was followed by 2\.339\.0 29 days ago; 2\.340\.0 is the newest/,
    ) as unknown,
  });
  expect(of(`registration token github:${repository}`)).toMatchObject({
    verdict: "fail",
    found: expect.stringContaining("no longer valid") as unknown,
  });
});

test("an environment that does not exist is one failed check, not a mistake", async () => {
  const told = await doctor(["-e", "nowhere"]);
  expect(told.code).toBe(1);
  expect(told.of("configuration")).toMatchObject({
    verdict: "fail",
    found: expect.stringContaining("does not exist") as unknown,
  });
  expect(told.of("table")).toMatchObject({ verdict: "fail", found: "runpool-nowhere does not exist" });
});

test("without AWS the first check fails, and the others are not tried", async () => {
  const told = await doctor([], { AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
  expect([told.code, bad(told)]).toEqual([1, ["credentials", "everything else"]]);
});

test("--as-instance on a machine tries its role's calls with the machine's own credentials, and changes nothing", async () => {
  const { Instances = [] } = await bench.clients.ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      LaunchTemplate: { LaunchTemplateId: bench.defaults.templates["large/x64"]?.id, Version: "1" },
      ImageId: bench.imageId,
      InstanceType: "c6i.large",
      TagSpecifications: [
        {
          ResourceType: "instance",
          Tags: Object.entries({
            [tags.environment]: environment,
            [tags.partition]: `github:${repository}`,
            [tags.resourceClass]: "large",
          }).map(([Key, Value]) => ({ Key, Value })),
        },
      ],
    }),
  );
  const machine = bench.machines.machine(Instances[0]?.InstanceId ?? "");
  if (machine === undefined) throw new Error("no machine");
  await bench.record({ instanceId: machine.id });
  const imds = await openImds({ machine, clock: bench.clock });
  try {
    const before = bench.everything();
    const options = ["doctor", "--as-instance", "--json", "--metadata-endpoint", imds.url];
    // Nothing of ours but the endpoint: where and what it is, and its credentials, the machine says.
    const own = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url };
    const { code, out } = await run(options, { ...own, RUNPOOL_ENVIRONMENT: "" });
    const { checks, ...about } = JSON.parse(out) as { checks: readonly Check[] };
    expect(about).toMatchObject({ environment, region: "eu-west-1", instanceId: machine.id, skipped: 1 });
    // This machine was not baked: there is no spec to run.
    expect(checks.at(-1)).toMatchObject({ name: "image", verdict: "skipped" });
    expect(checks[0]).toMatchObject({ name: "credentials", verdict: "ok" });
    // The embedded cloud enforces no policy: all that must be denied is found wrongly allowed.
    expect([code, checks.filter(({ verdict }) => verdict === "fail").length]).toEqual([1, 12]);
    expect(bench.everything()).toBe(before);
    const foreign = await run(options);
    expect((JSON.parse(foreign.out) as { checks: readonly Check[] }).checks[0]).toMatchObject({ verdict: "fail" });
  } finally {
    await imds.close();
  }
});

test("--as-instance away from a machine says where it runs", async () => {
  const { code, err } = await run(["doctor", "--as-instance", "--metadata-endpoint", "http://127.0.0.1:9"]);
  expect([code, err]).toEqual([2, expect.stringContaining("--as-instance runs on a machine of the pool")]);
});
