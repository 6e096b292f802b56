// Messages: sending, leasing, long polls, batches, and what goes wrong; seen through the real SDK client.
import {
  BatchEntryIdsNotDistinct,
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  EmptyBatchRequest,
  MessageNotInflight,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  TooManyEntriesInBatchRequest,
  type ReceiveMessageCommandInput,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openTestCloud, type TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
let QueueUrl = "";
beforeEach(async () => {
  cloud = await openTestCloud();
  QueueUrl = (await cloud.sqs.send(new CreateQueueCommand({ QueueName: "pool" }))).QueueUrl ?? "";
});
afterEach(() => cloud.close());

const send = (MessageBody: string, more: object = {}) =>
  cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
const receive = async (more: Partial<ReceiveMessageCommandInput> = {}) =>
  (await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }))).Messages ?? [];
const hide = (ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
  cloud.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
const remove = (ReceiptHandle: string | undefined) =>
  cloud.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
const sendMany = async (count: number) => {
  for (let n = 0; n < count; n += 10) {
    const Entries = Array.from({ length: Math.min(10, count - n) }, (_, i) => ({
      Id: `e${i}`,
      MessageBody: `m${n + i}`,
    }));
    await cloud.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
};

test("a message arrives whole: body, attributes, times, counts", async () => {
  const MessageAttributes = {
    reason: { DataType: "String", StringValue: "unreadable ✓" },
    size: { DataType: "Number", StringValue: "12" },
    raw: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2, 255]) },
  };
  const sent = await send("hé", { MessageAttributes });
  const sentAt = cloud.clock.now();
  await cloud.clock.advance(2_000);
  const [message] = await receive({ MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] });
  expect(message).toMatchObject({ MessageId: sent.MessageId, Body: "hé", MessageAttributes });
  expect(message?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
  expect(message?.Attributes).toEqual({
    SenderId: "AKIDEXAMPLE",
    SentTimestamp: String(sentAt),
    ApproximateReceiveCount: "1",
    ApproximateFirstReceiveTimestamp: String(sentAt + 2_000),
  });
});

test("the MD5 of message attributes is the one that the service documents", async () => {
  // The vector of moto's test suite for one String attribute.
  const sent = await send("derp", {
    MessageAttributes: { timestamp: { DataType: "Number", StringValue: "1493147359900" } },
  });
  expect(sent.MD5OfMessageAttributes).toBe("235c5c510d26fb653d073faed50ae77c");
});

test("a received message is leased, comes back when the lease ends, and is gone when deleted", async () => {
  await send("m");
  const [first] = await receive({ VisibilityTimeout: 30 });
  await cloud.clock.advance(29_000);
  expect(await receive()).toEqual([]);
  await cloud.clock.advance(1_000);
  const [second] = await receive();
  expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
  await remove(first?.ReceiptHandle);
  expect(cloud.queues.messages("pool")).toHaveLength(1);
  await remove(second?.ReceiptHandle);
  expect(cloud.queues.messages("pool")).toEqual([]);
  await remove(second?.ReceiptHandle);
});

test("a lease is given back, or prolonged", async () => {
  await send("m");
  const [first] = await receive();
  await hide(first?.ReceiptHandle, 0);
  const [second] = await receive();
  expect(second?.Body).toBe("m");
  await hide(second?.ReceiptHandle, 60);
  await cloud.clock.advance(59_000);
  expect(await receive()).toEqual([]);
});

test("a lease that is not held cannot be changed", async () => {
  await send("m");
  const [first] = await receive({ VisibilityTimeout: 1 });
  await cloud.clock.advance(1_000);
  await expect(hide(first?.ReceiptHandle, 5)).rejects.toThrow(MessageNotInflight);
  const [second] = await receive();
  await expect(hide(first?.ReceiptHandle, 5)).rejects.toMatchObject({ Code: "InvalidParameterValue" });
  await remove(second?.ReceiptHandle);
  await expect(hide(second?.ReceiptHandle, 5)).rejects.toThrow("not available for visibility timeout change");
  await expect(hide("nonsense", 5)).rejects.toThrow(ReceiptHandleIsInvalid);
  await expect(remove("nonsense")).rejects.toThrow(ReceiptHandleIsInvalid);
});

test("a visibility of more than twelve hours in all is refused", async () => {
  await send("m");
  const [message] = await receive();
  await cloud.clock.advance(1_000);
  await expect(hide(message?.ReceiptHandle, 43_200)).rejects.toThrow("beyond the limit [43200 seconds]");
});

test("a long poll waits for a message, and is woken by it", async () => {
  const poll = receive({ WaitTimeSeconds: 20 });
  await vi.waitFor(() => expect(cloud.clock.sleepers()).toBe(1));
  await send("m");
  expect((await poll).map(({ Body }) => Body)).toEqual(["m"]);
});

test("a long poll is woken by a returned lease, by an ended lease, and else ends empty", async () => {
  await send("m");
  const [held] = await receive({ VisibilityTimeout: 15 });
  const woken = receive({ WaitTimeSeconds: 20, VisibilityTimeout: 10 });
  await vi.waitFor(() => expect(cloud.clock.sleepers()).toBe(1));
  await hide(held?.ReceiptHandle, 0);
  expect(await woken).toHaveLength(1);
  const later = receive({ WaitTimeSeconds: 20, VisibilityTimeout: 100 });
  await vi.waitFor(() => expect(cloud.clock.sleepers()).toBe(1));
  await cloud.clock.advance(10_000);
  expect(await later).toHaveLength(1);
  const empty = receive({ WaitTimeSeconds: 20 });
  await vi.waitFor(() => expect(cloud.clock.sleepers()).toBe(1));
  await cloud.clock.advance(20_000);
  expect(await empty).toEqual([]);
});

test("a poller that hung up takes no message with it", async () => {
  const hangUp = new AbortController();
  const input = { QueueUrl, WaitTimeSeconds: 20 };
  const poll = cloud.sqs.send(new ReceiveMessageCommand(input), { abortSignal: hangUp.signal });
  await vi.waitFor(() => expect(cloud.clock.sleepers()).toBe(1));
  hangUp.abort();
  await expect(poll).rejects.toThrow();
  await vi.waitFor(() => expect(cloud.clock.sleepers()).toBe(0));
  await send("m");
  expect(cloud.queues.messages("pool")[0]).toMatchObject({ state: "visible", receiveCount: 0 });
});

test("every message is delivered once while its lease lasts, in no fixed order, and none is left behind", async () => {
  await sendMany(60);
  const bodies: (string | undefined)[] = [];
  for (let n = 0; n < 6; n++) bodies.push(...(await receive()).map(({ Body }) => Body));
  const sent = Array.from({ length: 60 }, (_, n) => `m${n}`);
  expect(bodies).not.toEqual(sent);
  expect(bodies).toHaveLength(60);
  expect(new Set(bodies)).toEqual(new Set(sent));
});

test("a delayed message shows up when its delay ends", async () => {
  await send("m", { DelaySeconds: 10 });
  expect(await receive()).toEqual([]);
  await cloud.clock.advance(10_000);
  expect(await receive()).toHaveLength(1);
});

test("a message older than the retention is gone, leased or not", async () => {
  await send("old");
  await cloud.clock.advance(345_600_000 - 1_000);
  await send("young");
  await receive({ MaxNumberOfMessages: 10, VisibilityTimeout: 1 });
  await cloud.clock.advance(1_000);
  expect((await receive()).map(({ Body }) => Body)).toEqual(["young"]);
});

test("a batch fails entry by entry", async () => {
  await send("a");
  await send("b");
  const [a, b] = await receive();
  const entries = [
    { Id: "good", ReceiptHandle: a?.ReceiptHandle },
    { Id: "bad", ReceiptHandle: "nonsense" },
  ];
  const changed = await cloud.sqs.send(
    new ChangeMessageVisibilityBatchCommand({
      QueueUrl,
      Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: 0 })),
    }),
  );
  expect(changed.Successful).toEqual([{ Id: "good" }]);
  expect(changed.Failed).toMatchObject([{ Id: "bad", Code: "ReceiptHandleIsInvalid", SenderFault: true }]);
  const gone = await cloud.sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl,
      Entries: [{ Id: "b", ReceiptHandle: b?.ReceiptHandle }, entries[1] as never],
    }),
  );
  expect(gone.Successful).toEqual([{ Id: "b" }]);
  expect(gone.Failed?.map(({ Id }) => Id)).toEqual(["bad"]);
  const sent = await cloud.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: [
        { Id: "1", MessageBody: "fine" },
        { Id: "2", MessageBody: "late", DelaySeconds: 901 },
        { Id: "3", MessageBody: "bell\u0007" },
      ],
    }),
  );
  expect(sent.Successful?.map(({ Id }) => Id)).toEqual(["1"]);
  expect(sent.Failed?.map(({ Id, Code }) => [Id, Code])).toEqual([
    ["2", "InvalidParameterValue"],
    ["3", "InvalidMessageContents"],
  ]);
});

test("a batch is refused as a whole when it is empty, too long, or repeats an id", async () => {
  const batch = (ids: string[]) =>
    cloud.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: ids.map((Id) => ({ Id, MessageBody: "m" })) }));
  await expect(batch([])).rejects.toThrow(EmptyBatchRequest);
  await expect(batch(["a", "b", "a"])).rejects.toThrow(BatchEntryIdsNotDistinct);
  await expect(batch(Array.from({ length: 11 }, (_, n) => `e${n}`))).rejects.toThrow(TooManyEntriesInBatchRequest);
  expect(cloud.queues.messages("pool")).toEqual([]);
});

test("a receive asks for one to ten", async () => {
  await expect(receive({ MaxNumberOfMessages: 11 })).rejects.toThrow("Must be between 1 and 10, if provided.");
  await expect(receive({ WaitTimeSeconds: 21 })).rejects.toThrow("Must be between 0 and 20, if provided.");
});

test("by fault, a receive comes back empty, partial, or doubled", async () => {
  await sendMany(10);
  cloud.faults.set("sqs", "ReceiveMessage", { falseEmpty: 1 });
  expect(await receive()).toEqual([]);
  cloud.faults.set("sqs", "ReceiveMessage", { partial: 0.5 });
  const some = await receive();
  expect(some.length).toBeGreaterThan(0);
  expect(some.length).toBeLessThan(10);
  cloud.faults.set("sqs", "ReceiveMessage", { duplicate: 1 });
  const rest = await receive();
  cloud.faults.heal();
  for (const { ReceiptHandle } of rest) await remove(ReceiptHandle);
  const again = await receive();
  expect(again).toHaveLength(rest.length);
  expect(new Set(again.map(({ Body }) => Body))).toEqual(new Set(rest.map(({ Body }) => Body)));
  for (const { ReceiptHandle } of [...some, ...again]) await remove(ReceiptHandle);
  expect(cloud.queues.messages("pool")).toEqual([]);
});
