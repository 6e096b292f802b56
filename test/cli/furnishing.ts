// Furnishing an embedded cloud as an environment: its clients, and what the furnishing plan is made from.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Ec2 } from "../../cloud/sim/ec2/ec2.ts";

export function clientsAt(
  endpoint: string,
  region: string,
  credentials: { accessKeyId: string; secretAccessKey: string },
) {
  const options = { region, endpoint, credentials };
  return {
    dynamodb: new DynamoDBClient(options),
    sqs: new SQSClient(options),
    ec2: new EC2Client(options),
    ssm: new SSMClient(options),
  };
}

/** A subnet in each of two zones. */
export const twoSubnets = (machines: Pick<Ec2, "addSubnet">, region: string) =>
  ["a", "b"].map((letter) => {
    const zone = `${region}${letter}`;
    return { id: machines.addSubnet({ zone }), zone };
  });

export const forgeAt = (url: string, repository: string) => ({
  kind: "github" as const,
  serverUrl: url,
  apiUrl: url,
  repositories: [repository],
});
