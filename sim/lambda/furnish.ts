// Furnishes the embedded cloud with the lambdas of a synthesized stack: functions, their queues, and all that wakes them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import type { Clock } from "../../cloud/ports/clock.ts";
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

export interface FurnishOptions {
  /** Of the stack: its archives are named from there. */
  readonly folder: string;
  /** What its code runs in. */
  readonly runtime: Runtime;
  /** How many times faster than the cloud's clock schedules run; 1 by default. */
  readonly scheduleSpeed?: number;
}

function spedUp(clock: Clock, speed: number): Clock {
  const start = clock.now();
  return {
    now: () => start + (clock.now() - start) * speed,
    sleep: (ms, wake) => clock.sleep(ms / speed, wake),
  };
}

/** Runs until the cloud is closed. */
export async function furnishLambdas(
  cloud: EmbeddedCloud,
  stack: StackFile,
  { folder, runtime, scheduleSpeed = 1 }: FurnishOptions,
): Promise<FurnishedLambdas> {
  const { sources, lambdas, db } = cloud;
  const plan = lambdaPlan(stack, (filename) => readFileSync(join(folder, filename)));
  await makeQueues(cloud, stack);
  for (const one of plan.functions) lambdas.add(one, runtime);
  for (const queue of plan.queues) pollQueue(sources, queue);
  for (const stream of plan.streams) readStream(sources, stream, (on) => void db.onChange(on));
  const clock = spedUp(sources.clock, scheduleSpeed);
  for (const schedule of plan.schedules) keepSchedule({ ...sources, clock }, schedule);
  const urls: [string, string][] = [];
  for (const name of plan.urls) urls.push([name, await openUrl(sources, name)]);
  return { urls: Object.fromEntries(urls), emit: (event) => onBus(sources, plan.rules, event) };
}
