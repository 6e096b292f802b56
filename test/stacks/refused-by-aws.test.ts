// What AWS would refuse at `apply`, or take as more than was meant, is refused at synthesis by its field: names, patterns, expressions.
import { expect, test } from "vitest";
import example from "../../environments/example.ts";
import { eachIsRefused, refusals, type Wrong } from "./refusals.ts";

const wrong: readonly Wrong[] = [
  [
    "a schedule whose name makes one too long for AWS",
    { name: "a".repeat(20), schedules: [{ name: "s".repeat(29), cron: "cron(0 7 ? * MON *)", idleFloors: {} }] },
    /^x: schedules\[0\]\.name: makes runpool-a+_floors-s+, of 65 characters/,
  ],
  ...(
    [
      ["0 7 * * MON *", /"\?" for the day of the month or that of the week/],
      ["0 7 1 * MON *", /"\?" for the day of the month or that of the week/],
      ["0 7 * * 1-5", /must have six fields/],
      ["0 7 ? * ? *", /for one of them only/],
      ["0 99 ? * MON *", /"99" for its hours: 0-23/],
      ["60 7 ? * MON *", /"60" for its minutes/],
      ["0 7 ? * FOO *", /"FOO" for its day of the week: 1-7 or SUN-SAT/],
      ["0 7 ? * MON/2 *", /day of the week/],
      ["0 7 ? * 0 *", /day of the week/],
      ["0 7 32 * ? *", /day of the month/],
      ["0 7 1 13 ? *", /"13" for its month/],
      ["0 7 1 ? ? *", /month/],
      ["0 7-3 ? * MON *", /hours/],
      ["0 7/0 ? * MON *", /hours/],
      ["0 7, ? * MON *", /hours/],
      ["0 7 ? * MON 1969", /year/],
    ] as const
  ).map(
    ([fields, said]) =>
      [
        `the schedule "${fields}"`,
        { schedules: [{ name: "day", cron: `cron(${fields})`, idleFloors: {} }] },
        new RegExp(`^x: schedules\\[0\\]\\.cron: .*${said.source}`),
      ] as const,
  ),
  ["a tag's key with a comma, which IAM refuses", { tags: { "a,b": "1" } }, /^x: tags\.a,b: must be 1-128/],
  ["a tag's value that IAM refuses", { tags: { team: "ci (x64)" } }, /^x: tags\.team: has a value that IAM refuses/],
  ["a tag's value that is too long", { tags: { team: "a".repeat(257) } }, /^x: tags\.team: has a value of 257/],
  [
    "two tags that differ by capitals",
    { tags: { team: "a", Team: "b" } },
    /^x: tags\.Team: differs from "team" only in case/,
  ],
  ...["Terraform", "ab", "a..b", "-state", "10.0.0.1", "xn--state", "state-s3alias", "a".repeat(64)].map(
    (bucket) =>
      [
        `the bucket "${bucket}"`,
        { state: { kind: "s3", bucket, region: "eu-central-1" } },
        /^x: state\.bucket: /,
      ] as const,
  ),
  [
    "a bucket's region that is none",
    { state: { kind: "s3", bucket: "state", region: "Frankfurt" } },
    /^x: state\.region: must be an AWS region/,
  ],
  ...["/aws/credential", "/awsome", "/SSM/key", "/a//b", "/a/", "credential", "/a".repeat(16)].map(
    (credentialParameter) =>
      [
        `the credential's parameter "${credentialParameter}"`,
        { forge: { ...example.forge, credentialParameter } },
        /^x: forge\.credentialParameter: /,
      ] as const,
  ),
  [
    "a budget that tells eleven people",
    { monthlyBudgetUsd: 100, alarms: { email: Array.from({ length: 11 }, (_, at) => `a${at}@example.org`) } },
    /^x: alarms\.email: has 11 addresses; a budget notifies at most 10$/,
  ],
  ["a proxy that is none", { proxy: { url: "socks5://proxy.example.org" } }, /^x: proxy\.url: must be an http/],
  ...["*", "prod-?", "${aws:username}"].map(
    (githubEnvironment) =>
      [
        `deployments from the GitHub environment "${githubEnvironment}"`,
        { deployFrom: { repository: "octo-org/octo-repo", githubEnvironment } },
        /^x: deployFrom\.githubEnvironment: must name one environment/,
      ] as const,
  ),
  ...["refs/*", "refs/heads/*", "refs/heads/release-?", "refs/heads/${x}", "refs/heads/", "refs/pull/1/merge"].map(
    (ref) =>
      [
        `images from the ref "${ref}"`,
        { imagesFrom: { repository: "octo-org/octo-repo", ref } },
        /^x: imagesFrom\.ref: must name one branch or tag/,
      ] as const,
  ),
  [
    "a class retired twice",
    { retiredClasses: ["huge", "tiny", "huge"] },
    /^x: retiredClasses\[2\]: lists "huge" twice/,
  ],
  [
    "more IOPS than a disk of its size may have",
    { defaults: { ...example.defaults, disk: { sizeGiB: 31, iops: 16_000 } } },
    /^x: defaults\.disk\.sizeGiB: is 31; defaults\.disk\.iops of 16000 needs 32 GiB$/,
  ],
  [
    "more IOPS than a class's smaller disk may have",
    {
      defaults: { ...example.defaults, disk: { sizeGiB: 60, iops: 10_000 } },
      classes: { large: { disk: { sizeGiB: 10 } } },
    },
    /^x: classes\.large\.disk\.sizeGiB: is 10; classes\.large\.disk\.iops of 10000 needs 20 GiB$/,
  ],
  [
    "more throughput than the IOPS carry",
    { defaults: { ...example.defaults, disk: { throughputMiB: 1000 } } },
    /^x: defaults\.disk\.throughputMiB: is 1000; it needs defaults\.disk\.iops of 4000, which is 3000$/,
  ],
  [
    "a retention that CloudWatch has not",
    { logRetentionDays: 8 },
    /^x: logRetentionDays: must be one of CloudWatch's: 1, 3, /,
  ],
  [
    "a floor of a class called as every object's own",
    { idleFloors: { "constructor/x64": 1 } },
    /^x: idleFloors\.constructor\/x64: "constructor" is not a class/,
  ],
  ...["0.0.0.0/16", "127.0.0.0/16", "169.254.0.0/16", "224.0.0.0/16"].map(
    (cidr) =>
      [
        `the block ${cidr}`,
        { network: { ...example.network, cidr } },
        /^x: network\.cidr: .* is reserved: use a block of 10\.0\.0\.0\/8/,
      ] as const,
  ),
  [
    "an endpoint named twice",
    { network: { ...example.network, kind: "private", endpoints: ["ssm", "logs", "ssm"] } },
    /^x: network\.endpoints: contains a duplicate$/,
  ],
  [
    "a person told twice, which a budget refuses",
    { monthlyBudgetUsd: 9, alarms: { email: ["a@example.org", "b@example.org", "a@example.org"] } },
    /^x: alarms\.email\[2\]: is a duplicate of "a@example\.org"$/,
  ],
  [
    "a bucket's key of another region",
    {
      state: {
        kind: "s3",
        bucket: "state",
        region: "eu-west-1",
        kmsKeyArn: "arn:aws:kms:eu-central-1:111122223333:key/1",
      },
    },
    /^x: state\.kmsKeyArn: is a key of eu-central-1; the bucket's must be of eu-west-1$/,
  ],
  [
    "a provider of another issuer",
    { given: { oidcProviderArn: "arn:aws:iam::111122223333:oidc-provider/accounts.google.com" } },
    /^x: given\.oidcProviderArn: .* OIDC provider of token\.actions\.githubusercontent\.com/,
  ],
  [
    "a provider of another account",
    {
      given: { oidcProviderArn: "arn:aws:iam::999988887777:oidc-provider/token.actions.githubusercontent.com" },
    },
    /^x: given\.oidcProviderArn: must be account 111122223333's OIDC provider/,
  ],
  [
    "a stock AMI without what makes a runner of it",
    {
      defaults: {
        ...example.defaults,
        image: { ...example.defaults.image, x64: { parameter: "/aws/service/canonical/ubuntu/server/24.04/stable/x" } },
      },
    },
    /^x: defaults\.install\.x64: is required: defaults\.image\.x64 is a stock AMI/,
  ],
  [
    "a repository by two spellings",
    { forge: { repositories: ["octo-org/Docs", "octo-org/docs"] } },
    /^x: forge\.repositories: contains a duplicate$/,
  ],
  [
    "a repository whose name no tag holds",
    { forge: { repositories: [`octo-org/${"r".repeat(101)}`] } },
    /^x: forge\.repositories\[0\]: must be OWNER\/REPOSITORY, or/,
  ],
  [
    "a role with more than IAM takes",
    { instanceTypes: Array.from({ length: 30 }, (_, at) => `${"c".repeat(300)}${at}`) },
    /^x: network: the role provision would have policies that are \d+ characters too long for IAM: /,
  ],
  ["a field that is missing", { account: undefined }, /^x: account: is required: a string$/],
  ["a field that there is not", { resourceClass: {} }, /^x: resourceClass: is not a field of an environment's file/],
  ["a name that the account's stack has", { name: "account" }, /^x: name: "account" must not begin with "account"/],
];

eachIsRefused(wrong);

test("what looks odd in a schedule, a tag, a bucket or a parameter is taken where AWS takes it", () => {
  const crons = [
    "0 7 ? * MON-FRI *",
    "*/15 8-18/2 ? JAN,MAR-MAY 2#1 2026-2030",
    "0 0 L * ? *",
    "0 0 15W * ? *",
    "0 0 ? * FRI#3 *",
    "5,10 0/4 1-7,LW * ? *",
    "0 0 ? * 6L *",
  ];
  const schedules = crons.map((cron, at) => ({ name: `s${at}`, cron: `cron(${cron})`, idleFloors: {} }));
  const taken = {
    schedules,
    tags: { "cost-center": "4711/Büro +1", "a:b": "" },
    state: { kind: "s3", bucket: "octo.org-state", region: "us-gov-west-1" },
    forge: {
      ...example.forge,
      credentialParameter: "/octo/ssm/github-app",
      repositoryIds: { "octo-org/octo-repo": "1/2" },
    },
    deployFrom: { repository: "octo-org/octo-repo", githubEnvironment: "runpool prod" },
    imagesFrom: { repository: "octo-org/octo-repo", ref: "refs/tags/v1.2/stable" },
    proxy: { url: "https://proxy.example.org" },
    defaults: { ...example.defaults, disk: { sizeGiB: 32, iops: 16_000, throughputMiB: 1000 } },
    classes: { large: { disk: { sizeGiB: 100 } } },
  };
  expect(refusals({ ...example, ...taken })).toEqual([]);
});

test("roles hold as many classes as there may be", () => {
  const classes = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`${"c".repeat(27)}-${at}`, { cpu: 2, mmem: 4096 }]));
  const roles = {
    forge: { ...example.forge, repositoryIds: { "octo-org/octo-repo": "1/2" } },
    deployFrom: { repository: "octo-org/octo-repo", githubEnvironment: "prod" },
  };
  expect(refusals({ ...example, ...roles, classes: classes(100) })).toEqual([]);
});
