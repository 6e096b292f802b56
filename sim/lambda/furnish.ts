// Furnishes the embedded cloud with the lambdas of a synthesized stack: functions, their queues, and all that wakes them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import type { EmbeddedCloud } from "../embedded-cloud.ts";
import { rendered, resourcesOf, type StackFile } from "../stack-file.ts";
import { queueOf } from "../stack-plan.ts";
import type { Runtime } from "./containers.ts";
import { lambdaPlan, namedBy } from "./plan.ts";
import { keepSchedule, onBus, pollQueue, readStream } from "./sources.ts";
import { openUrl } from "./urls.ts";

/** Dead letters first: a queue that names what is not there is refused. */
async function makeQueues({ clients, sources }: EmbeddedCloud, stack: StackFile): Promise<void> {
  const { region, account } = sources;
  const arnOf = (type: string, id: string, attribute: string): string =>
    `arn:aws:sqs:${region}:${account}:${namedBy(stack, `\${${type}.${id}.${attribute}}`)}`;
  const all = resourcesOf(stack, "aws_sqs_queue").map(([, block]) => ({
    ...queueOf(block),
    redrive: block["redrive_policy"],
  }));
  const givesUp = ({ redrive }: { readonly redrive: unknown }): number => (redrive === undefined ? 0 : 1);
  for (const { name, attributes, redrive } of all.toSorted((a, b) => givesUp(a) - givesUp(b)))
    await clients.sqs.send(
      new CreateQueueCommand({
        QueueName: name,
        Attributes: {
          ...attributes,
          ...(typeof redrive === "string" ? { RedrivePolicy: rendered(redrive, arnOf) } : {}),
        },
      }),
    );
}

export interface FurnishedLambdas {
  /** By the function's name. */
  readonly urls: Readonly<Record<string, string>>;
  /** Puts an event on the account's default bus. */
  readonly emit: (event: object) => void;
}

/**
 * All of it goes on until the cloud is closed. `folder`: of the stack, from which its archives are seen; `runtime`: what its code runs in.
 */
export async function furnishLambdas(
  cloud: EmbeddedCloud,
  stack: StackFile,
  { folder, runtime }: { readonly folder: string; readonly runtime: Runtime },
): Promise<FurnishedLambdas> {
  const { sources, lambdas, db } = cloud;
  const plan = lambdaPlan(stack, (filename) => readFileSync(join(folder, filename)));
  await makeQueues(cloud, stack);
  for (const one of plan.functions) lambdas.add(one, runtime);
  for (const queue of plan.queues) pollQueue(sources, queue);
  for (const stream of plan.streams) readStream(sources, stream, (on) => void db.onChange(on));
  for (const schedule of plan.schedules) keepSchedule(sources, schedule);
  const urls: [string, string][] = [];
  for (const name of plan.urls) urls.push([name, await openUrl(sources, name)]);
  return { urls: Object.fromEntries(urls), emit: (event) => onBus(sources, plan.rules, event) };
}
