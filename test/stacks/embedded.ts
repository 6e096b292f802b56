// An embedded cloud of the account and region that a stack is for, with real SDK clients on it.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { onTestFinished } from "vitest";
import { chance } from "../../cloud/sim/chance.ts";
import { dynamodb } from "../../cloud/sim/dynamodb/dynamodb.ts";
import { ec2 } from "../../cloud/sim/ec2/ec2.ts";
import { imagesOf, placeOf } from "../../cloud/sim/furnish-from-stack.ts";
import { openFrontDoor } from "../../cloud/sim/http/front-door.ts";
import { sqs } from "../../cloud/sim/sqs/sqs.ts";
import { ssm } from "../../cloud/sim/ssm/ssm.ts";
import type { StackFile } from "../../cloud/sim/stack-file.ts";
import { manualClock } from "../sim/manual-clock.ts";

export async function embeddedFor(stack: StackFile) {
  const place = placeOf(stack);
  const clock = manualClock();
  const base = { clock, ...place, chance: chance("stacks") };
  const parameters = ssm(base);
  const machines = ec2({ ...base, parameter: parameters.value });
  for (const { id, architecture, rootDevice } of imagesOf(stack))
    machines.addImage({ id, name: id, architecture: architecture === "arm64" ? "arm64" : "x86_64", rootDevice });
  const services = {
    dynamodb: dynamodb(base).service,
    sqs: sqs(base).service,
    ec2: machines.service,
    ssm: parameters.service,
  };
  const door = await openFrontDoor({ services, clock, chance: chance("stacks/door") });
  const config = {
    region: place.region,
    endpoint: door.url,
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
    maxAttempts: 1,
  };
  const clients = {
    dynamodb: new DynamoDBClient(config),
    sqs: new SQSClient(config),
    ec2: new EC2Client(config),
    ssm: new SSMClient(config),
  };
  onTestFinished(async () => {
    for (const client of Object.values(clients)) client.destroy();
    machines.close();
    await door.close();
  });
  return { clients, clock, url: door.url };
}
