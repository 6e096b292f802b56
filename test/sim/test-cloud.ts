// A fresh embedded AWS, with real SDK clients of DynamoDB and SQS on it, for one test file.
import { chance } from "../../sim/chance.ts";
import { anyCredentials, clientsAt, embeddedCloud, type EmbeddedCloudOptions } from "../../sim/embedded-cloud.ts";
import { manualClock } from "./manual-clock.ts";

const region = "eu-west-1";

export const sdkConfig = (endpoint: string) => ({ endpoint, region, credentials: anyCredentials, maxAttempts: 1 });

export type TestCloud = Awaited<ReturnType<typeof openTestCloud>>;

export async function openTestCloud(instead: EmbeddedCloudOptions["instead"] = {}) {
  const clock = manualClock();
  const aws = await embeddedCloud({ clock, chance: chance("test"), region, account: "123456789012", instead });
  const clients = clientsAt(aws.door.url, region);
  return {
    ...aws,
    clock,
    dynamo: clients.dynamodb,
    sqs: clients.sqs,
    close: async (): Promise<void> => {
      for (const client of Object.values(clients)) client.destroy();
      await aws.close();
    },
  };
}
