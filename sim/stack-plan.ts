// What a synthesized pool stack makes at AWS, as a plan to furnish by.
import type { RequestLaunchTemplateData } from "@aws-sdk/client-ec2";
import type { FurnishPlan } from "./furnish.ts";
import { blocksOf, onlyResource, rendered, resourcesOf, textOf, type Block, type StackFile } from "./stack-file.ts";

function tableOf(stack: StackFile): FurnishPlan["table"] {
  const table = onlyResource(stack, "aws_dynamodb_table");
  const [ttl] = blocksOf(table, "ttl");
  return {
    name: textOf(table, "name"),
    hash: textOf(table, "hash_key"),
    attributes: Object.fromEntries(
      blocksOf(table, "attribute").map((attribute) => [
        textOf(attribute, "name"),
        textOf(attribute, "type") as "S" | "N",
      ]),
    ),
    indexes: blocksOf(table, "global_secondary_index").map((index) => ({
      name: textOf(index, "name"),
      hash: textOf(index, "hash_key"),
      range: index["range_key"] === undefined ? undefined : textOf(index, "range_key"),
      projects: index["non_key_attributes"] as readonly string[],
    })),
    ttl: textOf(ttl ?? {}, "attribute_name"),
  };
}

const queueAttributes = {
  visibility_timeout_seconds: "VisibilityTimeout",
  message_retention_seconds: "MessageRetentionPeriod",
} as const;

export const queueOf = (queue: Block): FurnishPlan["queues"][number] => ({
  name: textOf(queue, "name"),
  attributes: Object.fromEntries(
    Object.entries(queueAttributes)
      .filter(([attribute]) => queue[attribute] !== undefined)
      .map(([attribute, name]) => [name, String(queue[attribute])]),
  ),
});

type Data = RequestLaunchTemplateData;

/** `http_put_response_hop_limit` → `HttpPutResponseHopLimit`; a device's `ebs` and the like keep their nesting. */
function asAws(value: unknown): unknown {
  if (value === "true" || value === "false") return value === "true";
  if (Array.isArray(value)) return value.map(asAws);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, held]) => [
      name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      asAws(held),
    ]),
  );
}

/** Security groups are left to the endpoint's default one: an embedded cloud has no packets to filter. */
function templateOf(stack: StackFile, template: Block): FurnishPlan["templates"][number] {
  const [profile] = blocksOf(template, "iam_instance_profile");
  const profileName = rendered(textOf(profile ?? {}, "arn"), (type, id) =>
    textOf(stack.resource?.[type]?.[id] ?? {}, "name"),
  );
  const data: Data = {
    IamInstanceProfile: { Name: profileName },
    InstanceInitiatedShutdownBehavior: textOf(template, "instance_initiated_shutdown_behavior") as NonNullable<
      Data["InstanceInitiatedShutdownBehavior"]
    >,
    MetadataOptions: asAws(blocksOf(template, "metadata_options")[0] ?? {}) as NonNullable<Data["MetadataOptions"]>,
    BlockDeviceMappings: asAws(blocksOf(template, "block_device_mappings")) as NonNullable<Data["BlockDeviceMappings"]>,
    UserData: textOf(template, "user_data"),
    TagSpecifications: blocksOf(template, "tag_specifications").map((specification) => ({
      ResourceType: textOf(specification, "resource_type") as "instance" | "volume",
      Tags: Object.entries(specification["tags"] as Record<string, string>).map(([Key, Value]) => ({ Key, Value })),
    })),
  };
  return { name: textOf(template, "name"), data };
}

/** Throws where the stack lacks something that a deployed environment needs. */
export const stackPlan = (stack: StackFile): FurnishPlan => ({
  table: tableOf(stack),
  queues: resourcesOf(stack, "aws_sqs_queue").map(([, queue]) => queueOf(queue)),
  templates: resourcesOf(stack, "aws_launch_template").map(([, template]) => templateOf(stack, template)),
  parameters: resourcesOf(stack, "aws_ssm_parameter").map(([, parameter]) => ({
    name: textOf(parameter, "name"),
    value: textOf(parameter, "value"),
    secure: parameter["type"] === "SecureString",
  })),
});
