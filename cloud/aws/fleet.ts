// The fleet on EC2. The EC2 client is large, so it is loaded with the first call: a provision served by the pool never pays for it.
import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type * as Ec2 from "./ec2-sdk.ts";
import type { Fleet } from "../ports.ts";
import { launch, type LaunchTools } from "./launch.ts";
import { describe, ours, terminate } from "./machines.ts";
import { AwsRefused, asSdkError, raise } from "./sdk-errors.ts";

export interface FleetWish {
  /** Builds the client once the SDK's module is there, e.g. `({ EC2Client }) => new EC2Client(clientOptions("ec2"))`. */
  readonly ec2: (sdk: typeof Ec2) => EC2Client;
  readonly ssm: SSMClient;
  readonly environment: string;
}

async function image(ssm: SSMClient, parameter: string): Promise<string> {
  const what = `GetParameter ${parameter}`;
  const reply = await ssm.send(new GetParameterCommand({ Name: parameter })).catch((error: unknown) => {
    if (asSdkError(error).name !== "ParameterNotFound") return raise(what, error);
    throw new AwsRefused(what, "ParameterNotFound", "no image is named there: build one, or write an AMI id to it");
  });
  const value = reply.Parameter?.Value ?? "";
  if (/^ami-[0-9a-f]{8,17}$/.test(value)) return value;
  throw new AwsRefused(what, "NoImage", `"${value}" is no AMI id`);
}

export function fleet(wish: FleetWish): Fleet {
  let loading: Promise<LaunchTools> | undefined;
  const load = async (): Promise<LaunchTools> => {
    const sdk = await import("./ec2-sdk.ts");
    return { sdk, client: wish.ec2(sdk), sizes: new Map() };
  };
  const tools = (): Promise<LaunchTools> => (loading ??= load());
  return {
    image: (parameter) => image(wish.ssm, parameter),
    launch: async (request) => launch(await tools(), request),
    describe: async (instanceIds) => (instanceIds.length === 0 ? new Map() : describe(await tools(), instanceIds)),
    ours: async () => ours(await tools(), wish.environment),
    terminate: async (instanceIds) => (instanceIds.length === 0 ? new Map() : terminate(await tools(), instanceIds)),
  };
}
