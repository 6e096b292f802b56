// The functions of synthesized stacks and what wakes them, as a plan to furnish by.
import { blocksOf, resourcesOf, textOf, type Block, type StackFile } from "../stack-file.ts";

export interface FunctionPlan {
  readonly name: string;
  readonly handler: string;
  /** The zip that a deployment uploads. */
  readonly archive: Buffer;
  readonly timeoutMs: number;
  readonly memoryMiB: number;
  readonly reserved?: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly logGroup: string;
  /** For calls that wait for no reply. */
  readonly events: { readonly ageMs: number; readonly retries: number; readonly deadLetters?: string };
}

export interface QueueSource {
  readonly function: string;
  readonly queue: string;
  readonly batch: number;
  readonly windowMs: number;
  readonly concurrency: number;
  /** Its reply names the messages that failed; else a reply means that none has. */
  readonly partial: boolean;
}

export interface StreamSource {
  readonly function: string;
  readonly table: string;
  readonly batch: number;
  readonly retries: number;
  readonly partial: boolean;
  readonly deadLetters?: string;
}

/** How an event that nobody waits for is handed over: tried again where the function could not be called, and kept where it never could. */
export interface Target {
  readonly function: string;
  readonly ageMs: number;
  readonly retries: number;
  readonly deadLetters?: string;
}

export interface Schedule extends Target {
  /** `rate(5 minutes)`, `cron(0 7 ? * MON-FRI *)`. */
  readonly expression: string;
  readonly timezone: string;
  /** The event, as JSON. */
  readonly input: string;
}

export interface Rule extends Target {
  readonly pattern: Block;
}

export interface LambdaPlan {
  readonly functions: readonly FunctionPlan[];
  /** Names of the functions that have a URL. */
  readonly urls: readonly string[];
  readonly queues: readonly QueueSource[];
  readonly streams: readonly StreamSource[];
  readonly schedules: readonly Schedule[];
  readonly rules: readonly Rule[];
}

/** Lambda API Reference: the defaults. */
const built = { timeoutS: 3, memoryMiB: 128, retries: 2, ageS: 6 * 60 * 60, batch: 10, concurrency: 5 };

const reference = /^\$\{(aws_[a-z0-9_]+)\.([A-Za-z0-9_-]+)\.[a-z_]+\}$/;
const nameAttributes = ["function_name", "name"] as const;

/** The name of what a text refers to: a resource of the stack, or an ARN. */
export function namedBy(stack: StackFile, text: string): string {
  const [, type, id] = reference.exec(text) ?? [];
  if (type === undefined || id === undefined) return text.split(":").at(-1) ?? text;
  const block = stack.resource?.[type]?.[id] ?? {};
  const name = nameAttributes.map((attribute) => block[attribute]).find((found) => typeof found === "string");
  if (name === undefined) throw new Error(`the stack has no ${type}.${id} with a name`);
  return namedBy(stack, name);
}

/** A nested block that may be there once. */
const one = (block: Block, name: string): Block => blocksOf(block, name)[0] ?? {};
const text = (block: Block, name: string, otherwise: string): string =>
  block[name] === undefined ? otherwise : textOf(block, name);
const number = (block: Block, name: string, otherwise: number): number => Number(block[name] ?? otherwise);
const partial = (mapping: Block): boolean =>
  ((mapping["function_response_types"] ?? []) as readonly string[]).includes("ReportBatchItemFailures");

/** `{ [name]: queue }`, where a text refers to one. */
const deadLetters = (stack: StackFile, found: unknown): { readonly deadLetters?: string } =>
  typeof found === "string" ? { deadLetters: namedBy(stack, found) } : {};

function eventsOf(stack: StackFile, name: string): FunctionPlan["events"] {
  const config = resourcesOf(stack, "aws_lambda_function_event_invoke_config")
    .map(([, block]) => block)
    .find((block) => namedBy(stack, textOf(block, "function_name")) === name);
  return {
    ageMs: 1000 * number(config ?? {}, "maximum_event_age_in_seconds", built.ageS),
    retries: number(config ?? {}, "maximum_retry_attempts", built.retries),
    ...deadLetters(stack, one(one(config ?? {}, "destination_config"), "on_failure")["destination"]),
  };
}

function functionOf(stack: StackFile, block: Block, read: (filename: string) => Buffer): FunctionPlan {
  const name = textOf(block, "function_name");
  const variables = one(block, "environment")["variables"] ?? {};
  const reserved = block["reserved_concurrent_executions"];
  return {
    name,
    handler: textOf(block, "handler"),
    archive: read(textOf(block, "filename")),
    timeoutMs: 1000 * number(block, "timeout", built.timeoutS),
    memoryMiB: number(block, "memory_size", built.memoryMiB),
    ...(reserved === undefined ? {} : { reserved: Number(reserved) }),
    variables: variables as Readonly<Record<string, string>>,
    logGroup: `/aws/lambda/${name}`,
    events: eventsOf(stack, name),
  };
}

/** A mapping's source, by what its ARN refers to. */
function mappingOf(stack: StackFile, block: Block) {
  const source = textOf(block, "event_source_arn");
  const common = {
    function: namedBy(stack, textOf(block, "function_name")),
    batch: number(block, "batch_size", built.batch),
    partial: partial(block),
  };
  const [, table] = /:table\/([^/]+)\/stream\//.exec(source) ?? [];
  if (table === undefined)
    return {
      queue: {
        ...common,
        queue: namedBy(stack, source),
        windowMs: 1000 * number(block, "maximum_batching_window_in_seconds", 0),
        concurrency: number(one(block, "scaling_config"), "maximum_concurrency", built.concurrency),
      },
    };
  return {
    stream: {
      ...common,
      table,
      // -1, which is the default: for as long as the stream holds it.
      retries: number(block, "maximum_retry_attempts", -1),
      ...deadLetters(stack, one(one(block, "destination_config"), "on_failure")["destination_arn"]),
    },
  };
}

function targetOf(stack: StackFile, block: Block): Target {
  const retry = one(block, "retry_policy");
  return {
    function: namedBy(stack, textOf(block, "arn")),
    ageMs: 1000 * number(retry, "maximum_event_age_in_seconds", 86_400),
    retries: number(retry, "maximum_retry_attempts", 185),
    ...deadLetters(stack, one(block, "dead_letter_config")["arn"]),
  };
}

function scheduleOf(stack: StackFile, block: Block): Schedule {
  const target = one(block, "target");
  return {
    ...targetOf(stack, target),
    expression: textOf(block, "schedule_expression"),
    timezone: text(block, "schedule_expression_timezone", "UTC"),
    input: text(target, "input", "{}"),
  };
}

function rulesOf(stack: StackFile): readonly Rule[] {
  return resourcesOf(stack, "aws_cloudwatch_event_target").map(([, target]) => {
    const name = namedBy(stack, textOf(target, "rule"));
    const rule = resourcesOf(stack, "aws_cloudwatch_event_rule").find(([, block]) => block["name"] === name);
    const pattern = JSON.parse(textOf(rule?.[1] ?? {}, "event_pattern")) as Block;
    return { ...targetOf(stack, target), pattern };
  });
}

/** Throws where the stack refers to what it has not. `read`: the bytes of an archive, by its path as seen from the stack's folder. */
export function lambdaPlan(stack: StackFile, read: (filename: string) => Buffer): LambdaPlan {
  const all = (type: string): readonly Block[] => resourcesOf(stack, type).map(([, block]) => block);
  const mappings = all("aws_lambda_event_source_mapping").map((block) => mappingOf(stack, block));
  return {
    functions: all("aws_lambda_function").map((block) => functionOf(stack, block, read)),
    urls: all("aws_lambda_function_url").map((block) => namedBy(stack, textOf(block, "function_name"))),
    queues: mappings.flatMap(({ queue }) => queue ?? []),
    streams: mappings.flatMap(({ stream }) => stream ?? []),
    schedules: all("aws_scheduler_schedule").map((block) => scheduleOf(stack, block)),
    rules: rulesOf(stack),
  };
}
