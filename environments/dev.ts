// The development environment: cheap, small, thrown away without a thought. Put your own account and repositories in.
import type { EnvironmentFile } from "../stacks/environment/environment.ts";

export default {
  schema: 2,
  name: "dev",
  account: "111122223333",
  region: "eu-central-1",
  network: { kind: "public", cidr: "10.81.0.0/20", zones: ["eu-central-1a", "eu-central-1b"] },
  forge: { repositories: ["octo-org/octo-repo"] },
  defaults: {
    operatingSystem: "amazon-linux-2023",
    architectures: ["x64"],
    // The parameter that the AMI pipeline writes.
    image: { x64: { pipeline: true } },
  },
  // Of the built-in classes these two.
  classes: { large: {}, xlarge: {} },
  limits: { maxInstances: 10 },
  sessionAccess: true,
  logRetentionDays: 7,
} satisfies EnvironmentFile;
