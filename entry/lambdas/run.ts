// One way in for every lambda: its variables and its event are parsed at the door, what it stands on is built once a container.
import * as z from "zod/mini";
import { AwsRefused } from "../../cloud/aws/sdk-errors.ts";
import { ForgeRefused } from "../../cloud/ports/forge.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { OutOfReach, RateLimited } from "../../cloud/ports/outcomes.ts";
import { Unconfigured } from "../../cloud/ports/settings.ts";
import type { FailureCode } from "../../domain/events.ts";
import { environmentName } from "../../domain/names.ts";
import { hostClock } from "../host-clock.ts";
import { jsonLog } from "../json-log.ts";

/** Where a lambda runs. */
export interface Surroundings<Variables> {
  readonly environment: string;
  readonly region: string;
  /** Its own, as its schema gives them. */
  readonly variables: Variables;
  readonly log: Log;
}

/** What every lambda says of itself; `World`: what its handler stands on. */
interface Lambda<Variables, World> {
  /** Its own variables, beside those that every lambda has (stacks/constructs/lambda.ts). */
  readonly variables?: z.ZodMiniType<Variables>;
  /** Called with a container's first event. What may change while a container lives is read in `handle`. */
  readonly open: (surroundings: Surroundings<Variables>) => World;
}

export interface EventLambda<Variables, World, Event, Reply> extends Lambda<Variables, World> {
  readonly event: z.ZodMiniType<Event>;
  readonly handle: (event: Event, world: World) => Promise<Reply>;
}

/** A message of the queue that its source reads. */
export interface Message<Body> {
  readonly id: string;
  readonly body: Body;
  /** Deliveries of it, this one included. */
  readonly received: number;
  /** Epoch ms. */
  readonly sentAt: number;
}

export interface MessageLambda<Variables, World, Body> extends Lambda<Variables, World> {
  /** Of a body, which is JSON. */
  readonly message: z.ZodMiniType<Body>;
  /** Gives the ids of the messages that are to come again; a rejection lets all of them come again. */
  readonly handle: (messages: readonly Message<Body>[], world: World) => Promise<readonly string[]>;
}

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The very bytes that were sent: a signature is over these. */
  readonly body: Buffer;
}

export interface HttpReply {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: object;
}

export interface RequestLambda<Variables, World> extends Lambda<Variables, World> {
  /** A longer body is answered 413, unread. */
  readonly bodyMostBytes: number;
  /** A rejection is answered 500. */
  readonly handle: (request: HttpRequest, world: World) => Promise<HttpReply>;
}

/** The event is none that this lambda takes: it can never succeed. Names what is wrong, and never quotes a value. */
class EventRefused extends Error {
  override readonly name = "EventRefused";
}

const text = z.string().check(z.minLength(1));
const common = z.object({ RUNPOOL_ENVIRONMENT: z.string().check(z.regex(environmentName)), AWS_REGION: text });

type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly string[] };

function parse<Value>(schema: z.ZodMiniType<Value>, given: unknown): Parsed<Value> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return { ok: true, value: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.map(String).join(".") || "it"}: ${message}`);
  return { ok: false, problems };
}

function variable<Value>(schema: z.ZodMiniType<Value>): Value {
  const parsed = parse(schema, process.env);
  if (parsed.ok) return parsed.value;
  throw new Unconfigured(`the lambda's variables are wrong, deploy its stack again: ${parsed.problems.join("; ")}`);
}

interface Container<World> {
  readonly world: World;
  readonly log: Log;
}

function open<Variables, World>(lambda: Lambda<Variables, World>): Container<World> {
  const { RUNPOOL_ENVIRONMENT: environment, AWS_REGION: region } = variable(common);
  const variables = variable(lambda.variables ?? (z.object({}) as unknown as z.ZodMiniType<Variables>));
  const log = jsonLog(hostClock, { environment });
  return { world: lambda.open({ environment, region, variables, log }), log };
}

/** The container's own: built with its first event, and kept; a failure is not. */
function container<Variables, World>(lambda: Lambda<Variables, World>): () => Container<World> {
  let opened: Container<World> | undefined;
  return () => (opened ??= open(lambda));
}

function codeOf(error: unknown): FailureCode {
  if (error instanceof RateLimited) return "rate-limited";
  if (error instanceof OutOfReach) return "out-of-reach";
  if (error instanceof AwsRefused) return "refused-by-aws";
  if (error instanceof ForgeRefused) return "refused-by-forge";
  return error instanceof Unconfigured ? "unconfigured" : "bug";
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function refuse(log: Log, problems: readonly string[]): EventRefused {
  log.event("lambda.event-refused", { problems });
  return new EventRefused(problems.join("; "));
}

/** What failed is logged with its code, and passed on: AWS counts it, tries again, and keeps the event where its source says so. */
async function logged<Result>(log: Log, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    log.event("lambda.failed", { code: codeOf(error), problem: wordsOf(error) });
    throw error;
  }
}

/** For schedules, event buses, streams and calls by name. Rejects with `EventRefused`, or as the handler did. */
export function onEvent<Variables, World, Event, Reply>(
  lambda: EventLambda<Variables, World, Event, Reply>,
): (event: unknown) => Promise<Reply> {
  const opened = container(lambda);
  return async (event) => {
    const { world, log } = opened();
    const parsed = parse(lambda.event, event);
    if (!parsed.ok) throw refuse(log, parsed.problems);
    return await logged(log, () => lambda.handle(parsed.value, world));
  };
}

/** Lambda Developer Guide, "Using Lambda with Amazon SQS": a batch, and which of its messages have failed. */
const whole = z.pipe(
  z.string().check(z.regex(/^\d{1,15}$/)),
  z.transform((digits: string) => Number(digits)),
);
const batch = z.object({
  Records: z
    .array(
      z.object({
        messageId: text,
        body: z.string(),
        eventSource: z.literal("aws:sqs"),
        attributes: z.object({ ApproximateReceiveCount: whole, SentTimestamp: whole }),
      }),
    )
    .check(z.minLength(1)),
});

function bodyOf<Body>(schema: z.ZodMiniType<Body>, body: string): Parsed<Body> {
  let found: unknown;
  try {
    found = JSON.parse(body);
  } catch {
    return { ok: false, problems: ["it: not JSON"] };
  }
  return parse(schema, found);
}

export interface BatchReply {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * For a queue. A message that cannot be read fails by itself, and so comes to the dead letters after its tries, where people see it; the
 * others are handled.
 */
export function onMessages<Variables, World, Body>(
  lambda: MessageLambda<Variables, World, Body>,
): (event: unknown) => Promise<BatchReply> {
  const opened = container(lambda);
  return async (event) => {
    const { world, log } = opened();
    const parsed = parse(batch, event);
    if (!parsed.ok) throw refuse(log, parsed.problems);
    const again: string[] = [];
    const messages: Message<Body>[] = [];
    for (const { messageId: id, body, attributes } of parsed.value.Records) {
      const { ApproximateReceiveCount: received, SentTimestamp: sentAt } = attributes;
      const read = bodyOf(lambda.message, body);
      if (read.ok) messages.push({ id, body: read.value, received, sentAt });
      else {
        log.event("message.refused", { message: id, received, problems: read.problems });
        again.push(id);
      }
    }
    if (messages.length > 0) again.push(...(await logged(log, () => lambda.handle(messages, world))));
    return { batchItemFailures: again.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** Handles the messages of a batch one after the other, each for itself: those whose handling rejects come again. */
export const eachMessage =
  <World extends { readonly log: Log }, Body>(handle: (message: Message<Body>, world: World) => Promise<void>) =>
  async (messages: readonly Message<Body>[], world: World): Promise<readonly string[]> => {
    const again: string[] = [];
    for (const message of messages)
      try {
        await handle(message, world);
      } catch (error) {
        const { id, received } = message;
        world.log.event("message.failed", { message: id, received, code: codeOf(error), problem: wordsOf(error) });
        again.push(id);
      }
    return again;
  };

/** Lambda Developer Guide, "Invoking Lambda function URLs": payload format 2.0. */
const call = z.object({
  version: z.literal("2.0"),
  rawPath: z.string(),
  rawQueryString: z.string(),
  headers: z.record(z.string(), z.string()),
  requestContext: z.object({ http: z.object({ method: text }) }),
  body: z.optional(z.string()),
  isBase64Encoded: z.boolean(),
});

export interface UrlReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const answer = ({ status, body = {} }: HttpReply): UrlReply => ({
  statusCode: status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** For a function URL. Never rejects: a malformed request is answered 400, a failure 500, both without a body. */
export function onRequest<Variables, World>(
  lambda: RequestLambda<Variables, World>,
): (event: unknown) => Promise<UrlReply> {
  const opened = container(lambda);
  return async (event) => {
    try {
      const { world, log } = opened();
      const parsed = parse(call, event);
      if (!parsed.ok) {
        refuse(log, parsed.problems);
        return answer({ status: 400, body: { problem: "not a request" } });
      }
      const {
        rawPath: path,
        rawQueryString: query,
        headers,
        requestContext,
        body = "",
        isBase64Encoded,
      } = parsed.value;
      const bytes = Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
      if (bytes.length > lambda.bodyMostBytes)
        return answer({ status: 413, body: { problem: "the body is too long" } });
      const { method } = requestContext.http;
      return answer(await logged(log, () => lambda.handle({ method, path, query, headers, body: bytes }, world)));
    } catch (error) {
      // Logged already, unless the container could not be opened.
      if (error instanceof Unconfigured) process.stderr.write(`${error.message}\n`);
      return answer({ status: 500, body: { problem: "it failed; send it again" } });
    }
  };
}
