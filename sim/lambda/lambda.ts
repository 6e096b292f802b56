// The embedded Lambda: functions that run what was deployed, called by name, by event and by URL, as the service's documentation says.
//
// Not modelled: versions and aliases, layers, the account's own concurrency, provisioned concurrency, response streaming, permissions.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { uuidOf } from "../chance.ts";
import type { ServiceContext } from "../http/faults.ts";
import { AwsFault, type AwsCall, type Service } from "../http/service.ts";
import type { Container, Outcome, Runtime } from "./containers.ts";
import type { FunctionPlan } from "./plan.ts";

export interface LambdaOptions extends ServiceContext {
  /** What a function printed. */
  readonly print: (group: string, stream: string, line: string) => void;
  /** Puts a text into a queue, by the queue's name: what could not be done is kept there. */
  readonly keep: (queue: string, body: string) => Promise<void>;
}

/** An Invoke that was accepted; `reply`: of one that was waited for. */
export interface Invoked {
  readonly status: 200 | 202;
  readonly reply?: Outcome;
}

export interface Lambda {
  readonly service: Service;
  /** Furnishing. */
  add(plan: FunctionPlan, runtime: Runtime): void;
  /** Kills every container; nothing is called any more. */
  close(): void;
}

/** Lambda Developer Guide, "Lambda quotas": of an event that is waited for, and of one that is not. Bytes. */
const mostBytes = { RequestResponse: 6 * 1024 * 1024, Event: 1024 * 1024 } as const;
type InvocationType = keyof typeof mostBytes;
/** Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation". */
const retryMs = [60_000, 120_000] as const;
const throttledAgainMs = 1_000;

interface Deployed {
  readonly plan: FunctionPlan;
  readonly arn: string;
  readonly runtime: Runtime;
  /** Warm, and free. */
  readonly idle: Container[];
  readonly busy: Set<Container>;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const lambdaArn = (place: { readonly region: string; readonly account: string }, name: string): string =>
  `arn:aws:lambda:${place.region}:${place.account}:function:${name}`;

const tooMany = (): AwsFault =>
  new AwsFault("TooManyRequestsException", "Rate Exceeded.", 429, {
    Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
    Type: "User",
  });

export function lambda({ clock, chance: luck, faults, region, account, print, keep }: LambdaOptions): Lambda {
  const chance = luck.fork("lambda");
  const functions = new Map<string, Deployed>();
  const closed = new AbortController();

  function open(of: Deployed): Container {
    const stream = `${new Date(clock.now()).toISOString().slice(0, 10).replaceAll("-", "/")}/[$LATEST]${chance.id()}`;
    return of.runtime(of.plan, (line) => print(of.plan.logGroup, stream, line));
  }

  /** One event on a container of its own, killed where it takes longer than it may. */
  async function call(of: Deployed, payload: string, requestId: string): Promise<Outcome> {
    const { plan, arn } = of;
    if (plan.reserved !== undefined && of.busy.size >= plan.reserved) throw tooMany();
    const container = of.idle.pop() ?? open(of);
    of.busy.add(container);
    const over = new AbortController();
    const context = {
      awsRequestId: requestId,
      functionName: plan.name,
      invokedFunctionArn: arn,
      memoryLimitInMB: String(plan.memoryMiB),
      deadline: Date.now() + plan.timeoutMs,
    };
    const seconds = (plan.timeoutMs / 1000).toFixed(2);
    const wake = AbortSignal.any([over.signal, closed.signal]);
    const late = clock.sleep(plan.timeoutMs, wake).then((): Outcome => {
      const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`;
      return { error: { errorType: "Sandbox.Timedout", errorMessage }, lost: true };
    });
    const outcome = await Promise.race([container.run(payload, context), late]);
    over.abort();
    of.busy.delete(container);
    if ("lost" in outcome || closed.signal.aborted) container.kill();
    else of.idle.push(container);
    return outcome;
  }

  /** Lambda Developer Guide, "Retaining records of asynchronous invocations": what a destination is sent. */
  async function giveUp(of: Deployed, payload: string, requestId: string, count: number, last: Outcome | undefined) {
    const { deadLetters } = of.plan.events;
    if (deadLetters === undefined || closed.signal.aborted) return;
    const condition = count > of.plan.events.retries ? "RetriesExhausted" : "EventAgeExceeded";
    const failed = last !== undefined && "error" in last;
    const record = {
      version: "1.0",
      timestamp: new Date(clock.now()).toISOString(),
      requestContext: { requestId, functionArn: `${of.arn}:$LATEST`, condition, approximateInvokeCount: count },
      requestPayload: JSON.parse(payload) as unknown,
      ...(failed
        ? {
            responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
            responsePayload: last.error,
          }
        : {}),
    };
    await keep(deadLetters, JSON.stringify(record));
  }

  /** Until it has been handled, has been tried as often as it may, or is too old. */
  async function handle(of: Deployed, payload: string, requestId: string, begun: EpochMs): Promise<void> {
    const { ageMs, retries } = of.plan.events;
    let count = 0;
    let last: Outcome | undefined;
    while (!closed.signal.aborted && count <= retries) {
      let againMs: number = throttledAgainMs;
      try {
        last = await call(of, payload, requestId);
        if ("payload" in last) return;
        againMs = retryMs[count] ?? 0;
        count++;
      } catch (error) {
        // Being throttled is no try.
        if (!(error instanceof AwsFault)) throw error;
      }
      if (count > retries || clock.now() + againMs > begun + ageMs) break;
      await clock.sleep(againMs, closed.signal);
    }
    await giveUp(of, payload, requestId, count, last);
  }

  async function invoke({ input }: AwsCall): Promise<Invoked> {
    const name = text(input["FunctionName"]);
    const of = functions.get(name.split(":").at(-1) ?? name);
    if (of === undefined)
      throw new AwsFault(
        "ResourceNotFoundException",
        `Function not found: ${lambdaArn({ region, account }, name)}`,
        404,
        { Type: "User" },
      );
    const type = (text(input["InvocationType"]) || "RequestResponse") as InvocationType;
    if (!Object.hasOwn(mostBytes, type))
      throw new AwsFault(
        "InvalidParameterValueException",
        `1 validation error detected: Value '${type}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]`,
      );
    const payload = text(input["Payload"]) || "{}";
    if (Buffer.byteLength(payload) > mostBytes[type])
      throw new AwsFault(
        "RequestTooLargeException",
        `${Buffer.byteLength(payload)} byte payload is too large for the ${type} invocation type (limit ${mostBytes[type]} bytes)`,
        413,
      );
    try {
      JSON.parse(payload);
    } catch {
      throw new AwsFault("InvalidRequestContentException", "Could not parse request body into json");
    }
    const requestId = uuidOf(chance);
    if (type === "RequestResponse") return { status: 200, reply: await call(of, payload, requestId) };
    const twice = chance.happens(faults.rates("lambda", "Invoke").duplicate ?? 0);
    for (let times = twice ? 2 : 1; times > 0; times--) void handle(of, payload, requestId, clock.now());
    return { status: 202 };
  }

  return {
    service: async (call) => {
      if (call.action !== "Invoke") throw new AwsFault("UnknownOperationException", "", 404);
      return await invoke(call);
    },
    add: (plan, runtime) =>
      void functions.set(plan.name, {
        plan,
        arn: lambdaArn({ region, account }, plan.name),
        runtime,
        idle: [],
        busy: new Set(),
      }),
    close: () => {
      closed.abort();
      for (const { idle, busy } of functions.values()) for (const container of [...idle, ...busy]) container.kill();
    },
  };
}
