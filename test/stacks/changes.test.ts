// Whatever is changed in an environment's file, nothing that a living instance stands on goes: by the rows of changes.ts, and by the real
// Terraform and AWS provider on an independent AWS stand-in (moto).
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import {
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type Subnet,
} from "@aws-sdk/client-ec2";
import { GetInstanceProfileCommand, GetRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { queueName, templateName } from "../../domain/class-keys.ts";
import { instanceRoleName, tags } from "../../domain/names.ts";
import { removalsOf } from "../../domain/removals.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";
import { keptOf } from "../../stacks/constructs/kept.ts";
import { partitionSuffix } from "../../stacks/environment/partitions.ts";
import { before, changes, subnetGiven, type Change } from "./changes.ts";
import { environmentFields } from "./environment-fields.ts";
import { stackNamed, synthesized } from "./synthesized.ts";
import { onMoto, type Workspace } from "./terraform.ts";

const minutes = 60_000;
const stack = "example-pool";
const docs = "github:octo-org/docs";
/** The file with the changes of all these rows. */
const together = (rows: readonly Change[]): EnvironmentFile =>
  rows.reduce<EnvironmentFile>((file, { to }) => to(file), before);
const keptIn = (file: EnvironmentFile) => keptOf(readEnvironment(file, file.name));

test("every field of an environment's file has a row that changes it, and no row has another field", () => {
  const fields = environmentFields().map(({ path }) => path);
  expect(new Set(changes.map(({ field }) => field))).toEqual(new Set(fields));
});

test.each(changes.map((change) => [`${change.field}: ${change.takes?.join(", ") ?? "nothing"}`, change] as const))(
  "what a change takes away is known before it is made: %s",
  (_, { to, takes = [] }) => {
    const removals = removalsOf(keptIn(before), keptIn(to(before)), "example");
    expect(removals.map(({ what }) => what).toSorted()).toEqual(takes.toSorted());
  },
);

test("who stands on what would go, and nobody else, keeps it", () => {
  const here = {
    tags: { [tags.partition]: docs, [tags.resourceClass]: "huge" },
    zone: "eu-central-1c",
    architecture: "arm64",
  } as const;
  const other = {
    tags: { [tags.partition]: "web", [tags.resourceClass]: "large" },
    zone: "eu-central-1b",
    architecture: "x64",
  } as const;
  const forOne =
    /^(class "huge"|architecture "arm64" of class "huge"|partition "github:octo-org\/docs"|the subnet of eu-central-1c)$/;
  const all = changes.flatMap(({ to }) => removalsOf(keptIn(before), keptIn(to(before)), "example"));
  for (const { what, standsOn } of all)
    if (forOne.test(what)) expect([what, standsOn(here), standsOn(other)]).toEqual([what, true, false]);
  const everyones = all.filter(({ field }) => field in keptIn(before).all);
  expect(everyones.length).toBeGreaterThan(10);
  for (const { standsOn } of everyones) expect([standsOn(here), standsOn(other)]).toEqual([true, true]);
});

/** What AWS knows a resource of the pool's stack by, or cannot change of it: with another of these it would be another one. */
const identity = "name hash_key role cidr_block availability_zone vpc_id subnet_id service_name domain".split(" ");
const identitiesOf = (file: EnvironmentFile): ReadonlyMap<string, object> => {
  const { resource = {} } = stackNamed(synthesized(file), stack);
  return new Map(
    Object.entries(resource).flatMap(([type, made]) =>
      Object.entries(made).map(([id, block]): [string, object] => [
        `${type}.${id}`,
        Object.fromEntries(identity.map((name) => [name, block[name]])),
      ]),
    ),
  );
};

test("however many others are added, a repository's, a zone's and a class's resources stay what they are", () => {
  const { forge, classes } = before;
  // Without its gateway, for which alone the order of zones counts.
  const network = { ...before.network, nat: false };
  const [own = "", ...others] = forge.repositories;
  const [zone = "", ...zones] = network.zones;
  const { large, huge } = classes;
  const alone = {
    ...before,
    sessionAccess: false,
    partitions: {},
    network: { ...network, zones: [zone] },
    classes: { large },
  };
  const first = identitiesOf({ ...alone, forge: { ...forge, repositories: [own] } });
  expect(first.size).toBeGreaterThan(20);
  const among = identitiesOf({
    ...before,
    forge: { ...forge, repositories: [...others, own] },
    sessionAccess: false,
    network: { ...network, zones: ["eu-central-1a", ...zones, zone] },
    classes: { huge, large },
  });
  for (const [address, known] of first) expect([address, among.get(address)]).toEqual([address, known]);
});

test("what takes nothing away leaves every resource as it is known, and so does what is retired", () => {
  const known = identitiesOf(before);
  const kept = changes.filter(({ plan, takes, goes }) => plan === "kept" && takes === undefined && goes === undefined);
  expect(kept.length).toBeGreaterThan(40);
  const after = identitiesOf(together(kept));
  for (const [address, identity] of known) expect([address, after.get(address)]).toEqual([address, identity]);
});

/** The rows of each plan together. */
const plans = Map.groupBy(
  changes.filter(({ plan }) => plan !== "elsewhere"),
  (change) => change.plan ?? change,
);

test("the changes of a plan may be made together", () => {
  for (const rows of plans.values()) expect(() => keptIn(together(rows))).not.toThrow();
});

/** What `terraform plan -json` prints, a line each. */
interface PlanLine {
  readonly type?: string;
  readonly change?: { readonly resource: { readonly addr: string }; readonly action: string };
  readonly diagnostic?: { readonly summary: string; readonly detail: string };
}

interface Planned {
  readonly code: number;
  readonly output: string;
  readonly lines: readonly PlanLine[];
}

/** The file's subnet of an existing network, and its VPC, are those of the stand-in's own. */
async function planOf(
  workspace: Workspace,
  rows: readonly Change[],
  { SubnetId = "", VpcId = "" }: Subnet,
): Promise<Planned> {
  const text = JSON.stringify(together(rows));
  workspace.describe([
    JSON.parse(text.replace(subnetGiven.id, SubnetId).replace(subnetGiven.vpc, VpcId)) as EnvironmentFile,
  ]);
  const { code, output } = await workspace.run(stack, "plan", "-json", "-refresh=false", "-input=false");
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  return { code, output, lines: lines.map((line) => JSON.parse(line) as PlanLine) };
}

/** Addresses of what a plan destroys or replaces. */
const destroyedBy = ({ lines }: Planned): readonly string[] =>
  lines.flatMap(({ type, change }) =>
    type === "planned_change" && change !== undefined && ["delete", "replace"].includes(change.action)
      ? [change.resource.addr]
      : [],
  );

const guard = "terraform_data.removal-guard";

async function planned(workspace: Workspace, rows: readonly Change[], given: Subnet): Promise<void> {
  const name = rows.map(({ field }) => field).join(", ");
  const plan = await planOf(workspace, rows, given);
  if (rows[0]?.plan === "moved") {
    expect(plan.code, plan.output).not.toBe(0);
    const errors = plan.lines.map(({ diagnostic }) => `${diagnostic?.summary} ${diagnostic?.detail}`);
    expect(errors.join("\n")).toContain("is deployed in 123456789012/eu-central-1 (account/region), and cannot move");
    return;
  }
  expect(plan.code, plan.output).toBe(0);
  const goes = rows.flatMap((row) => row.goes ?? []);
  const destroyed = destroyedBy(plan);
  expect(
    destroyed.filter((address) => address !== guard && !goes.some((one) => one.test(address))),
    name,
  ).toEqual([]);
  expect(
    goes.filter((one) => !destroyed.some((address) => one.test(address))),
    name,
  ).toEqual([]);
  // Whatever takes something away is asked of the guard first.
  if (rows.some(({ takes }) => takes !== undefined)) expect(destroyed, name).toContain(guard);
}

/** A machine of the class `huge` in the partition of `docs`, as a provision launches it. */
async function launched(ec2: EC2Client): Promise<string> {
  const carried = {
    [tags.environment]: "example",
    [tags.manager]: "pool",
    [tags.resourceClass]: "huge",
    [tags.partition]: docs,
  };
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      LaunchTemplate: {
        LaunchTemplateName: `${templateName("example", "huge", "x64")}${partitionSuffix(docs)}`,
        Version: "1",
      },
      ImageId: "ami-0a1b2c3d4e5f60001",
      InstanceType: "m5.large",
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [
        { ResourceType: "instance", Tags: Object.entries(carried).map(([Key, Value]) => ({ Key, Value })) },
      ],
    }),
  );
  return Instances[0]?.InstanceId ?? "";
}

const apply = (workspace: Workspace, file: EnvironmentFile) => {
  workspace.describe([file]);
  // Nobody but Terraform changes anything here: what it knows is what there is.
  return workspace.run(stack, "apply", "-refresh=false", "-auto-approve", "-input=false");
};

/** What Terraform did to resources of AWS, in its order. */
const doneBy = (output: string): readonly string[] =>
  output.split("\n").filter((line) => /^aws_\S+: (Creat|Modif|Destr|Still)/.test(line));

/** The lines of `apply` in which the configuration is written, and those in which something is destroyed. */
function configurationGoesFirst(output: string): void {
  const done = doneBy(output);
  const written = done.findIndex((line) => line.startsWith("aws_dynamodb_table_item.defaults: Modifications complete"));
  expect(written, output).toBeGreaterThan(-1);
  const [made, destroyed] = [/: (Creation|Modifications) complete/, /: Destroying/].map((kind) =>
    done.flatMap((line, at) => (kind.test(line) ? [at] : [])),
  );
  expect(destroyed?.length).toBeGreaterThan(5);
  for (const at of destroyed ?? []) expect(at, done.join("\n")).toBeGreaterThan(written);
  for (const at of made ?? []) expect(at, done.join("\n")).toBeLessThanOrEqual(written);
}

test(
  "with an instance alive nothing goes that it stands on: each plan, what is refused, what is kept, and what goes at last after the configuration",
  { timeout: 20 * minutes },
  async (context) => {
    const { url: endpoint, workspace } = await onMoto(context, [before]);
    const options = {
      region: "eu-central-1",
      endpoint,
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
    };
    const [ec2, iam, sqs, dynamodb] = [
      new EC2Client(options),
      new IAMClient(options),
      new SQSClient(options),
      new DynamoDBClient(options),
    ];
    expect((await workspace.run(stack, "init", "-input=false")).output).toContain("successfully initialized");
    expect((await apply(workspace, before)).output).toContain("Apply complete!");
    const instance = await launched(ec2);

    const zone = { Name: "availability-zone", Values: [subnetGiven.zone] };
    const { Subnets = [] } = await ec2.send(
      new DescribeSubnetsCommand({ Filters: [zone, { Name: "default-for-az", Values: ["true"] }] }),
    );
    for (const rows of plans.values()) await planned(workspace, rows, Subnets[0] ?? {});

    // Forgotten at once: the reason and the way, and nothing of AWS is touched, neither to be made nor to be changed nor to go.
    const { forge, classes, partitions } = before;
    const fewer = {
      ...before,
      forge: { ...forge, repositories: ["octo-org/octo-repo", "octo-org/shop", "octo-org/more"] },
      partitions,
      classes: { large: classes.large, xlarge: classes.huge },
    };
    const refused = await apply(workspace, fewer);
    expect(refused.code).not.toBe(0);
    const said = refused.output.replaceAll(/[\s│]+/g, " ");
    for (const part of ['retiredClasses: class "huge"', `retiredPartitions: partition "${docs}"`])
      expect(said).toContain(`example: ${part} is in use: 1 instance stands on it: ${instance}`);
    expect(said).toContain(`Add "${docs}": "octo-org/docs" to retiredPartitions and deploy`);
    expect(doneBy(refused.output)).toEqual([]);

    // Retired: it is not named any more, and all of it is there.
    const retired = { ...fewer, retiredClasses: ["huge"], retiredPartitions: { [docs]: "octo-org/docs" } };
    const kept = await apply(workspace, retired);
    expect(kept.output).toContain("Apply complete!");
    expect(doneBy(kept.output).filter((line) => line.includes("Destroying"))).toEqual([]);
    const role = `${instanceRoleName("example")}${partitionSuffix(docs)}`;
    const holds = async (): Promise<void> => {
      await iam.send(new GetInstanceProfileCommand({ InstanceProfileName: role }));
      await iam.send(new GetRolePolicyCommand({ RoleName: role, PolicyName: "instance" }));
      await sqs.send(new GetQueueUrlCommand({ QueueName: queueName("example", "huge") }));
    };
    await holds();
    const { Item } = await dynamodb.send(
      new GetItemCommand({ TableName: "runpool-example", Key: { key: { S: "configuration#defaults" } } }),
    );
    const templates = Object.keys(Item?.["templates"]?.M ?? {});
    expect(templates.length).toBeGreaterThan(0);
    expect(templates.filter((name) => name.includes("huge") || name.includes(docs))).toEqual([]);

    // Forgotten too soon, then once it has ended.
    expect((await apply(workspace, fewer)).output).toContain(instance);
    await holds();
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
    const gone = await apply(workspace, fewer);
    expect(gone.output).toContain("Apply complete!");
    configurationGoesFirst(gone.output);
    await expect(holds()).rejects.toThrow(/not found|NoSuchEntity/i);
  },
);
