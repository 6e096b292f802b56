// A small environment in TypeScript: in a checkout the editor checks it by its type.
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";

export default {
  schema: 2,
  name: "small",
  account: "111122223333",
  region: "eu-central-1",
  network: { kind: "public", cidr: "10.82.0.0/20", zones: ["eu-central-1a", "eu-central-1b"] },
  forge: { repositories: ["octo-org/octo-repo"] },
  defaults: {
    operatingSystem: "ubuntu-24.04",
    architectures: ["x64"],
    image: { x64: { pipeline: true } },
  },
  classes: {
    large: {},
    // The same size, and never the same machines: docker makes jobs root, so each serves one run.
    "large-docker": { cpu: 2, mmem: 4096, docker: true, image: { x64: { id: "ami-0a1b2c3d4e5f60001" } } },
  },
  limits: { idle: "5m", maxInstances: 20 },
} satisfies EnvironmentFile;
