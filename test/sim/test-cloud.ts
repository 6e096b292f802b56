// A fresh embedded DynamoDB and SQS behind a front door, with real SDK clients on it, for one test file.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { chance } from "../../cloud/sim/chance.ts";
import { dynamodb, type DynamoDb } from "../../cloud/sim/dynamodb/dynamodb.ts";
import { openFaults, type Faults } from "../../cloud/sim/http/faults.ts";
import { openFrontDoor, type FrontDoor } from "../../cloud/sim/http/front-door.ts";
import type { Service } from "../../cloud/sim/http/service.ts";
import { sqs, type Sqs } from "../../cloud/sim/sqs/sqs.ts";
import { manualClock, type ManualClock } from "./manual-clock.ts";

export const sdkConfig = (endpoint: string) => ({
  endpoint,
  region: "eu-west-1",
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
  maxAttempts: 1,
});

export interface TestCloud {
  readonly clock: ManualClock;
  readonly faults: Faults;
  readonly door: FrontDoor;
  readonly db: DynamoDb;
  readonly queues: Sqs;
  readonly dynamo: DynamoDBClient;
  readonly sqs: SQSClient;
  close(): Promise<void>;
}

export async function openTestCloud(others: { ec2?: Service; ssm?: Service; sts?: Service } = {}): Promise<TestCloud> {
  const clock = manualClock();
  const faults = openFaults();
  const base = { clock, faults, region: "eu-west-1", account: "123456789012" };
  const db = dynamodb({ ...base, chance: chance("test/dynamodb") });
  const queues = sqs({ ...base, chance: chance("test/sqs") });
  const services = { dynamodb: db.service, sqs: queues.service, ...others };
  const door = await openFrontDoor({ services, clock, faults, chance: chance("test/door") });
  const dynamo = new DynamoDBClient(sdkConfig(door.url));
  const client = new SQSClient(sdkConfig(door.url));
  return {
    clock,
    faults,
    door,
    db,
    queues,
    dynamo,
    sqs: client,
    close: async () => {
      dynamo.destroy();
      client.destroy();
      await door.close();
    },
  };
}
