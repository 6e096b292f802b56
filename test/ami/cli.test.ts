// `runpool ami` by the real process on the embedded cloud: bake, test, publish, prune; a failed test never publishes.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateImageCommand,
  CreateTagsCommand,
  DeleteLaunchTemplateCommand,
  DescribeImagesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  RunInstancesCommand,
  type Tag,
} from "@aws-sdk/client-ec2";
import { afterEach, beforeEach, expect, test, type TestContext } from "vitest";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { imageTags } from "../../domain/image.ts";
import { imageParameter } from "../../domain/class-keys.ts";
import { openCliBench, type CliBench } from "../cli/bench.ts";
import { credentials, environment, region } from "../cli/cloud.ts";
import { makeDownloads, recipeFolder, standInsMissing, ubuntu } from "./stand-ins.ts";

let bench: CliBench;
let folder: string;
let candidate: string;
beforeEach(async () => {
  bench = await openCliBench();
  folder = mkdtempSync(join(tmpdir(), "ami-cli-"));
  candidate = bench.machines.addImage({ name: "candidate", architecture: "x86_64" });
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await bench.close();
});

const parameter = imageParameter(environment, "x64");
const ami = (step: string, words: readonly string[] = [], more: Readonly<Record<string, string>> = {}) =>
  bench.run(["ami", step, ...words], more);

async function tag(tags: Readonly<Record<string, string>>): Promise<void> {
  const client = new EC2Client({ region, endpoint: bench.door.url, credentials });
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  await client.send(new CreateTagsCommand({ Resources: [candidate], Tags }));
  client.destroy();
}

/** Tags by image. */
async function imagesThere(): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
  const { Images = [] } = await bench.clients.ec2.send(new DescribeImagesCommand({}));
  const tagsOf = (tags: readonly Tag[] = []) =>
    Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
  return Object.fromEntries(Images.map(({ ImageId = "", Tags }) => [ImageId, tagsOf(Tags)]));
}

/** What a bake needs: a packer on the PATH, downloads, an agent. */
function bakery(context: TestContext): Record<string, string> {
  const why = standInsMissing();
  if (why !== undefined) context.skip(why);
  const [bin, downloads] = [join(folder, "bin"), join(folder, "downloads")];
  mkdirSync(bin);
  mkdirSync(downloads);
  symlinkSync(join(import.meta.dirname, "packer-stand-in.sh"), join(bin, "packer"));
  // Nobody runs it here: a small file will do for Node.js.
  makeDownloads(downloads, join(recipeFolder, "sources.json"));
  const PATH = `${bin}:${process.env["PATH"] ?? ""}`;
  return { PATH, PACKER_LOG: join(folder, "log"), PACKER_IMAGE: candidate };
}
const bakeWords = (): readonly string[] => [
  "--variant",
  ubuntu,
  "--downloads",
  join(folder, "downloads"),
  "--agent",
  join(recipeFolder, "sources.json"),
];

test("bake validates, then builds from a payload with everything in it, and gives the image's id", async (context) => {
  const variables = bakery(context);
  const { code, out, err } = await ami("bake", [...bakeWords(), "--json"], variables);
  expect([code, err]).toEqual([0, expect.stringContaining("Creating AMI")]);
  expect(JSON.parse(out)).toMatchObject({
    imageId: candidate,
    variant: ubuntu,
    tags: { [imageTags.environment]: environment, [imageTags.variant]: ubuntu, [imageTags.runnerVersion]: "2.336.0" },
  });
  const calls = readFileSync(join(folder, "log"), "utf8").trimEnd().split("\n");
  expect(calls.map((call) => call.split(" ")[0])).toEqual(["init", "validate", "build"]);
  expect(calls[2]).toContain(`-var variant=${ubuntu}`);
  const payload = readFileSync(join(folder, "log.payload"), "utf8").split("\n");
  for (const file of [
    "sources.tsv",
    "install/all.sh",
    "spec/check.sh",
    "agent/install.sh",
    "agent/agent.mjs",
    "downloads/stand-ins",
  ])
    expect(payload).toContain(`./${file}`);
  const failed = await ami("bake", bakeWords(), { ...variables, PACKER_FAILS: "build" });
  expect([failed.code, failed.err]).toEqual([1, expect.stringContaining("Error: this one does not work")]);
});

test("bake refuses what it cannot verify, and says how to mend it", async () => {
  const { code, err } = await ami("bake", ["--variant", ubuntu, "--recipe", recipeFolder]);
  expect(code).toBe(2);
  expect(err).toMatch(/ssm-agent has no version[^]*ami\/propose-updates\.sh/);
  const unknown = await ami("bake", ["--variant", "plan9"]);
  expect([unknown.code, unknown.err]).toEqual([
    2,
    expect.stringContaining('unknown variant "plan9"; variants are ubuntu-24.04-x64,'),
  ]);
});

test("an image is tested, published, and is then what the environment launches; untested it never is", async () => {
  const before = bench.parameter(parameter);
  const early = await ami("publish", ["--image", candidate]);
  expect([early.code, early.out]).toEqual([1, expect.stringContaining("has not passed a test")]);
  expect(bench.parameter(parameter)).toBe(before);
  bench.agents.manners = { registers: true, leaves: true };
  const tested = await ami("test", ["--image", candidate]);
  expect([tested.code, tested.out]).toEqual([0, expect.stringMatching(/passed: i-\w+ registered after/)]);
  expect(bench.records().map(({ imageId, state }) => [imageId, state])).toEqual([[candidate, "terminating"]]);
  const { code, out } = await ami("publish", ["--image", candidate]);
  expect([code, out]).toEqual([0, `${parameter} is ${candidate}\n(it was ${before})\n`]);
  expect(bench.parameter(parameter)).toBe(candidate);
});

test("a test that fails exits 1, and the image stays unpublishable", async () => {
  // Its launch template is gone: AWS refuses the launch for good, so nobody waits for the provision limit.
  const client = new EC2Client({ region, endpoint: bench.door.url, credentials });
  const { LaunchTemplates } = await client.send(new DescribeLaunchTemplatesCommand({}));
  for (const { LaunchTemplateId } of LaunchTemplates ?? [])
    await client.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }));
  client.destroy();
  const { code, out } = await ami("test", ["--image", candidate]);
  expect([code, out]).toEqual([1, expect.stringContaining(`${candidate} failed its test:`)]);
  expect((await imagesThere())[candidate]).not.toHaveProperty([imageTags.tested]);
  expect((await ami("publish", ["--image", candidate])).code).toBe(1);
  expect(bench.parameter(parameter)).not.toBe(candidate);
});

test("an image whose instance never registers fails within --timeout-min: exit 1, the instance named and ended, nothing published", async () => {
  const before = bench.parameter(parameter);
  bench.agents.manners = { registers: false, leaves: true };
  const running = bench.start(["ami", "test", "--image", candidate, "--timeout-min", "2"], bench.variables);
  await running.during(bench.agents.until((records) => records.some(({ state }) => state === "created")));
  const instanceId = bench.records()[0]?.instanceId ?? "";
  // The process's clock follows the bench's: two minutes are over, the environment's twelve are not.
  await bench.clock.advance(2 * 60_000 + 2000);
  const { code, out } = await running.ended;
  expect([code, out]).toEqual([1, expect.stringContaining(`${candidate} failed its test:`)]);
  expect(out).toMatch(
    new RegExp(`^- 1 of 1 instances were not ready in time\n- ${instanceId} .* not ready in time`, "m"),
  );
  const up = bench.machines.machines().filter((machine) => /pending|running/.test(bench.machines.state(machine)));
  expect([up, bench.records().map(({ state }) => state)]).toEqual([[], ["terminating"]]);
  expect((await imagesThere())[candidate]).not.toHaveProperty([imageTags.tested]);
  const published = await ami("publish", ["--image", candidate]);
  expect([published.code, bench.parameter(parameter)]).toEqual([1, before]);
});

test.each([
  ["--timeout-min", "soon", 'timeout-min is "soon"; it is a whole number from 1'],
  [
    "--timeout-min",
    "13",
    'timeout-min is "13"; it is a whole number from 1 to 12, the environment\'s limits.provision',
  ],
  ["--class", "huge", 'resource-class is "huge"; this environment has large, '],
])("a test with %s %s: exit 2, and nothing is launched", async (option, value, words) => {
  const { code, out } = await ami("test", ["--image", candidate, option, value]);
  expect([code, out]).toEqual([2, expect.stringContaining(words)]);
  expect([bench.machines.machines(), bench.records()]).toEqual([[], []]);
});

test("prune deletes old images with their snapshots, says which, and the next one finds nothing", async () => {
  const made: string[] = [];
  for (const name of ["first", "second", "third"]) {
    const Tags = [
      { Key: imageTags.environment, Value: environment },
      { Key: imageTags.variant, Value: ubuntu },
    ];
    const TagSpecifications = (["image", "snapshot"] as const).map((ResourceType) => ({ ResourceType, Tags }));
    const machine = { ImageId: candidate, InstanceType: "m5.large" as const, MinCount: 1, MaxCount: 1 };
    const InstanceId = (await bench.clients.ec2.send(new RunInstancesCommand(machine))).Instances?.[0]?.InstanceId;
    const options = { InstanceId, Name: name, TagSpecifications };
    made.push((await bench.clients.ec2.send(new CreateImageCommand(options))).ImageId ?? "");
    bench.machines.poweredOff(InstanceId ?? "");
    await bench.clock.advance(24 * 3_600_000);
  }
  const [first = "", second = "", third = ""] = made;
  const snapshots = async () =>
    ((await bench.clients.ec2.send(new DescribeSnapshotsCommand({}))).Snapshots ?? []).length;
  const before = await snapshots();
  const words = ["--keep", "1", "--json"];
  const told = JSON.parse((await ami("prune", [...words, "--dry-run"])).out) as { readonly deleted: object[] };
  expect(Object.keys(await imagesThere())).toEqual(expect.arrayContaining(made));
  const { code, out } = await ami("prune", words);
  expect([code, JSON.parse(out)]).toMatchObject([0, { dryRun: false, deleted: told.deleted, problems: [] }]);
  expect(told.deleted).toMatchObject([{ imageId: second }, { imageId: first }]);
  const left = Object.keys(await imagesThere());
  // What carries no tag of the environment is not its to delete.
  expect(left).toEqual(expect.arrayContaining([third, candidate, bench.imageId]));
  expect(left).not.toContain(first);
  expect(left).not.toContain(second);
  expect(await snapshots()).toBe(before - 2);
  const again = await ami("prune", ["--keep", "1"]);
  expect([again.code, again.out]).toEqual([0, expect.stringMatching(/^0 images and 0 snapshots .* deleted, 1 kept/)]);
});

test("prune --dry-run tells what is kept and why", async () => {
  await tag({ [imageTags.environment]: environment, [imageTags.variant]: ubuntu });
  const { code, out } = await ami("prune", ["--dry-run", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ dryRun: true, deleted: [], kept: [{ imageId: candidate }] });
});

test("age warns, alarms and evicts by what GitHub has released since", async () => {
  await tag({ [imageTags.runnerVersion]: "2.330.0" });
  const instanceId = "i-0ccccccccccccccc1";
  await bench.record({ instanceId, imageId: candidate });
  const { settings } = bench.github;
  const day = 24 * 3_600_000;
  const aged = async (days: number, ...words: readonly string[]) => {
    settings.latestRunner = { version: "2.336.0", publishedAt: Date.now() - days * day };
    return ami("age", ["--image", candidate, "--releases", bench.github.url, ...words]);
  };
  expect(await aged(3)).toMatchObject({ code: 0, out: expect.stringContaining("2.336.0 is out") as unknown });
  expect(await aged(15)).toMatchObject({ code: 0, err: expect.stringContaining("warning:") as unknown });
  expect(await aged(22)).toMatchObject({ code: 1, out: expect.stringContaining("alarm: ") as unknown });
  expect(bench.records()[0]?.state).toBe("idle");
  expect(await aged(28.5, "--evict")).toMatchObject({
    code: 1,
    out: expect.stringContaining("1 idle instance ended") as unknown,
  });
  expect(bench.records()[0]?.state).toBe("terminating");
});

test("check --image tells what EC2 knows; an option of another step is a mistake", async () => {
  const { code, out } = await ami("check", ["--image", candidate]);
  expect([code, out]).toEqual([0, expect.stringContaining("may serve")]);
  const ubuntuRoot = bench.machines.addImage({ name: "ubuntu", architecture: "x86_64", rootDevice: "/dev/sda1" });
  const elsewhere = await ami("check", ["--image", ubuntuRoot]);
  expect([elsewhere.code, elsewhere.out]).toEqual([
    1,
    expect.stringMatching(/cannot serve[^]*root device is \/dev\/sda1[^]*operatingSystem[^]*has its root/),
  ]);
  const { templates } = bench.defaults;
  const unknown = Object.entries(templates).map(([key, { id }]) => [key, { id, version: "99" }] as const);
  await bench.put(defaultsItem({ ...bench.defaults, templates: Object.fromEntries(unknown) }));
  const blind = await ami("check", ["--image", ubuntuRoot, "--json"]);
  await bench.put(defaultsItem(bench.defaults));
  expect(JSON.parse(blind.out)).toMatchObject({
    ok: true,
    advice: expect.arrayContaining([
      expect.stringMatching(/^it was not compared with the launch template of large\/x64 \(.*version 99\)$/),
    ]) as unknown,
  });
  const missing = await ami("check", ["--image", "ami-0123456789abcdef0"]);
  expect([missing.code, missing.out]).toEqual([1, expect.stringContaining("no such image in this account and region")]);
  const strange = await ami("publish", ["--image", candidate, "--evict"]);
  expect([strange.code, strange.err]).toEqual([
    2,
    expect.stringContaining('unknown option "--evict" for "ami publish"'),
  ]);
});
