// What the reference works on: the bench's cloud, with clients of its own.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { poolKey } from "../domain/class-keys.ts";
import { credentials, place, type BenchCloud, type Environment } from "./bench-cloud.ts";
import type { ReferenceOptions } from "./reference.ts";
export function referenceOptions(cloud: BenchCloud, { table, defaults }: Environment): ReferenceOptions {
  const options = { region: place.region, endpoint: cloud.front, credentials };
  return {
    dynamodb: new DynamoDBClient(options),
    sqs: new SQSClient(options),
    table,
    queueUrl: defaults.queues["large"]?.url ?? "",
    pool: poolKey({ partition: "github:example/shop", resourceClass: "large", architecture: "x64" }, "idle"),
  };
}
