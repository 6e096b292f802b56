// An environment in China: its ARNs are that partition's, and where AWS's services have two names there, both are let in.
import { expect, test } from "vitest";
import { resourcesOf } from "../../sim/stack-file.ts";
import { passedToEc2 } from "../../stacks/environment/names-in-partition.ts";
import { isAllowed, policyText, statementsIn, type PolicyStatement } from "./evaluate-policy.ts";
import { exampleWith, synthesized } from "./synthesized.ts";
import { refusals } from "./refusals.ts";

const region = "cn-north-1";
const key = `arn:aws-cn:kms:${region}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const china = exampleWith({
  region,
  network: { kind: "public", cidr: "10.80.0.0/16", zones: ["cn-north-1a"] },
  kmsKeyArn: key,
  forge: {
    repositories: ["octo-org/octo-repo", "octo-org/docs"],
    repositoryIds: { "octo-org/infrastructure": "1/3" },
  },
  deployFrom: { repository: "octo-org/infrastructure", githubEnvironment: "china" },
  imagesFrom: { repository: "octo-org/infrastructure" },
});
const stacks = synthesized(china);
const textsOf = (type: string, field: string): readonly (readonly [id: string, text: string])[] =>
  Object.values(stacks).flatMap((stack) =>
    resourcesOf(stack, type).map(([id, block]) => [id, policyText(block, field)] as const),
  );
const policies = textsOf("aws_iam_role_policy", "policy");
const trusts = textsOf("aws_iam_role", "assume_role_policy");
const statementsOf = (id: string): readonly PolicyStatement[] =>
  statementsIn(policies.find(([one]) => one === id)?.[1] ?? "");

test("no policy and no trust names an ARN of another partition", () => {
  expect(policies.length).toBeGreaterThan(5);
  for (const [id, text] of [...policies, ...trusts]) expect(text, id).not.toContain("arn:aws:");
});

test.each(["amazonaws.com", "amazonaws.com.cn"])("the key may be used through services called ….%s", (suffix) => {
  const via = (service: string, of = region) => ({ "kms:ViaService": `${service}.${of}.${suffix}` });
  const may = (service: string, of?: string) =>
    isAllowed(statementsOf("refresh-policy"), { action: "kms:Decrypt", resource: key, context: via(service, of) });
  expect(["dynamodb", "sqs", "ssm", "ec2"].map((service) => may(service))).toEqual([true, true, true, true]);
  expect([may("s3"), may("ssm", "cn-northwest-1")]).toEqual([false, false]);
});

test("machines get their role from EC2 by either of its names, and only EC2's own name in China takes it", () => {
  const resource = "arn:aws-cn:iam::111122223333:role/runpool-example_instance";
  const may = (service: string) =>
    isAllowed(statementsOf("provision-policy"), {
      action: "iam:PassRole",
      resource,
      context: { "iam:PassedToService": service },
    });
  expect(["ec2.amazonaws.com.cn", "ec2.amazonaws.com", "lambda.amazonaws.com"].map(may)).toEqual([true, true, false]);
  const [, trust] = trusts.find(([id]) => id.startsWith("instance-role")) ?? [];
  expect(trust).toContain('"Service":"ec2.amazonaws.com.cn"');
  expect(trusts.find(([id]) => id === "refresh-role")?.[1]).toContain('"Service":"lambda.amazonaws.com"');
});

test("elsewhere there is one name", () => {
  for (const awsPartition of ["aws", "aws-us-gov"] as const)
    expect(passedToEc2({ awsPartition })).toEqual(["ec2.amazonaws.com"]);
});

test("a key of another partition is refused by its field", () => {
  expect(refusals({ ...china, kmsKeyArn: key.replace("aws-cn", "aws") })).toEqual([
    "x: kmsKeyArn: is a key of cn-north-1 in aws; disks and queues need one of cn-north-1 in aws-cn",
  ]);
});
