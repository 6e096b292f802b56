// What wakes functions: queues that are polled, streams that are read, schedules that come, events that fit a rule.
import { cameLast } from "../../domain/cron.ts";
import type { Change } from "../dynamodb/table.ts";
import { ConnectionLost, type Placed } from "../http/faults.ts";
import { AwsFault, type Service } from "../http/service.ts";
import { queueUrl } from "../sqs/context.ts";
import type { Outcome } from "./containers.ts";
import type { Invoked } from "./lambda.ts";
import type { QueueSource, Rule, Schedule, StreamSource, Target } from "./plan.ts";

/** What sources work with: the services as a caller finds them, faults included. */
export interface SourceContext extends Placed {
  readonly lambda: Service;
  readonly sqs: Service;
  /** Puts a text into a queue, by the queue's name. */
  readonly keep: (queue: string, body: string) => Promise<void>;
  readonly stop: AbortSignal;
}

/** Who the service itself calls as. */
export const lambdaCaller = (region: string) => ({ accessKeyId: "AKIALAMBDA", region });
const againMs = 1_000;

/** Throws AwsFault, or ConnectionLost where nobody can know whether the function was called. */
export const invoke = async (context: SourceContext, input: Readonly<Record<string, unknown>>): Promise<Invoked> =>
  (await context.lambda({
    service: "lambda",
    action: "Invoke",
    input,
    caller: lambdaCaller(context.region),
  })) as Invoked;

/** Undefined where the call did not come through, or its reply was lost. */
async function unlessLost<Reply>(call: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof AwsFault || error instanceof ConnectionLost) return undefined;
    throw error;
  }
}

/** Calls a function and waits for it; undefined as above. */
const called = async (context: SourceContext, name: string, event: object): Promise<Outcome | undefined> =>
  (await unlessLost(invoke(context, { FunctionName: name, Payload: JSON.stringify(event) })))?.reply;

/**
 * Of a batch, the ids that failed (Lambda Developer Guide, "Implementing partial batch responses"): none where the reply names none, all
 * where the function failed, or its reply cannot be read or names what was not in the batch.
 */
function failuresIn(outcome: Outcome | undefined, ids: readonly string[], partial: boolean): readonly string[] {
  if (outcome === undefined || "error" in outcome) return ids;
  if (!partial) return [];
  const reply = JSON.parse(outcome.payload) as { readonly batchItemFailures?: unknown } | null;
  const failures = reply?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return ids;
  const named = failures.map((failure: unknown) => (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  return named.every((id) => typeof id === "string" && ids.includes(id)) ? (named as string[]) : ids;
}

interface Received {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes: Readonly<Record<string, string>>;
}

/** As many pollers as batches may be under way. Nobody waits for them: they end with the context's `stop`. */
export function pollQueue(context: SourceContext, source: QueueSource): void {
  const { clock, region, account, stop } = context;
  const QueueUrl = queueUrl(context, source.queue);
  const ask = async (action: string, input: object): Promise<unknown> => {
    const call = { action, input: { QueueUrl, ...input }, caller: lambdaCaller(region), gone: stop };
    const reply = await unlessLost(context.sqs({ service: "sqs", ...call }));
    if (reply === undefined) await clock.sleep(againMs, stop);
    return reply ?? {};
  };
  const receive = async (most: number, seconds: number): Promise<readonly Received[]> => {
    const input = {
      MaxNumberOfMessages: Math.min(10, most),
      WaitTimeSeconds: seconds,
      MessageSystemAttributeNames: ["All"],
    };
    const { Messages = [] } = (await ask("ReceiveMessage", input)) as { Messages?: readonly Received[] };
    return Messages;
  };
  const gather = async (): Promise<readonly Received[]> => {
    const batch = [...(await receive(source.batch, 20))];
    const until = clock.now() + source.windowMs;
    while (batch.length > 0 && batch.length < source.batch && clock.now() < until && !stop.aborted) {
      const seconds = Math.min(20, Math.ceil((until - clock.now()) / 1000));
      batch.push(...(await receive(source.batch - batch.length, seconds)));
    }
    return batch;
  };
  const one = async (batch: readonly Received[]): Promise<void> => {
    const event = {
      Records: batch.map((message) => ({
        messageId: message.MessageId,
        receiptHandle: message.ReceiptHandle,
        body: message.Body,
        attributes: message.Attributes,
        messageAttributes: {},
        md5OfBody: message.MD5OfBody,
        eventSource: "aws:sqs",
        eventSourceARN: `arn:aws:sqs:${region}:${account}:${source.queue}`,
        awsRegion: region,
      })),
    };
    const outcome = await called(context, source.function, event);
    const ids = batch.map(({ MessageId }) => MessageId);
    const failed = new Set(failuresIn(outcome, ids, source.partial));
    // What failed comes again when its time-out of visibility has passed.
    const done = batch.filter(({ MessageId }) => !failed.has(MessageId));
    for (let at = 0; at < done.length; at += 10) {
      const Entries = done.slice(at, at + 10).map(({ ReceiptHandle }, id) => ({ Id: String(id), ReceiptHandle }));
      await ask("DeleteMessageBatch", { Entries });
    }
  };
  const poll = async (): Promise<void> => {
    while (!stop.aborted) {
      const batch = await gather();
      if (batch.length > 0 && !stop.aborted) await one(batch);
    }
  };
  for (let pollers = source.concurrency; pollers > 0; pollers--) void poll();
}

interface StreamRecord {
  readonly eventID: string;
  readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
  readonly eventVersion: "1.1";
  readonly eventSource: "aws:dynamodb";
  readonly awsRegion: string;
  readonly eventSourceARN: string;
  readonly dynamodb: { readonly SequenceNumber: string } & Readonly<Record<string, unknown>>;
}

/** One shard: a batch that fails holds up what comes after it, until it is handled or has been tried as often as it may. */
export function readStream(
  context: SourceContext,
  source: StreamSource,
  subscribe: (on: (change: Change) => void) => void,
): void {
  const { clock, region, account, stop } = context;
  const arn = `arn:aws:dynamodb:${region}:${account}:table/${source.table}/stream/2026-01-01T00:00:00.000`;
  const records: StreamRecord[] = [];
  let wake = (): void => undefined;
  stop.addEventListener("abort", () => wake(), { once: true });
  let count = 0;
  subscribe(({ table, key, before, after, at }) => {
    if (table !== source.table) return;
    const SequenceNumber = `1${String(++count).padStart(20, "0")}`;
    records.push({
      eventID: SequenceNumber,
      eventName: before === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY",
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: region,
      eventSourceARN: arn,
      dynamodb: {
        SequenceNumber,
        ApproximateCreationDateTime: Math.floor(at / 1000),
        Keys: key,
        StreamViewType: "NEW_AND_OLD_IMAGES",
        ...(after === undefined ? {} : { NewImage: after }),
        ...(before === undefined ? {} : { OldImage: before }),
      },
    });
    wake();
  });
  const read = async (): Promise<void> => {
    let tries = 0;
    while (!stop.aborted) {
      if (records.length === 0) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      const batch = records.slice(0, source.batch);
      const ids = batch.map(({ dynamodb }) => dynamodb.SequenceNumber);
      const failed = failuresIn(await called(context, source.function, { Records: batch }), ids, source.partial);
      const first = failed.length === 0 ? batch.length : Math.min(...failed.map((id) => ids.indexOf(id)));
      records.splice(0, first);
      tries = failed.length === 0 || first > 0 ? 0 : tries + 1;
      if (failed.length === 0) continue;
      if (source.retries >= 0 && tries > source.retries) {
        const lost = records.splice(0, batch.length - first);
        tries = 0;
        if (source.deadLetters !== undefined)
          await context.keep(
            source.deadLetters,
            JSON.stringify({
              version: "1.0",
              requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: source.retries + 1 },
              DDBStreamBatchInfo: {
                streamArn: arn,
                batchSize: lost.length,
                startSequenceNumber: lost[0]?.dynamodb.SequenceNumber,
                endSequenceNumber: lost.at(-1)?.dynamodb.SequenceNumber,
              },
            }),
          );
      } else await clock.sleep(againMs, stop);
    }
  };
  void read();
}

/** Hands an event over, and does not wait for what comes of it: again until it is accepted, and else to the dead letters. */
async function deliver(context: SourceContext, target: Target, Payload: string): Promise<void> {
  const { clock, stop } = context;
  const begun = clock.now();
  const event = { FunctionName: target.function, InvocationType: "Event", Payload };
  for (let tries = 0; tries <= target.retries && clock.now() <= begun + target.ageMs; tries++) {
    if (stop.aborted || (await unlessLost(invoke(context, event))) !== undefined) return;
    await clock.sleep(againMs * 2 ** tries, stop);
  }
  if (target.deadLetters !== undefined) await context.keep(target.deadLetters, Payload);
}

const unitsMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const rateMs = (expression: string): number | undefined => {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  return count === undefined ? undefined : Number(count) * (unitsMs[unit ?? ""] ?? 0);
};

/** A rate without a start date comes at once, and then each period (EventBridge Scheduler User Guide, "Schedule types"). */
export function keepSchedule(context: SourceContext, schedule: Schedule): void {
  const { clock, stop } = context;
  const { expression, timezone, input } = schedule;
  const every = rateMs(expression);
  const minute = 60_000;
  const isDue = (now: number): boolean => {
    const last = cameLast(expression, timezone, now);
    return last !== undefined && last > now - minute;
  };
  const tick = async (): Promise<void> => {
    const first = every === undefined ? minute - (clock.now() % minute) : 0;
    for (let next = clock.now() + first; ; next += every ?? minute) {
      await clock.sleep(next - clock.now(), stop);
      if (stop.aborted) return;
      if (every !== undefined || isDue(next)) void deliver(context, schedule, input);
    }
  };
  void tick();
}

/** EventBridge User Guide, "Event patterns": exact values and prefixes, as far as our rules use them. */
export function fits(pattern: unknown, event: unknown): boolean {
  if (Array.isArray(pattern))
    return pattern.some((wanted: unknown) => {
      const found = Array.isArray(event) ? (event as readonly unknown[]) : [event];
      if (typeof wanted !== "object" || wanted === null) return found.includes(wanted);
      const { prefix, ...unknown } = wanted as { readonly prefix?: unknown };
      if (typeof prefix !== "string" || Object.keys(unknown).length > 0)
        throw new Error(`this pattern is not known here: ${JSON.stringify(wanted)}`);
      return found.some((one) => typeof one === "string" && one.startsWith(prefix));
    });
  if (typeof pattern !== "object" || pattern === null) throw new Error(`no pattern: ${JSON.stringify(pattern)}`);
  return Object.entries(pattern).every(([name, part]) => {
    const inner = typeof event === "object" && event !== null ? (event as Record<string, unknown>)[name] : undefined;
    return inner !== undefined && fits(part, inner);
  });
}

/** An event on the default bus: every rule that it fits hands it over. */
export function onBus(context: SourceContext, rules: readonly Rule[], event: object): void {
  for (const rule of rules) if (fits(rule.pattern, event)) void deliver(context, rule, JSON.stringify(event));
}
