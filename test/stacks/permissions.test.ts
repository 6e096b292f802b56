// Least privilege: every synthesized policy is walked, and evaluated against requests that must be allowed or denied.
import { expect, test } from "vitest";
import { resourcesOf } from "../../sim/stack-file.ts";
import example from "../../environments/example.ts";
import { partitionSuffix } from "../../stacks/environment/partitions.ts";
import { isAllowed, policyText, statementsIn, type PolicyStatement } from "./evaluate-policy.ts";
import { trustIn } from "./oidc-token.ts";
import { configurations } from "./configuration-permission-table.ts";
import { images } from "./image-permission-table.ts";
import { item, other, ownKey, rights, stateKey, table } from "./permission-table.ts";
import { exampleWith, synthesized } from "./synthesized.ts";

/** With everything that adds a statement. */
const stacks = synthesized(
  exampleWith({
    kmsKeyArn: ownKey,
    shipLogs: true,
    sessionAccess: true,
    forge: { ...example.forge, repositoryIds: { "octo-org/octo-repo": "1/2", "octo-org/images": "1/3" } },
    deployFrom: { repository: "octo-org/octo-repo", githubEnvironment: "production" },
    imagesFrom: { repository: "octo-org/images" },
    state: { kind: "s3", bucket: "octo-state", region: "eu-west-1", kmsKeyArn: stateKey },
    alarms: { email: ["ci@example.org"] },
    monthlyBudgetUsd: 100,
  }),
);

const policies = Object.entries(stacks).flatMap(([stack, file]) =>
  ["aws_iam_role_policy", "aws_iam_policy"].flatMap((type) =>
    resourcesOf(file, type).map(([id, block]) => ({ type, name: `${stack} ${id}`, text: policyText(block) })),
  ),
);
/** Of the instances' roles, one a partition, that of `octo-org/docs`. */
const suffix = partitionSuffix("github:octo-org/docs");
const policyOf = (name: string): readonly PolicyStatement[] => {
  const ending = name === "instance" ? ` ${name}-policy${suffix}` : ` ${name}-policy`;
  const found = policies.filter((one) => one.name.replace("-more-policy", "-policy").endsWith(ending));
  if (found.length === 0) throw new Error(`no policy ${name}`);
  return found.flatMap(({ text }) => statementsIn(text));
};

/** Service Authorization Reference: actions without resource-level permissions; of each at least one is in its statement. */
const withoutResource = [
  /^ec2:(Describe\w+|GetInstanceTypesFromInstanceRequirements)$/,
  /^ssmmessages:(Create|Open)(Control|Data)Channel$/,
  /^ssm:(UpdateInstanceInformation|DescribeParameters)$/,
  /^cloudwatch:DescribeAlarms$/,
  /^logs:DescribeLogGroups$/,
  /^servicequotas:GetServiceQuota$/,
];

test.each(policies)(
  "$name has no action with a wildcard, and `*` as a resource only where AWS knows no other",
  ({ text }) => {
    for (const { Sid, Action, Resource, Effect } of statementsIn(text)) {
      for (const action of Action) expect(action, Sid).toMatch(/^[a-z0-9]+:[A-Za-z0-9]+$/);
      if (Effect === "Allow" && Resource.includes("*"))
        for (const action of Action)
          expect(
            withoutResource.some((known) => known.test(action)),
            `${Sid}: ${action}`,
          ).toBe(true);
    }
  },
);

test("no role's policy is longer than what IAM takes, and none has a statement of the same name twice", () => {
  expect(policies.length).toBeGreaterThanOrEqual(6);
  for (const { type, name, text } of policies) {
    // IAM quotas: 10,240 characters of inline policies a role, 6,144 of a managed policy, blanks not counted.
    expect(text.replaceAll(/\s/g, "").length, name).toBeLessThanOrEqual(type === "aws_iam_policy" ? 6_144 : 10_240);
    const sids = statementsIn(text).map(({ Sid }) => Sid);
    expect(new Set(sids).size, name).toBe(sids.length);
  }
});

test("roles are taken by one service each, or by named repositories' branches, tags and pull requests", () => {
  const roles = Object.values(stacks).flatMap((file) => resourcesOf(file, "aws_iam_role"));
  const trusts = roles.flatMap(([id, block]) =>
    trustIn(policyText(block, "assume_role_policy")).map((statement) => ({ id, statement })),
  );
  for (const { id, statement } of trusts) {
    const { Service, Federated } = statement.Principal;
    if (Service !== undefined) expect(Service, id).toMatch(/^(ec2|lambda|scheduler)\.amazonaws\.com$/);
    else {
      expect(Federated, id).toBe("arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com");
      expect(statement.Condition?.["StringEquals"]?.["token.actions.githubusercontent.com:aud"], id).toBe(
        "sts.amazonaws.com",
      );
    }
  }
  const conditions = (id: string) => trusts.filter((one) => one.id === id).map(({ statement }) => statement.Condition);
  const issuer = "token.actions.githubusercontent.com";
  const aud = { [`${issuer}:aud`]: "sts.amazonaws.com" };
  const exact = (subject: string) => [{ StringEquals: { ...aud, [`${issuer}:sub`]: [subject] } }];
  expect(conditions("provision-role")).toEqual([
    {
      StringEquals: aud,
      StringLike: {
        [`${issuer}:sub`]: ["repo:octo-org@1/octo-repo@2:ref:refs/*", "repo:octo-org@1/octo-repo@2:pull_request"],
      },
    },
    {
      StringEquals: { ...aud, [`${issuer}:repository`]: ["octo-org/docs"] },
      StringLike: {
        [`${issuer}:sub`]: ["repo:octo-org/*", "repo:octo-org@*/*"].flatMap((named) => [
          `${named}:ref:refs/*`,
          `${named}:pull_request`,
        ]),
      },
    },
  ]);
  expect(conditions("images-role")).toEqual(exact("repo:octo-org@1/images@3:ref:refs/heads/main"));
  expect(conditions("deploy-role")).toEqual(exact("repo:octo-org@1/octo-repo@2:environment:production"));
  expect(conditions("operate-role")).toEqual(conditions("deploy-role"));
});

const rows = [...rights, ...configurations, ...images].flatMap(([who, { may = [], mayNot = [] }]) =>
  Object.entries({ may, "may not": mayNot }).flatMap(([verb, asked]) =>
    asked.map(([what, action, resource, context = {}]) => ({
      title: `${who} ${verb}: ${what}`,
      who,
      allowed: verb === "may",
      request: { action, resource, context },
    })),
  ),
);
test.each(rows)("$title", ({ who, allowed, request }) => {
  expect(isAllowed(policyOf(who), request)).toBe(allowed);
});

test("without its conditions a policy would allow what the table denies: the conditions are what denies", () => {
  const bare = policyOf("instance").map((statement) => ({ ...statement, Condition: {} }));
  expect(isAllowed(bare, { action: "dynamodb:GetItem", resource: table, context: item(other) })).toBe(true);
});
