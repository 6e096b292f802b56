// The reference as an executable: takes and starts, or only takes, and prints how many it took.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { start, take, type ReferenceOptions } from "./reference.ts";

const text = (name: string): string => process.env[name] ?? "";
const options = {
  region: text("AWS_REGION"),
  endpoint: text("AWS_ENDPOINT_URL"),
  credentials: { accessKeyId: text("AWS_ACCESS_KEY_ID"), secretAccessKey: text("AWS_SECRET_ACCESS_KEY") },
};
const reference: ReferenceOptions = {
  dynamodb: new DynamoDBClient(options),
  sqs: new SQSClient(options),
  table: text("BENCH_TABLE"),
  queueUrl: text("BENCH_QUEUE"),
  pool: "",
};
const { keys, deleted } = await take(reference, Number(text("BENCH_COUNT")), text("BENCH_RUN"));
if (text("BENCH_START") === "true") await start(reference, keys, text("BENCH_RUN"));
await deleted;
process.stdout.write(`taken ${keys.length}\n`);
process.exit(0);
