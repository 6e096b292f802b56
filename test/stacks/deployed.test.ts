// Terraform applies every stack to an independent AWS stand-in (moto); the control plane runs on what that made; then all is destroyed.
//
// What moto cannot show: it ignores InstanceRequirements, ClientToken and CreateFleet's `Errors`, so machines are launched by
// RunInstances from the very launch templates; it applies no security group, profile, metadata option or shutdown behaviour of a
// template; it runs no lambda and no schedule; it checks no permission (test/stacks/permissions.test.ts evaluates the policies);
// and it gives a launch template's own tags back as a part of its data, so a second plan would take them out.
import { DescribeInstancesCommand, EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SSMClient } from "@aws-sdk/client-ssm";
import { expect, onTestFinished, test } from "vitest";
import { secrets } from "../../cloud/aws/secrets.ts";
import type { Fleet } from "../../cloud/ports.ts";
import { provision } from "../../control/provision.ts";
import { release } from "../../control/release.ts";
import { templateOf } from "../../domain/configuration.ts";
import { registrationTokenParameter, removalTokenParameter } from "../../domain/names.ts";
import { parseRequest } from "../../domain/request.ts";
import { controlWorld } from "../../entry/control-world.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { motoMissing, startMoto } from "../contract/moto.ts";
import { startAgent } from "./stand-in-agent.ts";
import { exampleWith } from "./synthesized.ts";
import { terraformMissing, workspaceOf, type Workspace } from "./terraform.ts";

const minutes = 60_000;
const place = { awsPartition: "aws", account: "123456789012", region: "eu-central-1" };
const [large, repository] = [{ cpu: 2, mmem: 4096 }, "octo-org/octo-repo"];
const environment = exampleWith({ account: place.account, resourceClasses: { large }, architectures: ["x64"] });
const { arm64: _, ...images } = environment.images;
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

interface Change {
  readonly address: string;
  readonly type: string;
  readonly change: { readonly actions: readonly string[]; readonly before: Template; readonly after: Template };
}
interface Template {
  readonly tag_specifications?: readonly { readonly resource_type: string }[];
}

/** The changes of a second plan that are not the stand-in's: a template's own tags, and the item that names its next version. */
async function ownChanges(workspace: Workspace, stack: string): Promise<readonly string[]> {
  await workspace.run(stack, "plan", "-input=false", "-out=again");
  const shown = JSON.parse((await workspace.run(stack, "show", "-json", "again")).output) as {
    resource_changes?: Change[];
  };
  const changes = (shown.resource_changes ?? []).filter(({ change }) => change.actions.join() !== "no-op");
  const isEchoed = ({ type, change }: Change): boolean =>
    type === "aws_launch_template" &&
    JSON.stringify(change.after.tag_specifications) ===
      JSON.stringify(
        change.before.tag_specifications?.filter(({ resource_type }) => resource_type !== "launch-template"),
      );
  const templates = changes.some(isEchoed);
  return changes
    .filter((one) => !isEchoed(one) && !(templates && one.address === "aws_dynamodb_table_item.defaults"))
    .map(({ address }) => address);
}

/** All at once: the stacks name each other's resources, and read none of them. */
async function applyAll(workspace: Workspace): Promise<void> {
  const apply = async (stack: string): Promise<void> => {
    expect((await workspace.run(stack, "init", "-input=false")).output).toContain("successfully initialized");
    const applied = await workspace.run(stack, "apply", "-auto-approve", "-input=false");
    expect(applied.output, stack).toContain("Apply complete!");
    expect(await ownChanges(workspace, stack), `a second plan of ${stack}`).toEqual([]);
  };
  await Promise.all(workspace.stacks.map(apply));
}

async function destroyAll(workspace: Workspace): Promise<void> {
  const destroy = async (stack: string): Promise<void> => {
    const destroyed = await workspace.run(stack, "destroy", "-auto-approve", "-input=false");
    expect(destroyed.output, stack).toContain("Destroy complete!");
  };
  await Promise.all(workspace.stacks.map(destroy));
}

/** Launches from the template that the request names, and starts an agent for each machine. */
const launchFor =
  (ec2: EC2Client, start: (instanceId: string) => void): Fleet["launch"] =>
  async ({ count, template, imageId, subnets, tags, minimum, usageClass }) => {
    const { Instances = [] } = await ec2.send(
      new RunInstancesCommand({
        LaunchTemplate: { LaunchTemplateId: template.id, Version: template.version },
        ImageId: imageId,
        SubnetId: subnets[0]?.id,
        InstanceType: "m5.large",
        MinCount: count,
        MaxCount: count,
        TagSpecifications: [
          { ResourceType: "instance", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
        ],
      }),
    );
    const ids = Instances.map(({ InstanceId }) => InstanceId ?? "");
    ids.forEach(start);
    const zone = subnets[0]?.zone ?? "";
    return {
      kind: "answered",
      launched: ids.map((instanceId) => ({ instanceId, instanceType: "m5.large", ...minimum, zone, usageClass })),
      failures: [],
    };
  };

function requestOf(runId: string) {
  const raw = { runId, attempt: "1", name: "test", repository, instanceCount: "2", resourceClass: "large" };
  const rest = {
    architecture: "x64",
    usageClass: "on-demand",
    allowedInstanceTypes: "",
    labels: "",
    fallback: "false",
  };
  const parsed = parseRequest({ ...raw, ...rest }, { large });
  if (!parsed.ok) throw new Error(parsed.problems.join("\n"));
  return parsed.request;
}

async function useIt(endpoint: string) {
  const options = { region: place.region, endpoint, credentials };
  const clients = { ec2: new EC2Client(options), ssm: new SSMClient(options), dynamodb: new DynamoDBClient(options) };
  const held = secrets(clients.ssm);
  for (const name of [registrationTokenParameter, removalTokenParameter])
    await held.write(name("example", `github:${repository}`), "token");
  const log = { event: () => undefined };
  const world = controlWorld({ environment: "example", region: place.region, log, aws: { endpoint, credentials } });
  const agents: Promise<string>[] = [];
  const wish = { client: clients.dynamodb, secrets: held, environment: "example", place, clock: hostClock };
  const launch = launchFor(clients.ec2, (id) => agents.push(startAgent(id, wish)));
  const furnished = { ...world, fleet: { ...world.fleet, launch } };

  const first = await provision(furnished, requestOf("1001"));
  expect(first).toMatchObject({ kind: "ready", created: 2, reused: 0 });
  const released = await release(furnished, { runId: "1001", attempt: 1 });
  expect(released.pooled).toHaveLength(2);
  const second = await provision(furnished, requestOf("1002"));
  expect(second).toMatchObject({ kind: "ready", created: 0, reused: 2 });
  const { configuration } = await world.settings.load();
  const pool = { partition: `github:${repository}`, resourceClass: "large", architecture: "x64" } as const;
  return {
    ids: second.kind === "ready" ? second.instances.map(({ instanceId }) => instanceId) : [],
    template: templateOf(configuration, pool)?.id,
    ec2: clients.ec2,
    end: async (ids: readonly string[]) => {
      await world.fleet.terminate(ids);
      for (const { key } of (await world.instances.ofRun("1002")).items) await endRecord(clients.dynamodb, key);
      return Promise.all(agents);
    },
  };
}

/** As refresh would: condemned, so that the agents end. */
async function endRecord(client: DynamoDBClient, key: string): Promise<void> {
  const { UpdateItemCommand } = await import("@aws-sdk/client-dynamodb");
  await client.send(
    new UpdateItemCommand({
      TableName: "runpool-example",
      Key: { key: { S: key } },
      UpdateExpression: "SET #s = :s, #v = #v + :one REMOVE #o",
      ExpressionAttributeNames: { "#s": "state", "#v": "version", "#o": "owner" },
      ExpressionAttributeValues: { ":s": { S: "terminating" }, ":one": { N: "1" } },
    }),
  );
}

test(
  "apply, a second plan that changes nothing, provision, release and reuse, destroy refused while machines live, destroy",
  { timeout: 15 * minutes },
  async (context) => {
    if (terraformMissing !== undefined) return context.skip(terraformMissing);
    const missing = motoMissing();
    if (missing !== undefined) return context.skip(`SKIPPED: ${missing}`);
    const moto = await startMoto();
    onTestFinished(() => moto.stop());
    const workspace = workspaceOf([{ ...environment, images }], moto.url);
    await applyAll(workspace);

    const { ids, template, ec2, end } = await useIt(moto.url);
    expect(template).toMatch(/^lt-/);
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [...ids] }));
    const tags = Reservations.flatMap(({ Instances }) => Instances ?? []).flatMap(({ Tags }) => Tags ?? []);
    expect(tags).toContainEqual({ Key: "runpool:environment", Value: "example" });

    const refused = await workspace.run("example-pool", "destroy", "-auto-approve", "-input=false");
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("drain --all --wait");
    await end(ids);
    await destroyAll(workspace);
  },
);
