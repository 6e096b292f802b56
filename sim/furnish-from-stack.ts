// Furnishes the embedded cloud (or any AWS endpoint) from a synthesized pool stack, as Terraform would from the same file.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { DescribeSecurityGroupsCommand, DescribeSubnetsCommand } from "@aws-sdk/client-ec2";
import { furnish, putItem, type FurnishClients, type Furnished } from "./furnish.ts";
import { blocksOf, onlyResource, rendered, resourcesOf, textOf, type StackFile } from "./stack-file.ts";
import { stackPlan } from "./stack-plan.ts";

/** Where the stack is to be deployed: the endpoint must be of this account and region. */
export function placeOf(stack: StackFile): { readonly account: string; readonly region: string } {
  const [provider] = stack.provider?.aws ?? [];
  const [account] = (provider?.["allowed_account_ids"] ?? []) as readonly string[];
  if (provider === undefined || account === undefined) throw new Error("the stack's provider names no account");
  return { account, region: textOf(provider, "region") };
}

export interface StackImage {
  readonly id: string;
  readonly architecture: string;
  readonly rootDevice: string;
}

/**
 * Images that the stack's parameters name: the endpoint must have these, with their root where the launch templates have their disk. The
 * parameter's last part is the architecture.
 */
export function imagesOf(stack: StackFile): readonly StackImage[] {
  const [template] = resourcesOf(stack, "aws_launch_template");
  const rootDevice = textOf(blocksOf(template?.[1] ?? {}, "block_device_mappings")[0] ?? {}, "device_name");
  return resourcesOf(stack, "aws_ssm_parameter").map(([, parameter]) => ({
    id: textOf(parameter, "value"),
    architecture: textOf(parameter, "name").split("/").at(-1) ?? "",
    rootDevice,
  }));
}

/** What is there at the endpoint already: a subnet of the same zone, its first security group. */
async function networkIds(clients: FurnishClients, stack: StackFile): Promise<ReadonlyMap<string, string>> {
  const { Subnets = [] } = await clients.ec2.send(new DescribeSubnetsCommand({}));
  const { SecurityGroups = [] } = await clients.ec2.send(new DescribeSecurityGroupsCommand({}));
  const found = new Map<string, string>();
  for (const [id, subnet] of resourcesOf(stack, "aws_subnet")) {
    const zone = textOf(subnet, "availability_zone");
    const there = Subnets.find(({ AvailabilityZone }) => AvailabilityZone === zone)?.SubnetId;
    if (there === undefined) throw new Error(`the endpoint has no subnet in ${zone}`);
    found.set(`aws_subnet.${id}.id`, there);
  }
  for (const [id] of resourcesOf(stack, "aws_security_group"))
    found.set(`aws_security_group.${id}.id`, SecurityGroups[0]?.GroupId ?? "");
  return found;
}

/** What Terraform's references in the defaults item stand for here. */
function valuesOf(stack: StackFile, { queueUrls, templateIds }: Furnished, network: ReadonlyMap<string, string>) {
  return (type: string, id: string, attribute: string): string => {
    const name = String(stack.resource?.[type]?.[id]?.["name"]);
    const values: Readonly<Record<string, string | undefined>> = {
      "aws_sqs_queue.url": queueUrls[name],
      "aws_launch_template.id": templateIds[name],
      "aws_launch_template.latest_version": name in templateIds ? "1" : undefined,
    };
    const value = network.get(`${type}.${id}.${attribute}`) ?? values[`${type}.${attribute}`];
    if (value === undefined) throw new Error(`nothing here stands for the stack's ${type}.${id}.${attribute}`);
    return value;
  };
}

/**
 * Makes everything that a deployed environment needs. `adapted` changes the defaults item where the place is another than the
 * environment file says: a forge on loopback, shorter limits for a demonstration.
 */
export async function furnishFromStack(
  clients: FurnishClients,
  stack: StackFile,
  adapted: (item: Record<string, AttributeValue>) => Record<string, AttributeValue> = (item) => item,
): Promise<Furnished> {
  const furnished = await furnish(clients, stackPlan(stack));
  const valueOf = valuesOf(stack, furnished, await networkIds(clients, stack));
  const item = rendered(textOf(onlyResource(stack, "aws_dynamodb_table_item"), "item"), valueOf);
  const parsed = JSON.parse(item) as Record<string, AttributeValue>;
  await putItem(clients.dynamodb, stackPlan(stack).table.name, adapted(parsed));
  return furnished;
}
