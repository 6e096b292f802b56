// The development environment: cheap, small, thrown away without a thought. Put your own account and repositories in.
import type { EnvironmentFile } from "../stacks/environment/environment.ts";

export default {
  name: "dev",
  account: "111122223333",
  region: "eu-central-1",
  network: { kind: "public", cidr: "10.81.0.0/20", zones: ["eu-central-1a", "eu-central-1b"] },
  forge: { repositories: ["octo-org/octo-repo"] },
  resourceClasses: { large: { cpu: 2, mmem: 4096 }, xlarge: { cpu: 4, mmem: 8192 } },
  architectures: ["x64"],
  operatingSystem: "amazon-linux-2023",
  // The parameter that the AMI pipeline writes.
  images: { x64: { pipeline: true } },
  limits: { maxInstances: 10 },
  sessionAccess: true,
  logRetentionDays: 7,
} satisfies EnvironmentFile;
