// An environment to read, and to try the stacks with: every field that most people set.
import type { EnvironmentFile } from "../stacks/environment/environment.ts";

export default {
  schema: 2,
  name: "example",
  account: "111122223333",
  region: "eu-central-1",
  network: { kind: "public", cidr: "10.80.0.0/16", zones: ["eu-central-1a", "eu-central-1b", "eu-central-1c"] },
  forge: {
    repositories: ["octo-org/octo-repo", "octo-org/docs"],
  },
  defaults: {
    operatingSystem: "amazon-linux-2023",
    architectures: ["x64", "arm64"],
    image: {
      x64: { id: "ami-0a1b2c3d4e5f60001" },
      arm64: { id: "ami-0a1b2c3d4e5f60002" },
    },
  },
  limits: { maxInstances: 40 },
} satisfies EnvironmentFile;
