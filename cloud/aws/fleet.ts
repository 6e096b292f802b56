// The fleet on EC2. The clients of EC2 and SSM are loaded with the first call: a provision served by the pool never pays for them.
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type * as Ec2 from "./ec2-sdk.ts";
import type { Fleet } from "../ports/fleet.ts";
import { launch, type LaunchTools } from "./launch.ts";
import { describe, ours, terminate } from "./machines.ts";

export interface FleetOptions {
  /** Builds the client once the SDK's module is there, e.g. `({ EC2Client }) => new EC2Client(clientOptions("ec2"))`. */
  readonly ec2: (sdk: typeof Ec2) => EC2Client;
  readonly ssm: () => SSMClient | Promise<SSMClient>;
  readonly environment: string;
}

export function fleet(options: FleetOptions): Fleet {
  let loading: Promise<LaunchTools> | undefined;
  const load = async (): Promise<LaunchTools> => {
    const sdk = await import("./ec2-sdk.ts");
    return { sdk, client: options.ec2(sdk), sizes: new Map(), types: new Map(), asAsked: new Set() };
  };
  const tools = (): Promise<LaunchTools> => (loading ??= load());
  return {
    image: async (parameter) => {
      const { image } = await import("./image-parameter.ts");
      return image(await options.ssm(), parameter);
    },
    launch: async (request) => launch(await tools(), request),
    describe: async (instanceIds) => (instanceIds.length === 0 ? new Map() : describe(await tools(), instanceIds)),
    ours: async () => ours(await tools(), options.environment),
    terminate: async (instanceIds) => (instanceIds.length === 0 ? new Map() : terminate(await tools(), instanceIds)),
  };
}
