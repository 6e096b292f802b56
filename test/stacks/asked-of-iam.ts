// What IAM is asked before an API call is let in, as far as our policies look at it ("Service Authorization Reference").
import type { AwsCall } from "../../sim/http/service.ts";
import { tags } from "../../domain/names.ts";
import type { Request } from "./evaluate-policy.ts";

export interface Surroundings {
  readonly account: string;
  readonly region: string;
  readonly environment: string;
  /** The instance's ARN where the caller is one. */
  readonly instance?: string;
}

type Input = Record<string, unknown>;
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const listOf = (value: unknown): readonly Input[] => (Array.isArray(value) ? (value as Input[]) : []);
const keyIn = (key: unknown): string => textOf((key as { key?: { S?: unknown } } | undefined)?.key?.S);

const expressions = ["ProjectionExpression", "UpdateExpression", "ConditionExpression"] as const;
const words =
  /^(set|remove|add|delete|and|or|not|between|in|attribute_\w+|begins_with|size|contains|if_not_exists|list_append)$/i;

/** Top-level attributes named anywhere in a request: IAM counts those of conditions and projections too, and of a path the first part. */
function attributesOf(input: Input): readonly string[] {
  const names = (input["ExpressionAttributeNames"] ?? {}) as Record<string, string>;
  const paths = expressions.flatMap((part) => textOf(input[part]).match(/(?<![:\w.#])[#a-z][\w.#]*/gi) ?? []);
  const heads = paths.map((path) => path.split(".")[0] ?? "").filter((head) => !words.test(head));
  return [...new Set(["key", ...heads.map((head) => names[head] ?? head)])];
}

function ofDynamoDb(action: string, input: Input, arn: (rest: string) => string): readonly Request[] {
  if (action === "TransactWriteItems")
    return listOf(input["TransactItems"]).flatMap((item) =>
      Object.entries(item).flatMap(([kind, one]) => ofDynamoDb(`${kind}Item`, one as Input, arn)),
    );
  if (action === "BatchGetItem")
    return Object.entries((input["RequestItems"] ?? {}) as Record<string, { Keys: readonly unknown[] }>).map(
      ([table, { Keys }]) => ({
        action: "dynamodb:BatchGetItem",
        resource: arn(`table/${table}`),
        context: { "dynamodb:LeadingKeys": Keys.map(keyIn) },
      }),
    );
  const table = `table/${textOf(input["TableName"])}`;
  const index = input["IndexName"] === undefined ? "" : `/index/${textOf(input["IndexName"])}`;
  const leading = keyIn(input["Key"]) || keyIn(input["Item"]);
  const whole = action === "GetItem" && input["ProjectionExpression"] === undefined;
  const attributes = whole ? {} : { "dynamodb:Attributes": attributesOf(input) };
  const context = leading === "" ? {} : { "dynamodb:LeadingKeys": [leading], ...attributes };
  return [{ action: `dynamodb:${action}`, resource: arn(`${table}${index}`), context }];
}

const tagsIn = (specifications: unknown, prefix: string): Record<string, string> =>
  Object.fromEntries(
    listOf(specifications)
      .flatMap(({ Tag }) => listOf(Tag))
      .map(({ Key, Value }) => [`${prefix}${textOf(Key)}`, textOf(Value)]),
  );

/** Everything that an instant fleet touches, once for CreateFleet and once for RunInstances, which it calls with the caller's rights. */
function ofFleet(
  input: Input,
  ec2: (rest: string) => string,
  ours: Record<string, string>,
  account: string,
): readonly Request[] {
  const tagged = tagsIn(input["TagSpecification"], "aws:RequestTag/");
  const configurations = listOf(input["LaunchTemplateConfigs"]);
  const templates = configurations.map(({ LaunchTemplateSpecification: one }) =>
    ec2(`launch-template/${textOf((one as Input)["LaunchTemplateId"])}`),
  );
  const subnets = configurations
    .flatMap(({ Overrides }) => listOf(Overrides))
    .map(({ SubnetId }) => ec2(`subnet/${textOf(SubnetId)}`));
  const byTemplate = { ...tagged, "ec2:LaunchTemplate": templates[0] ?? "" };
  const launched = ["ec2:CreateFleet", "ec2:RunInstances"].flatMap((action): Request[] => [
    ...[...templates, ...subnets, ec2("security-group/sg-1")].map((resource) => ({ action, resource, context: ours })),
    // The type is chosen when the machine is launched.
    {
      action,
      resource: ec2("instance/*"),
      context: action === "ec2:RunInstances" ? { ...byTemplate, "ec2:InstanceType": "m7i.large" } : byTemplate,
    },
    ...["volume/*", "network-interface/*"].map((rest) => ({ action, resource: ec2(rest) })),
    {
      action,
      resource: ec2("image/ami-1").replace(/:\d{12}:/, "::"),
      context: { ...ours, "ec2:Owner": account },
    },
  ]);
  const created = { "ec2:CreateAction": "CreateFleet", ...tagged };
  return [
    ...launched,
    { action: "ec2:CreateFleet", resource: ec2("fleet/*"), context: tagged },
    { action: "ec2:CreateTags", resource: ec2("instance/*"), context: created },
  ];
}

/** Machines and images here all carry the environment's tags. */
function ofEc2(
  action: string,
  input: Input,
  ec2: (rest: string) => string,
  { environment, account }: Surroundings,
): readonly Request[] {
  const ours = {
    [`aws:ResourceTag/${tags.environment}`]: environment,
    [`aws:ResourceTag/${tags.manager}`]: "pool",
  };
  const on = (rest: string): Request => ({ action: `ec2:${action}`, resource: ec2(rest), context: ours });
  const images = (id: unknown) => ec2(`image/${textOf(id)}`).replace(/:\d{12}:/, "::");
  switch (action) {
    case "CreateFleet":
      return ofFleet(input, ec2, ours, account);
    case "TerminateInstances":
      return (input["InstanceId"] as readonly string[]).map((id) => on(`instance/${id}`));
    case "GetConsoleOutput":
      return [on(`instance/${textOf(input["InstanceId"])}`)];
    case "CreateTags":
      return (input["ResourceId"] as readonly string[]).map((id) => ({ ...on(""), resource: images(id) }));
    case "DeregisterImage":
      return [{ ...on(""), resource: images(input["ImageId"]) }];
    case "DeleteSnapshot":
      return [{ ...on(""), resource: `${images("").replace(/image\/$/, "")}snapshot/${textOf(input["SnapshotId"])}` }];
    default:
      return [{ action: `ec2:${action}`, resource: "*" }];
  }
}

function ofSsm(action: string, input: Input, ssm: (rest: string) => string): readonly Request[] {
  const path = textOf(input["Path"]).replace(/\/$/, "");
  const names = [textOf(input["Name"]), ...((input["Names"] ?? []) as readonly string[])].filter((name) => name !== "");
  if (action === "DescribeParameters") return [{ action: `ssm:${action}`, resource: "*" }];
  return (action === "GetParametersByPath" ? [path] : names).map((name) => ({
    action: `ssm:${action}`,
    resource: ssm(`parameter${name}`),
  }));
}

const batchOf = { SendMessageBatch: "SendMessage", DeleteMessageBatch: "DeleteMessage" } as const;

/** None for what needs no permission (STS's GetCallerIdentity). */
export function askedOfIam({ service, action, input }: AwsCall, around: Surroundings): readonly Request[] {
  const arnOf =
    (name: string) =>
    (rest: string): string =>
      `arn:aws:${name}:${around.region}:${around.account}:${rest}`;
  const requests = ((): readonly Request[] => {
    switch (service) {
      case "dynamodb":
        return ofDynamoDb(action, input, arnOf(service));
      case "sqs": {
        const singular = action === "ChangeMessageVisibilityBatch" ? "ChangeMessageVisibility" : action;
        const known = batchOf[singular as keyof typeof batchOf] ?? singular;
        return [
          { action: `sqs:${known}`, resource: arnOf(service)(textOf(input["QueueUrl"]).split("/").at(-1) ?? "") },
        ];
      }
      case "ssm":
        return ofSsm(action, input, arnOf(service));
      case "ec2":
        return ofEc2(action, input, arnOf(service), around);
      case "iam":
        return [
          {
            action: `iam:${action}`,
            resource: `arn:aws:iam::${around.account}:role/aws-service-role/spot.amazonaws.com/${textOf(input["RoleName"])}`,
          },
        ];
      case "servicequotas":
        return [{ action: `servicequotas:${action}`, resource: "*" }];
      case "sts":
        return [];
      case "lambda":
        return [
          { action: `lambda:${action}Function`, resource: arnOf(service)(`function:${textOf(input["FunctionName"])}`) },
        ];
      case "logs": {
        const stream = input["logStreamName"] === undefined ? "*" : `log-stream:${textOf(input["logStreamName"])}`;
        return [
          {
            action: `logs:${action}`,
            resource: arnOf(service)(`log-group:${textOf(input["logGroupName"])}:${stream}`),
          },
        ];
      }
    }
  })();
  const { instance } = around;
  if (instance === undefined) return requests;
  return requests.map((one) => ({ ...one, context: { ...one.context, "ec2:SourceInstanceARN": instance } }));
}
