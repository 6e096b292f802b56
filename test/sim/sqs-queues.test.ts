// Queues: creating, describing, redrive; seen through the real SDK client.
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  QueueDeletedRecently,
  QueueDoesNotExist,
  QueueNameExists,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestCloud, type TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
beforeEach(async () => {
  cloud = await openTestCloud();
});
afterEach(() => cloud.close());

const create = async (QueueName: string, Attributes: Record<string, string> = {}): Promise<string> =>
  (await cloud.sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? "";
const attributes = async (QueueUrl: string) =>
  (await cloud.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))).Attributes ?? {};

test("a queue's URL points at the front door", async () => {
  const url = await create("pool-large");
  expect(url).toBe(`${cloud.door.url}/123456789012/pool-large`);
  expect((await cloud.sqs.send(new GetQueueUrlCommand({ QueueName: "pool-large" }))).QueueUrl).toBe(url);
});

test("creating a queue again is harmless with the same attributes, and refused with others", async () => {
  const url = await create("q", { VisibilityTimeout: "45" });
  expect(await create("q", { VisibilityTimeout: "45" })).toBe(url);
  expect(await create("q")).toBe(url);
  await expect(create("q", { VisibilityTimeout: "46" })).rejects.toThrow(QueueNameExists);
});

test("attributes have their defaults, change, and are checked", async () => {
  const url = await create("q");
  expect(await attributes(url)).toMatchObject({
    VisibilityTimeout: "30",
    MessageRetentionPeriod: "345600",
    QueueArn: "arn:aws:sqs:eu-west-1:123456789012:q",
    ApproximateNumberOfMessages: "0",
  });
  const set = (Attributes: Record<string, string>) =>
    cloud.sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes }));
  await set({ MessageRetentionPeriod: "4020" });
  expect((await attributes(url))["MessageRetentionPeriod"]).toBe("4020");
  await expect(set({ VisibilityTimeout: "43201" })).rejects.toMatchObject({ name: "InvalidAttributeValue" });
  await expect(set({ Nonsense: "1" })).rejects.toMatchObject({ name: "InvalidAttributeName" });
});

test("the counts tell visible, in flight and delayed apart", async () => {
  const url = await create("q");
  for (const DelaySeconds of [0, 0, 60]) {
    await cloud.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "m", DelaySeconds }));
  }
  await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
  expect(await attributes(url)).toMatchObject({
    ApproximateNumberOfMessages: "1",
    ApproximateNumberOfMessagesNotVisible: "1",
    ApproximateNumberOfMessagesDelayed: "1",
  });
  expect(
    cloud.queues
      .messages("q")
      .map(({ state }) => state)
      .sort(),
  ).toEqual(["delayed", "in flight", "visible"]);
});

test("a deleted queue does not exist, and its name rests for a minute", async () => {
  const url = await create("q");
  await cloud.sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
  const send = cloud.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "m" }));
  const fault = (await send.catch((error: unknown) => error)) as QueueDoesNotExist;
  expect(fault).toBeInstanceOf(QueueDoesNotExist);
  expect(fault).toMatchObject({ Code: "AWS.SimpleQueueService.NonExistentQueue", Type: "Sender" });
  await expect(create("q")).rejects.toThrow(QueueDeletedRecently);
  await cloud.clock.advance(60_000);
  await create("q");
});

test("a redrive policy counts receives, also those given back at once, and moves the message", async () => {
  const dead = await create("dead");
  const { QueueArn } = await attributes(dead);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: QueueArn, maxReceiveCount: 2 });
  const url = await create("live", { RedrivePolicy, VisibilityTimeout: "0" });
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "m" }));
  const receive = async (QueueUrl: string) =>
    (await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ["All"] }))).Messages?.[0];
  expect((await receive(url))?.Attributes?.["ApproximateReceiveCount"]).toBe("1");
  expect((await receive(url))?.Attributes?.["ApproximateReceiveCount"]).toBe("2");
  expect(await receive(url)).toBeUndefined();
  const moved = await receive(dead);
  expect(moved?.Body).toBe("m");
  expect(moved?.Attributes?.["DeadLetterQueueSourceArn"]).toBe("arn:aws:sqs:eu-west-1:123456789012:live");
  await cloud.sqs.send(new DeleteMessageCommand({ QueueUrl: dead, ReceiptHandle: moved?.ReceiptHandle }));
  expect(cloud.queues.messages("dead")).toEqual([]);
  await expect(
    create("third", { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: "arn:aws:sqs:x", maxReceiveCount: 1 }) }),
  ).rejects.toThrow("Dead letter target does not exist");
});

test("a message received and returned fifty times is still there where no policy says otherwise", async () => {
  const url = await create("q", { VisibilityTimeout: "0" });
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "m" }));
  for (let n = 0; n < 50; n++) {
    const { Messages } = await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
    expect(Messages).toHaveLength(1);
  }
  expect(cloud.queues.messages("q")[0]).toMatchObject({ state: "visible", receiveCount: 50 });
});
