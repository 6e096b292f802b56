// The laptop's environment, described as one that is deployed would be; `npm start` is furnished from its synthesized stack.
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";

export const place = { environment: "laptop", region: "us-east-1", account: "123456789012" } as const;
export const repository = "example/shop";
const image = "ami-0123456789abcdef0";

export default {
  schema: 2,
  name: place.environment,
  account: place.account,
  region: place.region,
  network: { kind: "public", cidr: "10.80.0.0/20", zones: ["us-east-1a", "us-east-1b", "us-east-1c"] },
  forge: { repositories: [repository] },
  defaults: {
    operatingSystem: "ubuntu-24.04",
    architectures: ["x64"],
    image: { x64: { id: image } },
  },
} satisfies EnvironmentFile;
