// Terraform runs this before the queues of a class go, with environment, region, the classes of before and those kept: it fails while there is anything of one.
import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { clientOptions } from "../cloud/aws/client-options.ts";
import { fleet } from "../cloud/aws/fleet.ts";
import { depth } from "../cloud/aws/pool.ts";
import { queueName, tags, unreadableQueueName } from "../domain/names.ts";

const [environment, region, before, kept] = process.argv.slice(2);
if (environment === undefined || region === undefined || before === undefined || kept === undefined)
  throw new Error("usage: refuse-removal.ts ENVIRONMENT REGION CLASS,… CLASS,…");
const removed = before.split(",").filter((name) => !kept.split(",").includes(name));
if (removed.length > 0) {
  const machines = await fleet({
    ec2: (sdk) => new sdk.EC2Client({ region, ...clientOptions("ec2", process.env) }),
    ssm: () => new SSMClient({ region, ...clientOptions("other", process.env) }),
    environment,
  }).ours();
  const sqs = new SQSClient({ region, ...clientOptions("other", process.env) });
  for (const resourceClass of removed) {
    const alive = machines.filter(
      (one) => one.state !== "shutting-down" && one.tags[tags.resourceClass] === resourceClass,
    );
    const left = [
      ...(alive.length === 0
        ? []
        : [`${alive.length} instances live: ${alive.map((one) => one.instanceId).join(", ")}`]),
      ...(await messagesIn(sqs, queueName(environment, resourceClass))),
      ...(await messagesIn(sqs, unreadableQueueName(environment, resourceClass))),
    ];
    if (left.length === 0) continue;
    process.stderr.write(
      `environments/${environment}.ts: retiredClasses: class "${resourceClass}" is in use, and must be named here: ${left.join("; ")}\n` +
        `Write "${resourceClass}" there, not in resourceClasses, and deploy; remove it when it is empty: npm run runpool -- doctor -e ${environment} says so\n`,
    );
    process.exitCode = 1;
  }
}

/** One line where there are some; a queue that is gone holds none. */
async function messagesIn(client: SQSClient, name: string): Promise<readonly string[]> {
  try {
    const { QueueUrl = "" } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    const count = await depth(client, QueueUrl);
    return count === 0 ? [] : [`the queue ${name} holds about ${count} message${count === 1 ? "" : "s"}`];
  } catch (error) {
    if (error instanceof Error && /^QueueDoesNotExist$|NonExistentQueue$/.test(error.name)) return [];
    throw error;
  }
}
