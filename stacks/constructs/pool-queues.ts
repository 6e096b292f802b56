// One queue a resource class, and one beside it for unreadable messages.
import type { TerraformStack } from "cdktf";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue/index.js";
import type { Deployed } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { queueName, unreadableQueueName } from "../../domain/class-keys.ts";
import { queuedClasses } from "../arns.ts";
import type { Environment } from "../environment/environment.ts";

const second = 1000;
/** The longest that SQS keeps a message (SQS API Reference, SetQueueAttributes): time for a person to look. */
const unreadableKeptS = 14 * 24 * 60 * 60;

/** No redrive policy: receiving counts towards it, and a healthy message is received and returned many times. */
export function makeQueues(stack: TerraformStack, environment: Environment): Deployed["queues"] {
  const { name, kmsKeyArn } = environment;
  const encryption = kmsKeyArn === undefined ? { sqsManagedSseEnabled: true } : { kmsMasterKeyId: kmsKeyArn };
  return Object.fromEntries(
    queuedClasses(environment).map((resourceClass) => {
      const queue = new SqsQueue(stack, `pool-${resourceClass}`, {
        name: queueName(name, resourceClass),
        visibilityTimeoutSeconds: limits.leaseMs / second,
        messageRetentionSeconds: limits.poolRetentionMs / second,
        ...encryption,
      });
      const unreadable = new SqsQueue(stack, `unreadable-${resourceClass}`, {
        name: unreadableQueueName(name, resourceClass),
        messageRetentionSeconds: unreadableKeptS,
        ...encryption,
      });
      return [resourceClass, { url: queue.url, unreadableUrl: unreadable.url }];
    }),
  );
}
