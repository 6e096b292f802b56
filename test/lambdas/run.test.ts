// The one way into every lambda: what is refused at its door, what is built once, and how its source hears what failed.
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod/mini";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { eachMessage, onEvent, onMessages, onRequest, type HttpReply, type Message } from "../../entry/lambdas/run.ts";

const secret = "hunter2-hunter2";
let printed: string[] = [];
const events = () => printed.map((line) => JSON.parse(line) as Record<string, unknown>);

beforeEach(() => {
  printed = [];
  vi.stubEnv("RUNPOOL_ENVIRONMENT", "dev");
  vi.stubEnv("AWS_REGION", "eu-west-1");
  vi.spyOn(process.stdout, "write").mockImplementation((line) => printed.push(String(line)) > 0);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const event = z.object({ schedule: z.string().check(z.maxLength(8)) });

describe("an event", () => {
  const open = vi.fn(() => "world");
  beforeEach(() => void open.mockClear());
  const echo = () => onEvent({ event, open, handle: async ({ schedule }, world) => `${schedule} in ${world}` });

  test("is handled on what was built with the first one", async () => {
    const handler = echo();
    expect(open).not.toHaveBeenCalled();
    expect(await handler({ schedule: "day" })).toBe("day in world");
    expect(await handler({ schedule: "night", more: 1 })).toBe("night in world");
    expect(open).toHaveBeenCalledTimes(1);
    expect(open).toHaveBeenCalledWith(expect.objectContaining({ environment: "dev", region: "eu-west-1" }));
  });

  test.each([
    [{ schedule: secret }, /^schedule: /],
    [{}, /^schedule: /],
    [secret, /^it: /],
    [null, /^it: /],
    [undefined, /^it: /],
    [[], /^it: /],
  ])("that is none is refused by what is wrong, and never quoted: %j", async (given, words) => {
    const refused = echo()(given);
    await expect(refused).rejects.toMatchObject({ name: "EventRefused", message: expect.stringMatching(words) });
    expect(events()).toMatchObject([{ event: "lambda.event-refused", environment: "dev" }]);
    expect(printed.join("")).not.toContain(secret);
  });

  test("that fails is told with its code, and fails for Lambda too", async () => {
    const failing = (error: Error) => {
      const handle = async () => {
        throw error;
      };
      return onEvent({ event, open, handle })({ schedule: "day" });
    };
    await expect(failing(new OutOfReach("no table"))).rejects.toThrow("no table");
    await expect(failing(new TypeError("x is undefined"))).rejects.toThrow(TypeError);
    expect(events()).toMatchObject([
      { event: "lambda.failed", code: "out-of-reach", problem: "no table" },
      { event: "lambda.failed", code: "bug" },
    ]);
  });
});

test.each([
  ["RUNPOOL_ENVIRONMENT", ""],
  ["RUNPOOL_ENVIRONMENT", "No Name"],
  ["AWS_REGION", ""],
  ["TOY_QUEUE", ""],
])("a lambda whose %s is %j says what is to be done, and opens nothing", async (name, value) => {
  vi.stubEnv("TOY_QUEUE", "queue");
  vi.stubEnv(name, value);
  const open = vi.fn();
  const variables = z.object({ TOY_QUEUE: z.string().check(z.minLength(1)) });
  const handler = onEvent({ variables, event, open, handle: () => Promise.resolve() });
  await expect(handler({ schedule: "day" })).rejects.toMatchObject({
    name: "Unconfigured",
    message: expect.stringMatching(new RegExp(`deploy its stack again: ${name}: `)),
  });
  expect(open).not.toHaveBeenCalled();
});

const record = (messageId: string, body: string, receiveCount = "1") => ({
  messageId,
  body,
  eventSource: "aws:sqs",
  attributes: { ApproximateReceiveCount: receiveCount, SentTimestamp: "1700000000000" },
});
const message = z.object({ job: z.number() });

describe("a batch of messages", () => {
  const came: Message<{ job: number }>[] = [];
  const take = eachMessage(async (one: Message<{ job: number }>) => {
    came.push(one);
    if (one.body.job < 0) throw new OutOfReach("not now");
  });
  const handler = onMessages({ message, open: ({ log }) => ({ log }), handle: take });
  beforeEach(() => void (came.length = 0));

  test("names those that failed, and what cannot be read is among them", async () => {
    const reply = await handler({
      Records: [record("a", '{"job": 1}'), record("b", secret, "4"), record("c", '{"job": -1}'), record("d", "[1]")],
    });
    expect(reply).toEqual({ batchItemFailures: ["b", "d", "c"].map((itemIdentifier) => ({ itemIdentifier })) });
    expect(came.map(({ id }) => id)).toEqual(["a", "c"]);
    expect(came[0]).toEqual({ id: "a", body: { job: 1 }, received: 1, sentAt: 1_700_000_000_000 });
    expect(events()).toMatchObject([
      { event: "message.refused", message: "b", received: 4 },
      { event: "message.refused", message: "d" },
      { event: "message.failed", message: "c", code: "out-of-reach", problem: "not now" },
    ]);
    expect(printed.join("")).not.toContain(secret);
  });

  test("that is handled whole names none", async () => {
    expect(await handler({ Records: [record("a", '{"job": 1}')] })).toEqual({ batchItemFailures: [] });
  });

  test.each([[{}], [{ Records: [] }], [{ Records: [{ messageId: "a" }] }], [{ Records: [record("a", "{}", "-1")] }]])(
    "that is no queue's is refused: %j",
    async (given) => {
      await expect(handler(given)).rejects.toMatchObject({ name: "EventRefused" });
      expect(came).toEqual([]);
    },
  );

  test("that a handler gives up fails whole", async () => {
    const failing = onMessages({ message, open: () => 0, handle: () => Promise.reject(new OutOfReach("no table")) });
    await expect(failing({ Records: [record("a", '{"job": 1}')] })).rejects.toThrow("no table");
  });
});

describe("a request", () => {
  const called = (body: string, isBase64Encoded: boolean) => ({
    version: "2.0",
    rawPath: "/hook",
    rawQueryString: "a=1",
    headers: { "x-signature": "s" },
    requestContext: { http: { method: "POST" } },
    body,
    isBase64Encoded,
  });
  const handle = vi.fn((): Promise<HttpReply> => Promise.resolve({ status: 202 }));
  const handler = onRequest({ bodyMostBytes: 8, open: () => "world", handle });
  beforeEach(() => void handle.mockClear());

  test.each([
    ["as text", called("é", false)],
    ["as base64", called(Buffer.from("é").toString("base64"), true)],
  ])("comes to its handler as the bytes that were sent, whether Lambda gives them %s", async (_, given) => {
    const headers = { "content-type": "application/json" };
    expect(await handler(given)).toEqual({ statusCode: 202, headers, body: "{}" });
    const wanted = { method: "POST", path: "/hook", query: "a=1", headers: { "x-signature": "s" } };
    expect(handle).toHaveBeenCalledWith({ ...wanted, body: Buffer.from([0xc3, 0xa9]) }, "world");
  });

  test("that is too long, or none, is refused before it is handled", async () => {
    expect(await handler(called("123456789", false))).toMatchObject({ statusCode: 413 });
    expect(await handler(called("12345678", false))).toMatchObject({ statusCode: 202 });
    expect(await handler({ version: "1.0" })).toMatchObject({ statusCode: 400 });
    expect(handle).toHaveBeenCalledTimes(1);
  });

  test("that fails is answered 500, without the words, which the log has", async () => {
    const failing = onRequest({ bodyMostBytes: 8, open: () => 0, handle: () => Promise.reject(new Error(secret)) });
    const reply = await failing(called("", false));
    expect(reply.statusCode).toBe(500);
    expect(reply.body).not.toContain(secret);
    expect(events()).toMatchObject([{ event: "lambda.failed", code: "bug", problem: secret }]);
  });

  test("to a lambda that is wrongly deployed is answered 500 too", async () => {
    vi.stubEnv("AWS_REGION", "");
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    onTestFinished(() => written.mockRestore());
    const opening = onRequest({ bodyMostBytes: 8, open: () => 0, handle });
    expect(await opening(called("", false))).toMatchObject({ statusCode: 500 });
    expect(written).toHaveBeenCalledWith(expect.stringContaining("AWS_REGION"));
  });
});
