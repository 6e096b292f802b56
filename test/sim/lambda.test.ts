// The embedded Lambda runs deployed code, by everything that may wake it, as it lies in synthesized stacks: toys here, refresh at the end.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateTableCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { chance } from "../../sim/chance.ts";
import { embeddedCloud, type EmbeddedCloud } from "../../sim/embedded-cloud.ts";
import { AwsFault } from "../../sim/http/service.ts";
import { inProcess, type Runtime } from "../../sim/lambda/containers.ts";
import { furnishLambdas } from "../../sim/lambda/furnish.ts";
import { fits, invoke as invokeOn } from "../../sim/lambda/sources.ts";
import type { Lambda } from "../../stacks/constructs/lambda.ts";
import { deployedOn, recorded } from "../lambdas/runtime.ts";
import { environment, hook, jobs, toyCode, toyStack, woken } from "../lambdas/toys.ts";
import { manualClock } from "./manual-clock.ts";
import { queueUrl } from "../../sim/sqs/context.ts";

const { region, account } = environment;
const minute = 60_000;
let code: Awaited<ReturnType<typeof toyCode>>;
beforeAll(async () => {
  code = await toyCode();
});

async function opened(lambdas: readonly Lambda[], inside?: Runtime) {
  const clock = manualClock();
  const cloud = await embeddedCloud({ clock, chance: chance("lambdas"), region, account });
  const directory = mkdtempSync(join(tmpdir(), "runpool-functions-"));
  onTestFinished(async () => {
    await cloud.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const { runtime, printed } = recorded(inside ?? deployedOn(cloud, directory));
  const { stack, folder } = toyStack(lambdas, code);
  const furnished = await furnishLambdas(cloud, stack, { folder, runtime });
  const queue = (name: string): string => queueUrl({ region, account }, `runpool-example-${name}`);
  const invoke = (input: object) => invokeOn(cloud.sources, { FunctionName: "runpool-example-toy-event", ...input });
  const sent = (body: string) =>
    cloud.clients.sqs.send(new SendMessageCommand({ QueueUrl: queue("toy-jobs"), MessageBody: body }));
  const until = (what: () => void | Promise<void>) => vi.waitFor(what, { timeout: 20_000, interval: 20 });
  const held = (name: string) => cloud.queues.messages(`runpool-example-${name}`).map(({ body }) => body);
  return { clock, cloud, printed, ...furnished, invoke, sent, until, held };
}
type Opened = Awaited<ReturnType<typeof opened>>;
type Source = Lambda["sources"][number];
const wokenBy = (kind: Source["kind"]): Lambda => ({
  ...woken,
  sources: woken.sources.filter((source) => source.kind === kind),
});

describe("a queue", () => {
  test("is read in batches; of each only what failed comes again, and after its tries to the dead letters", async () => {
    const { clock, sent, printed, until, held } = await opened([jobs]);
    for (const job of ["a", "b"]) await sent(JSON.stringify({ job }));
    await sent(JSON.stringify({ job: "once", fails: 1 }));
    await sent(JSON.stringify({ job: "never", fails: 9 }));
    await sent("no job");
    const done = () => printed.flatMap((line) => ("done" in line ? [String(line["done"])] : [])).toSorted();
    await until(() => expect(done()).toEqual(["a", "b"]));
    await until(() => expect(held("toy-jobs").length).toBe(3));
    // Until its time-out of visibility has passed, nobody else is given it.
    await clock.advance(17_000);
    expect(done()).toEqual(["a", "b"]);
    await clock.advance(2_000);
    await until(() => expect(done()).toEqual(["a", "b", "once"]));
    await until(() => expect(held("toy-jobs").length).toBe(2));
    for (let again = 0; again < 3; again++) await clock.advance(20_000);
    await until(() => expect(held("toy-jobs")).toEqual([]));
    expect(held("toy-jobs-dead-letters").toSorted()).toEqual(["no job", JSON.stringify({ job: "never", fails: 9 })]);
    const refused = printed.filter(({ event }) => event === "message.refused").map(({ received }) => received);
    expect(refused).toEqual([1, 2]);
  });

  test("that loses calls and replies, doubles and throttles has every job done", async () => {
    const done: string[] = [];
    const handle = async (event: unknown) => {
      const { Records } = event as { Records: { body: string }[] };
      done.push(...Records.map(({ body }) => body));
      return { batchItemFailures: [] };
    };
    const { clock, cloud, sent, held } = await opened(
      [{ ...jobs, sources: [{ kind: "queue", batch: 5, concurrency: 2, tries: 99 }] }],
      inProcess({ "runpool-example-toy-jobs": handle }),
    );
    const all = Array.from({ length: 40 }, (_, job) => String(job));
    cloud.faults.set("lambda", "Invoke", { lostBefore: 0.2, lostAfter: 0.2, throttled: 0.2, latencyMs: [1, 3000] });
    const lossy = { lostBefore: 0.1, lostAfter: 0.1, throttled: 0.1, latencyMs: [1, 500] } as const;
    cloud.faults.set("sqs", "ReceiveMessage", { ...lossy, duplicate: 0.2, falseEmpty: 0.2 });
    cloud.faults.set("sqs", "DeleteMessageBatch", lossy);
    for (const job of all) await sent(job);
    for (let seconds = 0; seconds < 1200; seconds++) await clock.advance(1_000);
    cloud.faults.heal();
    for (let seconds = 0; seconds < 120; seconds++) await clock.advance(1_000);
    expect([...new Set(done)].toSorted()).toEqual(all.toSorted());
    // Some were done twice: a reply was lost, or a message came double.
    expect(done.length).toBeGreaterThan(all.length);
    expect(held("toy-jobs")).toEqual([]);
    expect(held("toy-jobs-dead-letters")).toEqual([]);
  });

  test.each([
    ["nothing", null, []],
    ["an empty list", { batchItemFailures: [] }, []],
    ["one of them", { batchItemFailures: [{ itemIdentifier: "first" }] }, ["first"]],
    ["one that is not among them", { batchItemFailures: [{ itemIdentifier: "stranger" }] }, ["first", "second"]],
    ["one without a name", { batchItemFailures: [{}] }, ["first", "second"]],
    ["no list", { batchItemFailures: "first" }, ["first", "second"]],
  ])("whose batch is answered with %s keeps what AWS would keep", async (_, reply, kept) => {
    let first: string | undefined;
    const handle = async (event: unknown) => {
      const { Records } = event as { Records: { messageId: string; body: string }[] };
      first = Records.find(({ body }) => body === "first")?.messageId ?? "";
      return JSON.parse(JSON.stringify(reply).replace('"first"', JSON.stringify(first))) as unknown;
    };
    const source = { kind: "queue", batch: 2, windowS: 5, concurrency: 1, tries: 9 } as const;
    const { clock, sent, held, until } = await opened(
      [{ ...jobs, sources: [source] }],
      inProcess({ "runpool-example-toy-jobs": handle }),
    );
    await sent("first");
    await sent("second");
    for (let seconds = 0; seconds < 6; seconds++) await clock.advance(1_000);
    await until(() => expect(first).toBeTruthy());
    expect(held("toy-jobs").toSorted()).toEqual(kept);
  });
});

describe("a URL", () => {
  const post = (urls: Opened["urls"], body: Uint8Array, type: string) =>
    fetch(`${urls["runpool-example-toy-hook"]}hook?a=1`, {
      method: "POST",
      body: Buffer.from(body),
      headers: { "X-Signature": "s", "content-type": type },
    });

  test("hands over the very bytes, header names in lower case, and answers with what is returned", async () => {
    const { urls } = await opened([hook]);
    for (const type of ["application/json", "application/octet-stream"]) {
      const bytes = type.endsWith("json") ? Buffer.from('{"é": 1}') : Buffer.from([0, 0xff, 0xc3, 0x28]);
      const reply = await post(urls, bytes, type);
      expect(reply.status).toBe(202);
      const wanted = { environment: "example", method: "POST", path: "/hook", query: "a=1", signature: "s" };
      expect(await reply.json()).toEqual({ ...wanted, bytes: bytes.toString("hex") });
    }
    expect((await post(urls, Buffer.alloc(65), "text/plain")).status).toBe(413);
  });

  test("answers 502 for a function that fails, 429 for one that is throttled, and loses what faults lose", async () => {
    let wake = (): void => undefined;
    const handle = async (event: unknown) => {
      if ((event as { rawQueryString: string }).rawQueryString !== "a=1") throw new Error("told to");
      await new Promise<void>((resolve) => (wake = resolve));
      return "done";
    };
    const { urls, cloud, until } = await opened(
      [{ ...hook, reservedConcurrency: 1 }],
      inProcess({ "runpool-example-toy-hook": handle }),
    );
    expect((await fetch(`${urls["runpool-example-toy-hook"]}`)).status).toBe(502);
    const first = post(urls, Buffer.from("x"), "text/plain");
    await until(async () => expect((await post(urls, Buffer.from("x"), "text/plain")).status).toBe(429));
    wake();
    expect(await (await first).text()).toBe('"done"');
    cloud.faults.set("lambda", "Invoke", { lostBefore: 1 });
    await expect(post(urls, Buffer.from("x"), "text/plain")).rejects.toThrow("fetch failed");
  });
});

describe("a call", () => {
  const payload = (event: object) => JSON.stringify(event);

  test("is answered, on a container that stays for the next one; what fails says so, and what dies is replaced", async () => {
    const { invoke, printed } = await opened([wokenBy("rule")]);
    const ok = { status: 200, reply: { payload: '{"greeting":"hello"}' } };
    expect(await invoke({ Payload: "{}" })).toEqual(ok);
    const failed = { errorType: "Error", errorMessage: "told to fail" };
    expect((await invoke({ Payload: payload({ does: "fail" }) })).reply).toEqual({ error: failed });
    expect((await invoke({ Payload: payload({ does: "die" }) })).reply).toMatchObject({
      lost: true,
      error: { errorType: "Runtime.ExitError" },
    });
    expect(await invoke({ Payload: "{}" })).toEqual(ok);
    expect((await invoke({ Payload: "[]" })).reply).toMatchObject({ error: { errorType: "EventRefused" } });
    const ran = printed.flatMap((line) => ("process" in line ? [line["process"]] : []));
    expect(ran).toHaveLength(4);
    expect(new Set(ran.slice(0, 3)).size).toBe(1);
    expect(ran[3]).not.toBe(ran[0]);
  });

  test("that takes longer than it may is killed", async () => {
    const { invoke, printed, clock, until } = await opened([wokenBy("rule")]);
    const hung = invoke({ Payload: payload({ does: "hang" }) });
    await until(() => expect(printed.some(({ greeting }) => greeting === "hello")).toBe(true));
    await clock.advance(3_000);
    expect((await hung).reply).toMatchObject({
      error: {
        errorType: "Sandbox.Timedout",
        errorMessage: expect.stringMatching(/timed out after 3\.00 seconds$/) as unknown,
      },
    });
    const pid = Number(printed.find(({ process }) => process !== undefined)?.["process"]);
    await until(() => expect(() => process.kill(pid, 0)).toThrow());
  });

  test("that nobody waits for is tried again, and given up to the dead letters with what failed", async () => {
    let tries = 0;
    const fail = async (): Promise<never> => {
      tries++;
      throw new Error("told to fail");
    };
    const { invoke, clock, until, held } = await opened(
      [wokenBy("rule")],
      inProcess({ "runpool-example-toy-event": fail }),
    );
    expect(await invoke({ InvocationType: "Event", Payload: payload({ id: 7 }) })).toEqual({ status: 202 });
    await clock.advance(minute - 1);
    expect(tries).toBe(1);
    await until(async () => {
      await clock.advance(1_000);
      expect(tries).toBe(2);
    });
    await until(() => expect(held("toy-event-dead-letters")).toHaveLength(1));
    expect(JSON.parse(held("toy-event-dead-letters")[0] ?? "")).toMatchObject({
      requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 2 },
      requestPayload: { id: 7 },
      responsePayload: { errorMessage: "told to fail" },
    });
  });

  test.each([
    [{ FunctionName: "stranger" }, "ResourceNotFoundException"],
    [{ Payload: "{" }, "InvalidRequestContentException"],
    [{ InvocationType: "Now" }, "InvalidParameterValueException"],
    [{ InvocationType: "Event", Payload: JSON.stringify("x".repeat(1_048_575)) }, "RequestTooLargeException"],
  ])("that cannot be is refused in AWS's words: $InvocationType $FunctionName", async (input, name) => {
    const { invoke } = await opened([wokenBy("rule")], inProcess({}));
    await expect(invoke(input)).rejects.toMatchObject({ name });
    await expect(invoke(input)).rejects.toThrow(AwsFault);
  });

  test("by HTTP is known to nobody: no part of the project makes it", async () => {
    const { cloud } = await opened([]);
    const reply = await fetch(`${cloud.door.url}/2015-03-31/functions/x/invocations`, { method: "POST", body: "{}" });
    expect(reply.status).toBe(404);
  });
});

describe("what else wakes one", () => {
  const opens = async (kind: Source["kind"], handle: (event: unknown) => Promise<unknown>) =>
    await opened([wokenBy(kind)], inProcess({ "runpool-example-toy-event": handle }));
  const TableName = "runpool-example";
  const makeTable = ({ clients }: EmbeddedCloud) =>
    clients.dynamodb.send(
      new CreateTableCommand({
        TableName,
        KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
  const put = ({ clients }: EmbeddedCloud, key: string, n = 0) =>
    clients.dynamodb.send(new PutItemCommand({ TableName, Item: { key: { S: key }, n: { N: String(n) } } }));

  test("a schedule, at once and each time that its period has passed; what comes twice, comes twice", async () => {
    const came: unknown[] = [];
    const { clock, cloud, until } = await opens("schedule", async (event) => void came.push(event));
    await until(() => expect(came).toEqual([{ by: "schedule" }]));
    await clock.advance(60 * minute - 1);
    expect(came).toHaveLength(1);
    await clock.advance(1);
    await clock.advance(60 * minute);
    expect(came).toHaveLength(3);
    cloud.faults.set("lambda", "Invoke", { duplicate: 1 });
    await clock.advance(60 * minute);
    expect(came).toHaveLength(5);
    // Throttled it is tried again, and then kept.
    cloud.faults.set("lambda", "Invoke", { throttled: 1 });
    await clock.advance(61 * minute);
    expect(came).toHaveLength(5);
    expect(cloud.queues.messages("runpool-example-toy-event-dead-letters").map(({ body }) => body)).toEqual([
      '{"by":"schedule"}',
    ]);
  });

  test("an event that a rule's pattern fits", async () => {
    const came: unknown[] = [];
    const { emit, until } = await opens("rule", async (event) => void came.push(event));
    const event = { source: "toys", detail: { size: 1 } };
    for (const other of [{ ...event, source: "others" }, { source: "toys" }, { ...event, detail: { size: 2 } }])
      emit(other);
    emit(event);
    await until(() => expect(came).toEqual([event]));
    expect(fits({ id: [{ prefix: "i-" }, null] }, { id: ["x", "i-1"] })).toBe(true);
    expect(() => fits({ id: [{ suffix: "i-" }] }, { id: "x" })).toThrow("not known here");
  });

  test("events of a rule reach it in spite of faults: late, twice and in another order, and what never can is kept", async () => {
    const came: number[] = [];
    const { emit, clock, cloud, held } = await opens("rule", async (event) => {
      came.push((event as { id: number }).id);
    });
    const ids = Array.from({ length: 30 }, (_, id) => id);
    const event = { source: "toys", detail: { size: 1 } };
    const lossy = { lostBefore: 0.2, lostAfter: 0.2, throttled: 0.2, duplicate: 0.2, latencyMs: [1, 3000] } as const;
    cloud.faults.set("lambda", "Invoke", lossy);
    for (const id of ids) emit({ ...event, id });
    for (let seconds = 0; seconds < 300; seconds++) await clock.advance(1_000);
    expect(came.length).toBeGreaterThan(ids.length);
    const first = [...new Set(came)];
    expect(first.toSorted((a, b) => a - b)).toEqual(ids);
    expect(first).not.toEqual(ids);
    cloud.faults.set("lambda", "Invoke", { throttled: 1 });
    emit(event);
    for (let hours = 0; hours < 40; hours++) await clock.advance(60 * minute);
    expect(held("toy-event-dead-letters")).toEqual([JSON.stringify(event)]);
  });

  test("what changes in its table, in order: a change that fails holds up the next, and is given up after its tries", async () => {
    const came: string[] = [];
    const { cloud, clock, until, held } = await opens("stream", async (event) => {
      const { Records } = event as {
        Records: { eventName: string; dynamodb: { SequenceNumber: string; Keys: { key: { S: string } } } }[];
      };
      for (const { eventName, dynamodb } of Records) {
        came.push(`${eventName} ${dynamodb.Keys.key.S}`);
        if (dynamodb.Keys.key.S === "bad") return { batchItemFailures: [{ itemIdentifier: dynamodb.SequenceNumber }] };
      }
      return {};
    });
    await makeTable(cloud);
    for (const key of ["a", "bad", "b", "a"]) await put(cloud, key, came.length);
    for (let seconds = 0; seconds < 5; seconds++) await clock.advance(1_000);
    await until(() => expect(came.at(-1)).toBe("MODIFY a"));
    expect(came.filter((one) => one === "INSERT bad")).toHaveLength(2);
    expect(came.filter((one) => one.startsWith("INSERT")).at(0)).toBe("INSERT a");
    expect(
      held("toy-event-dead-letters").map((body) => (JSON.parse(body) as { requestContext: object }).requestContext),
    ).toEqual([{ condition: "RetryAttemptsExhausted", approximateInvokeCount: 2 }]);
  });

  test("what changes in its table, in order in spite of faults, each change under a number of its own", async () => {
    const numbers: string[] = [];
    const source = woken.sources.filter(({ kind }) => kind === "stream").map((stream) => ({ ...stream, tries: 99 }));
    const handle = async (event: unknown) => {
      const { Records } = event as { Records: { dynamodb: { SequenceNumber: string } }[] };
      numbers.push(...Records.map(({ dynamodb }) => dynamodb.SequenceNumber));
      return { batchItemFailures: [] };
    };
    const { cloud, clock } = await opened(
      [{ ...woken, sources: source }],
      inProcess({ "runpool-example-toy-event": handle }),
    );
    await makeTable(cloud);
    cloud.faults.set("lambda", "Invoke", { lostBefore: 0.2, lostAfter: 0.3, throttled: 0.2, latencyMs: [1, 3000] });
    for (let key = 1; key <= 24; key++) await put(cloud, String(key));
    for (let seconds = 0; seconds < 300; seconds++) await clock.advance(1_000);
    // A lost reply has its batch come twice.
    expect(numbers.length).toBeGreaterThan(24);
    const first = [...new Set(numbers)];
    expect(first).toHaveLength(24);
    expect(first).toEqual(first.toSorted());
  });
});
