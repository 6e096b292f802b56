// Terraform applies every stack to an independent AWS stand-in (moto); the control plane runs on what that made; then all is destroyed.
//
// What moto cannot show: it ignores InstanceRequirements, ClientToken and CreateFleet's `Errors`, so machines are launched by
// RunInstances from the very launch templates; it applies no security group, profile, metadata option or shutdown behaviour of a
// template; it runs no lambda and no schedule; it checks no permission (test/stacks/permissions.test.ts evaluates the policies);
// and it gives a launch template's own tags back as a part of its data, so a second plan would take them out.
import { runGroup } from "../../domain/owner.ts";
import { DescribeInstancesCommand, EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SSMClient } from "@aws-sdk/client-ssm";
import { expect, test } from "vitest";
import { secrets } from "../../cloud/aws/secrets.ts";
import type { Fleet } from "../../cloud/ports/fleet.ts";
import type { ControlWorld } from "../../control/world.ts";
import { provision } from "../../control/runs/provision.ts";
import { release } from "../../control/runs/release.ts";
import { wordsOfReason } from "../../entry/words/reasons.ts";
import { templateOf } from "../../domain/configuration.ts";
import { imageParameter, templateName } from "../../domain/class-keys.ts";
import { instanceKey, registrationTokenParameter, removalTokenParameter } from "../../domain/names.ts";
import { parseRequest } from "../../domain/request.ts";
import { controlWorld } from "../../entry/control-world.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { partitionSuffix } from "../../stacks/environment/partitions.ts";
import { ownership } from "../contract/newcomers.ts";
import { startAgent } from "./stand-in-agent.ts";
import { exampleWith, machines, synthesized } from "./synthesized.ts";
import { onMoto, type Workspace } from "./terraform.ts";

const minutes = 60_000;
const place = { awsPartition: "aws", account: "123456789012", region: "eu-central-1" };
const repository = "octo-org/octo-repo";
const { arm64: _, ...image } = exampleWith({}).defaults.image;
const own = { account: place.account, classes: { large: {} }, ...machines({ architectures: ["x64"], image }) };
const environment = exampleWith(own);
const described = synthesized(environment);
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

type Values = Readonly<Record<string, unknown>>;

/** Moto gives a launch template's own tags back as a part of its data: they are no change of ours. */
function keepEchoedTags(workspace: Workspace, stack: string): void {
  const templates = Object.keys(described[stack]?.resource?.["aws_launch_template"] ?? {});
  const kept = templates.map((name) => [name, { lifecycle: { ignore_changes: ["tag_specifications"] } }]);
  if (kept.length > 0)
    workspace.override(stack, "keep_tags", { resource: { aws_launch_template: Object.fromEntries(kept) } });
}

/** What Terraform's state says that a resource of the stack is. */
async function inState(workspace: Workspace, stack: string, type: string, values: Values): Promise<Values> {
  const state = JSON.parse((await workspace.run(stack, "state", "pull")).output) as {
    resources: readonly { readonly type: string; readonly instances: readonly { readonly attributes: Values }[] }[];
  };
  const found = state.resources
    .filter((resource) => resource.type === type)
    .flatMap((resource) => resource.instances.map(({ attributes }) => attributes))
    .find((attributes) => Object.entries(values).every(([name, value]) => attributes[name] === value));
  if (found === undefined) throw new Error(`${stack} has no ${type} with ${JSON.stringify(values)}`);
  return found;
}

/** All at once: the stacks name each other's resources, and read none of them. */
async function applyAll(workspace: Workspace): Promise<void> {
  const apply = async (stack: string): Promise<void> => {
    keepEchoedTags(workspace, stack);
    expect((await workspace.run(stack, "init", "-input=false")).output).toContain("successfully initialized");
    const applied = await workspace.run(stack, "apply", "-auto-approve", "-input=false");
    expect(applied.output, stack).toContain("Apply complete!");
    // Exit code 2 would say that there is something to change.
    const again = await workspace.run(stack, "plan", "-detailed-exitcode", "-input=false");
    expect(again.code, `a second plan of ${stack}: ${again.output}`).toBe(0);
  };
  await Promise.all(workspace.stacks.map(apply));
}

/** An environment's stacks in the order in which the command line destroys them: dependants first. */
const destroyed = ["example-observability", "example-control", "example-pool"];

/** Each by itself: nothing of it is destroyed. */
async function destroyIsRefused(workspace: Workspace): Promise<void> {
  const refuse = async (stack: string): Promise<void> => {
    const held = await workspace.run(stack, "state", "list");
    const refused = await workspace.run(stack, "destroy", "-refresh=false", "-auto-approve", "-input=false");
    expect(refused.code, stack).not.toBe(0);
    expect(refused.output, stack).toContain("drain --all --wait");
    expect(refused.output, stack).not.toContain("Destruction complete");
    expect(await workspace.run(stack, "state", "list"), stack).toEqual(held);
  };
  await Promise.all(destroyed.map(refuse));
}

async function destroyAll(workspace: Workspace): Promise<void> {
  for (const stack of [...destroyed, `account-${place.account}`]) {
    const { output } = await workspace.run(stack, "destroy", "-refresh=false", "-auto-approve", "-input=false");
    expect(output, stack).toContain("Destroy complete!");
  }
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
  const parsed = parseRequest({ ...raw, ...rest }, { large: { cpu: 2, mmem: 4096 } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.request;
}

/** A second claim of a machine that serves a run, and a second record of it, are refused by their conditions, and change nothing. */
async function refusesAnother({ instances, clock }: ControlWorld, key: string): Promise<void> {
  const before = await instances.read([key]);
  const [record] = before.items;
  if (record === undefined) throw new Error(`no record under ${key}`);
  expect(record).toMatchObject({ state: "running", owner: expect.stringMatching(/^github:run:1002:1:/) as unknown });
  const { partition, resourceClass, architecture } = record;
  const ref = { key, partition, resourceClass, architecture };
  const until = { now: clock.now(), threshold: clock.now() + minutes };
  const other = ownership("1003", "other");
  expect(await instances.move("claim", ref, { ...until, ownership: other })).toMatchObject({
    kind: "refused",
    why: "state",
  });
  const again = await instances.move("create", ref, { ...until, machine: record, claimId: "other", ownership: other });
  expect(again).toMatchObject({ kind: "refused", why: "exists", record: { owner: record.owner } });
  const [after] = (await instances.read([key])).items;
  for (const held of ["owner", "claimId", "version", "state", "assignment"] as const)
    expect(after?.[held]).toEqual(record[held]);
}

/** The machines are of the template in Terraform's state, of the image that its parameter names, and carry the template's tags. */
async function machinesAreOfTerraform(
  workspace: Workspace,
  ec2: EC2Client,
  ids: readonly string[],
  template: string | undefined,
): Promise<void> {
  const partition = `github:${repository}`;
  const name = `${templateName("example", "large", "x64")}${partitionSuffix(partition)}`;
  const made = await inState(workspace, "example-pool", "aws_launch_template", { name });
  expect(made["id"]).toMatch(/^lt-/);
  expect(template).toBe(made["id"]);
  const parameter = await inState(workspace, "example-pool", "aws_ssm_parameter", {
    name: imageParameter("example", "x64"),
  });
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [...ids] }));
  const machines = Reservations.flatMap(({ Instances = [] }) => Instances);
  expect(machines).toHaveLength(2);
  for (const { ImageId, Tags } of machines) {
    expect(ImageId).toBe(parameter["value"]);
    const tags = Object.fromEntries((Tags ?? []).map(({ Key = "", Value }) => [Key, Value]));
    expect(tags).toMatchObject({
      "aws:ec2launchtemplate:id": made["id"],
      "runpool:environment": "example",
      "runpool:partition": partition,
      Name: name,
    });
  }
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
  const forgeServer = "https://github.com";
  const wish = {
    client: clients.dynamodb,
    secrets: held,
    environment: "example",
    place,
    forgeServer,
    clock: hostClock,
  };
  const launch = launchFor(clients.ec2, (id) => agents.push(startAgent(id, wish)));
  const furnished = { ...world, fleet: { ...world.fleet, launch } };

  const first = await provision(furnished, requestOf("1001"));
  expect(first).toMatchObject({ kind: "ready", created: 2, reused: 0 });
  const released = await release(furnished, { runId: "1001", attempt: 1 });
  expect(released.pooled).toHaveLength(2);
  const second = await provision(furnished, requestOf("1002"));
  expect(second).toMatchObject({ kind: "ready", created: 0, reused: 2 });
  if (second.kind !== "ready") throw new Error(second.reasons.map(wordsOfReason).join("\n"));
  const ids = second.instances.map(({ instanceId }) => instanceId);
  for (const instanceId of ids) await refusesAnother(world, instanceKey(place, instanceId));
  const { configuration } = await world.settings.load();
  const pool = { partition: `github:${repository}`, resourceClass: "large", architecture: "x64" } as const;
  return {
    ids,
    template: templateOf(configuration, pool)?.id,
    ec2: clients.ec2,
    end: async (ids: readonly string[]) => {
      await world.fleet.terminate(ids);
      for (const { key } of (await world.instances.ofGroup(runGroup("1002"))).items)
        await endRecord(clients.dynamodb, key);
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
    const { url: moto, workspace } = await onMoto(context, [environment]);
    await applyAll(workspace);

    const { ids, template, ec2, end } = await useIt(moto);
    await machinesAreOfTerraform(workspace, ec2, ids, template);
    await destroyIsRefused(workspace);
    await end(ids);
    await destroyAll(workspace);
  },
);
