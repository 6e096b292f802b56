// examples/images/bake.yml, played end to end: newer versions are proposed, images baked, tested on real agents, published and pruned; only Packer is a stand-in.
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateTagsCommand, DescribeImagesCommand, EC2Client, type Tag } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { credentials, place } from "../../entry/laptop/embedded-cloud.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { imageTags } from "../../domain/image.ts";
import { limits } from "../../domain/limits.ts";
import { imageParameter } from "../../domain/names.ts";
import { projectRoot } from "./action-file.ts";
import { hostedMissing, openBakeMachine } from "./bake-machine.ts";
import { openPublishers } from "./publishers.ts";
import { keptOf, runWorkflow, type RunEnd } from "./run-workflow.ts";
import type { Stage, Trigger } from "./stage.ts";
import { readWorkflow } from "./workflow.ts";
import { openWorkflowCloud, type WorkflowCloud } from "./workflow-cloud.ts";

const lacks = hostedMissing();
const { environment, region } = place;
const day = 86_400_000;
const patienceMs = 240_000;
const variants = ["ubuntu-24.04-x64", "ubuntu-24.04-arm64"] as const;
const architectureOf = { "ubuntu-24.04-x64": "x86_64", "ubuntu-24.04-arm64": "arm64" } as const;
const daily: Trigger = { name: "schedule", schedule: "41 5 * * *" };
const weekly: Trigger = { name: "schedule", schedule: "17 3 * * 1" };

const workflow = (file: string) => {
  const read = readWorkflow(readFileSync(join(projectRoot, "examples", file), "utf8"));
  return { ...read, env: { ...read.env, ...cloud.env } };
};

/** AWS's time is ahead of this machine's by so much; all who call it follow. */
let aheadMs = -10 * day;
/** Whether what boots from a baked image comes up. */
let comesUp = true;
let cloud: WorkflowCloud;
let publishers: Awaited<ReturnType<typeof openPublishers>>;
let github: ReturnType<typeof openBakeMachine>;
let client: EC2Client;

/** An image of an earlier bake. */
async function bakedBefore(variant: (typeof variants)[number], name: string): Promise<string> {
  const id = cloud.machines.addImage({ name: `${variant} ${name}`, architecture: architectureOf[variant] });
  const Tags = [
    { Key: imageTags.environment, Value: environment },
    { Key: imageTags.variant, Value: variant },
  ];
  await client.send(new CreateTagsCommand({ Resources: [id], Tags }));
  return id;
}

beforeAll(async () => {
  if (lacks !== undefined) return;
  cloud = await openWorkflowCloud({ ...hostClock, now: () => hostClock.now() + aheadMs });
  const { stage, machines } = cloud;
  publishers = await openPublishers(stage.github.url);
  github = openBakeMachine(stage.workspaces, publishers.variables);
  const endpoint = stage.actions["aws-actions/configure-aws-credentials"];
  if (endpoint === undefined || endpoint === "ours") throw new Error("there are no credentials");
  client = new EC2Client({ region, endpoint: endpoint.variables["AWS_ENDPOINT_URL"] ?? "", credentials });
  const bases = ["amd64", "arm64"].map((architecture) =>
    machines.addImage({
      name: `ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${architecture}-server-20261101`,
      architecture: architecture === "arm64" ? "arm64" : "x86_64",
    }),
  );
  const boot = machines.hooks.onLaunch;
  // There is no agent in a base image.
  machines.hooks.onLaunch = (machine) => void (comesUp && !bases.includes(machine.imageId) && boot?.(machine));
  cloud.onChange(() => {
    // Nothing comes up: what waits for it waits no longer than it would.
    if (!comesUp && cloud.records().some(({ state }) => state === "created")) aheadMs += limits.provisionMs;
  });
}, patienceMs);
afterAll(async () => {
  if (lacks !== undefined) return;
  client.destroy();
  publishers.close();
  await cloud.close();
});

/** Artifacts of a run: folders by their names, beside the jobs' workspaces. */
const artifact = (name = ""): string => join(cloud.stage.workspaces, "artifacts", name);
const upload = (workspace: string, { name, path = "" }: Readonly<Record<string, string>>): void =>
  cpSync(join(workspace, path), artifact(name), { recursive: true });
const download = (workspace: string, { name, path = "" }: Readonly<Record<string, string>>): void =>
  cpSync(artifact(name), join(workspace, path), { recursive: true });

let runId = 2000;
const stageOf = (variables: Readonly<Record<string, string>> = {}): Stage => ({
  ...cloud.stage,
  actions: {
    ...cloud.stage.actions,
    "actions/checkout": { variables: {}, does: github.origin.checkOut },
    "actions/setup-node": { variables: {} },
    "actions/upload-artifact": { variables: {}, does: upload },
    "actions/download-artifact": { variables: {}, does: download },
  },
  machine: { ...github.machine, variables: { ...github.machine.variables, ...variables } },
});
const results = (ends: RunEnd) => Object.fromEntries(Object.entries(ends).map(([id, { result }]) => [id, result]));
const said = (ends: RunEnd, id: string): string => ends[id]?.logs.join("\n") ?? "";
const published = () => (["x64", "arm64"] as const).map((one) => cloud.parameter(imageParameter(environment, one)));
const up = () => cloud.machines.machines().filter((one) => /pending|running/.test(cloud.machines.state(one)));

/** Of this environment: tags by image. */
async function baked(): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const Filters = [{ Name: `tag:${imageTags.environment}`, Values: [environment] }];
  const { Images = [] } = await client.send(new DescribeImagesCommand({ Filters }));
  const tagsOf = (tags: readonly Tag[] = []) =>
    Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
  return new Map(Images.map(({ ImageId = "", Tags }) => [ImageId, tagsOf(Tags)]));
}

test(
  "each day: while checksums are missing no image can be validated, and newer versions are proposed with theirs",
  { timeout: patienceMs },
  async ({ skip }) => {
    if (lacks !== undefined) skip(lacks);
    const ends = await runWorkflow(stageOf(), workflow("images/bake.yml"), {
      runId: String(++runId),
      attempt: 1,
      trigger: daily,
    });
    expect(results(ends), said(ends, "propose") + said(ends, "age")).toEqual({
      validate: "failure",
      image: "skipped",
      prune: "skipped",
      age: "success",
      ask: "success",
      propose: "success",
    });
    expect(said(ends, "validate")).toContain("has no checksum for arm64");
    expect(github.ghCalls()).toBe("pr create --title Newer versions in the images --body-file proposal/proposal.txt\n");
    const versions = JSON.parse(github.origin.show("ami-versions:ami/versions.json")) as Record<string, object>;
    expect(versions["node"]).toMatchObject({ version: "24.99.0", sha256: { x64: expect.stringMatching(/^\w{64}$/) } });
    github.origin.merge("ami-versions");
  },
);

test(
  "each week: an image that cannot be built, or whose instance never registers, is not published; run again, both are",
  { timeout: patienceMs },
  async ({ skip }) => {
    if (lacks !== undefined) skip(lacks);
    const old: string[] = [];
    for (const name of ["first", "second", "third", "fourth"]) {
      old.push(await bakedBefore(variants[0], name));
      aheadMs += day;
    }
    aheadMs = 0;
    const refresh = workflow("workflows/refresh.yml");
    expect(results(await runWorkflow(cloud.stage, refresh, { runId: String(++runId), attempt: 1 }))).toEqual({
      refresh: "success",
    });
    const before = published();
    const images = workflow("images/bake.yml");
    const run = { runId: String(++runId), attempt: 1, trigger: weekly };
    comesUp = false;
    const first = await runWorkflow(stageOf({ PACKER_FAILS: variants[0] }), images, run);
    expect(results(first), said(first, "validate")).toEqual({
      validate: "success",
      image: "failure",
      prune: "skipped",
      age: "skipped",
      ask: "skipped",
      propose: "skipped",
    });
    const [unbuilt = "", silent = ""] = first["image"]?.logs ?? [];
    expect(unbuilt).toContain("Script exited with non-zero exit status");
    // The step that bakes is the one that failed: none after it was begun without an image.
    expect(unbuilt).not.toContain("--image");
    expect(silent).toMatch(/ami-\w+ failed its test:\n- 1 of 1 instances were not ready in time\n- i-\w+ /);
    // Neither came to the step that publishes: it would say so, also where it refuses.
    for (const log of [unbuilt, silent]) expect(log).not.toMatch(/published|\/runpool\//);
    expect([published(), up()]).toEqual([before, []]);
    const made = [...(await baked())].filter(([id]) => !old.includes(id));
    expect(made.map(([, tags]) => [tags[imageTags.variant], imageTags.tested in tags])).toEqual([[variants[1], false]]);

    comesUp = true;
    const again = { ...run, attempt: 2 };
    const second = await runWorkflow(stageOf(), images, again, keptOf(images, first));
    expect(results(second), said(second, "image")).toMatchObject({ image: "success", prune: "success" });
    expect(said(second, "image")).toMatch(/ami-\w+ passed: i-\w+ registered after/);
    const now = await baked();
    const theirs = published().map((id) => now.get(id ?? ""));
    expect(theirs.map((tags) => tags?.[imageTags.variant])).toEqual(variants);
    for (const tags of theirs) expect(tags).toHaveProperty([imageTags.tested]);
    // The new one and two of the four before are its newest three.
    expect(said(second, "prune")).toContain("2 images and 0 snapshots without one deleted");
    expect([old.map((id) => now.has(id)), up()]).toEqual([[false, false, true, true], []]);
  },
);
