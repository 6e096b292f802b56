// A fresh embedded AWS, with real SDK clients of DynamoDB and SQS on it, for one test file.
import { chance } from "../../sim/chance.ts";
import { anyCredentials, embeddedCloud, type EmbeddedCloudOptions } from "../../sim/embedded-cloud.ts";
import { manualClock } from "./manual-clock.ts";

const region = "eu-west-1";

export const sdkConfig = (endpoint: string) => ({ endpoint, region, credentials: anyCredentials, maxAttempts: 1 });

export type TestCloud = Awaited<ReturnType<typeof openTestCloud>>;

export async function openTestCloud(instead: EmbeddedCloudOptions["instead"] = {}) {
  const clock = manualClock();
  const aws = await embeddedCloud({ clock, chance: chance("test"), region, account: "123456789012", instead });
  return { ...aws, clock, dynamo: aws.clients.dynamodb, sqs: aws.clients.sqs };
}
