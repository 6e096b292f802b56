// The production environment: an existing network, its own key, state in S3, people to tell. Put your own identifiers in.
import type { EnvironmentFile } from "../stacks/environment/environment.ts";

const vpc = "vpc-0a1b2c3d4e5f60001";

export default {
  schema: 2,
  name: "prod",
  account: "111122223333",
  region: "eu-central-1",
  network: {
    kind: "existing",
    subnets: [
      { id: "subnet-0a1b2c3d4e5f60001", zone: "eu-central-1a", vpc },
      { id: "subnet-0a1b2c3d4e5f60002", zone: "eu-central-1b", vpc },
      { id: "subnet-0a1b2c3d4e5f60003", zone: "eu-central-1c", vpc },
    ],
  },
  forge: {
    repositories: ["octo-org/octo-repo", "octo-org/shop", "octo-org/payments"],
    // What GitHub numbers them by: no other repository's token can say so. docs/deploy.md has the command that prints them.
    repositoryIds: {
      "octo-org/octo-repo": "123456/456789",
      "octo-org/shop": "123456/456790",
      "octo-org/payments": "123456/456791",
      "octo-org/infrastructure": "123456/456792",
    },
  },
  partitions: { web: ["octo-org/octo-repo", "octo-org/shop"] },
  defaults: {
    operatingSystem: "ubuntu-24.04",
    architectures: ["x64", "arm64"],
    image: { x64: { pipeline: true }, arm64: { pipeline: true } },
  },
  limits: { maxInstances: 200, maxInstancesPerPartition: 120 },
  schedules: [
    { name: "morning", cron: "cron(0 7 ? * MON-FRI *)", timezone: "Europe/Berlin", idleFloors: { "large/x64": 5 } },
    { name: "evening", cron: "cron(0 19 ? * MON-FRI *)", timezone: "Europe/Berlin", idleFloors: {} },
  ],
  kmsKeyArn: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
  alarms: { email: ["ci-oncall@example.org"], idleCeiling: 30 },
  deployFrom: { repository: "octo-org/infrastructure", githubEnvironment: "runpool-prod" },
  imagesFrom: { repository: "octo-org/infrastructure" },
  monthlyBudgetUsd: 2000,
  protect: true,
  logRetentionDays: 90,
  shipLogs: true,
  tags: { team: "ci", "cost-center": "4711" },
  state: { kind: "s3", bucket: "octo-org-terraform-state", region: "eu-central-1" },
} satisfies EnvironmentFile;
