// The front door: protocols, errors, faults and counts, with real SDK clients and bare HTTP.
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ThrottlingException,
} from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetQueueUrlCommand, QueueDoesNotExist, RequestThrottled } from "@aws-sdk/client-sqs";
import { GetParameterCommand, ParameterNotFound, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { rowOf, services, versionOf, type ServiceName } from "../../sim/http/protocols.ts";
import { AwsFault, type AwsCall } from "../../sim/http/service.ts";
import { machines, TableName } from "./machines-table.ts";
import { openTestCloud, sdkConfig, type TestCloud } from "./test-cloud.ts";

let cloud: TestCloud;
let calls: AwsCall[] = [];
const recording =
  (answer: (call: AwsCall) => unknown) =>
  async (call: AwsCall): Promise<unknown> => {
    calls.push(call);
    return answer(call);
  };
beforeEach(async () => {
  calls = [];
  cloud = await openTestCloud({
    ec2: recording(({ action }) => {
      if (action === "DescribeInstances") return "<reservationSet/>";
      throw new AwsFault("InvalidAMIID.NotFound", "The image id '[ami-<1>]' does not exist");
    }),
    sts: recording(() => "<Account>123456789012</Account>"),
    ssm: recording(() => {
      throw new AwsFault("ParameterNotFound", "");
    }),
  });
  await cloud.dynamo.send(new CreateTableCommand(machines));
});
afterEach(() => cloud.close());

const scope =
  "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/SERVICE/aws4_request, SignedHeaders=host, Signature=0";
const bare = (service: string, body: string, headers: Record<string, string> = {}) =>
  fetch(cloud.door.url, {
    method: "POST",
    body,
    headers: { authorization: scope.replace("SERVICE", service), ...headers },
  });
const Item = { id: { S: "i-1" } };
const put = () => cloud.dynamo.send(new PutItemCommand({ TableName, Item }));

test("a Query call arrives as nested lists and structures, with its caller", async () => {
  const ec2 = new EC2Client(sdkConfig(cloud.door.url));
  const { Reservations } = await ec2.send(
    new DescribeInstancesCommand({
      InstanceIds: ["i-1", "i-2"],
      Filters: [{ Name: "tag:runpool:manager", Values: ["pool", "a b&c"] }],
      MaxResults: 5,
    }),
  );
  ec2.destroy();
  expect(Reservations).toEqual([]);
  expect(calls[0]).toMatchObject({
    service: "ec2",
    action: "DescribeInstances",
    input: {
      InstanceId: ["i-1", "i-2"],
      Filter: [{ Name: "tag:runpool:manager", Value: ["pool", "a b&c"] }],
      MaxResults: "5",
    },
    caller: { accessKeyId: "AKIDEXAMPLE", region: "eu-west-1" },
    origin: cloud.door.url,
  });
});

test("more than nine list members keep their order", async () => {
  const ids = Array.from({ length: 12 }, (_, n) => `i-${n}`);
  const ec2 = new EC2Client(sdkConfig(cloud.door.url));
  await ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }));
  ec2.destroy();
  expect(calls[0]?.input).toEqual({ InstanceId: ids });
});

test("STS answers in its envelope", async () => {
  const sts = new STSClient(sdkConfig(cloud.door.url));
  const { Account, $metadata } = await sts.send(new GetCallerIdentityCommand({}));
  sts.destroy();
  expect(Account).toBe("123456789012");
  expect($metadata.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("an SSM error becomes the SDK's error class", async () => {
  const ssm = new SSMClient(sdkConfig(cloud.door.url));
  await expect(ssm.send(new GetParameterCommand({ Name: "/x" }))).rejects.toThrow(ParameterNotFound);
  ssm.destroy();
});

test("an EC2 error has EC2's shape, escaped", async () => {
  const reply = await bare("ec2", "Action=RunInstances&Version=2016-11-15");
  expect(reply.status).toBe(400);
  expect(await reply.text()).toMatch(
    /<Response><Errors><Error><Code>InvalidAMIID.NotFound<\/Code><Message>The image id '\[ami-&lt;1&gt;\]' does not exist<\/Message><\/Error><\/Errors><RequestID>[0-9a-f-]{36}<\/RequestID><\/Response>$/,
  );
});

test.each([
  ["dynamodb", "DynamoDB_20120810.RestoreTableToPointInTime", "com.amazon.coral.service#UnknownOperationException"],
  ["sqs", "AmazonSQS.StartMessageMoveTask", "com.amazon.coral.service#UnknownOperationException"],
])("%s does not know %s and says so", async (service, target, type) => {
  const reply = await bare(service, "{}", { "x-amz-target": target });
  expect(reply.status).toBe(400);
  expect(await reply.json()).toMatchObject({ __type: type });
});

test("what no service claims is answered as AWS does", async () => {
  for (const headers of [{ "x-amz-target": "Kinesis_20131202.PutRecord" }, {}] as Record<string, string>[]) {
    const reply = await bare("kinesis", "{}", headers);
    expect(reply.status).toBe(404);
    expect(await reply.text()).toContain("<UnknownOperationException/>");
  }
});

const target = { "x-amz-target": "DynamoDB_20120810.GetItem" };
test.each([
  ["{", "SerializationException"],
  ["[]", "SerializationException"],
  ['{"TableName": 7}', "SerializationException"],
  ['{"TableName": "machines", "Key": []}', "SerializationException"],
  ["{}", "ValidationException"],
  ['{"TableName": "machines", "Key": {"id": {}}}', "ValidationException"],
])("the body %s is refused with %s", async (body, type) => {
  const reply = await bare("dynamodb", body, target);
  expect(reply.status).toBe(400);
  expect(((await reply.json()) as { __type: string }).__type).toContain(type);
});

test("a call without a signature is refused", async () => {
  const reply = await bare("", "{}", { ...target, authorization: "" });
  expect(await reply.json()).toMatchObject({
    __type: "com.amazon.coral.service#MissingAuthenticationTokenException",
  });
});

test("the Date header is the embedded cloud's clock", async () => {
  await cloud.clock.advance(86_400_000);
  const reply = await bare("dynamodb", "{}", { "x-amz-target": "DynamoDB_20120810.ListTables" });
  expect(Date.parse(reply.headers.get("date") ?? "")).toBe(Math.floor(cloud.clock.now() / 1000) * 1000);
  expect(reply.headers.get("x-amz-crc32")).toMatch(/^\d+$/);
});

test("calls are counted by service and action, the refused ones, too", async () => {
  cloud.door.resetCalls();
  await put();
  await put();
  await cloud.dynamo.send(new GetItemCommand({ TableName, Key: { nope: { S: "1" } } })).catch(() => {});
  await expect(cloud.sqs.send(new GetQueueUrlCommand({ QueueName: "none" }))).rejects.toThrow(QueueDoesNotExist);
  expect(cloud.door.calls()).toEqual({ dynamodb: { PutItem: 2, GetItem: 1 }, sqs: { GetQueueUrl: 1 } });
});

test("throttling is each service's own error, which the SDK knows as such", async () => {
  cloud.faults.set("*", "*", { throttled: 1 });
  await expect(put()).rejects.toThrow(ThrottlingException);
  await expect(cloud.sqs.send(new GetQueueUrlCommand({ QueueName: "none" }))).rejects.toThrow(RequestThrottled);
  const ec2 = new EC2Client(sdkConfig(cloud.door.url));
  await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: "RequestLimitExceeded" });
  ec2.destroy();
  cloud.faults.heal();
  await put();
});

test("latency is spent on the embedded cloud's clock", async () => {
  cloud.faults.set("dynamodb", "PutItem", { latencyMs: [200, 200] });
  const slow = put();
  await vi.waitFor(() => expect(cloud.clock.sleepers()).toBe(1));
  expect(cloud.db.items(TableName)).toEqual([]);
  await cloud.clock.advance(200);
  await slow;
  expect(cloud.db.items(TableName)).toEqual([Item]);
});

const overHttp = (Object.keys(services) as ServiceName[]).filter((name) => name !== "lambda");
test.each(overHttp)("faults reach %s: it throttles, is slow, and its connections end", async (name) => {
  const { kind, target: service, throttled } = rowOf(name);
  const send = () =>
    kind === "json"
      ? bare(name, "{}", { "x-amz-target": `${service}.Anything` })
      : bare(name, `Action=Anything&Version=${versionOf(name)}`);
  cloud.faults.set(name, "*", { throttled: 1, latencyMs: 200 });
  const slow = send();
  await vi.waitFor(() => expect(cloud.clock.sleepers()).toBe(1));
  await cloud.clock.advance(200);
  expect(await (await slow).text()).toContain(throttled[0]);
  for (const lost of ["lostBefore", "lostAfter"]) {
    cloud.faults.set(name, "*", { [lost]: 1 });
    await expect(send()).rejects.toThrow("fetch failed");
  }
});

test("a call lost before it is applied changes nothing; one lost after it does", async () => {
  cloud.faults.set("dynamodb", "PutItem", { lostBefore: 1 });
  await expect(put()).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(cloud.db.items(TableName)).toEqual([]);
  cloud.faults.set("dynamodb", "PutItem", { lostAfter: 1 });
  await expect(put()).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(cloud.db.items(TableName)).toEqual([Item]);
});

test("an SDK with retries gets through a lossy service", async () => {
  cloud.faults.set("dynamodb", "*", { lostBefore: 0.2, lostAfter: 0.2 });
  const patient = new DynamoDBClient({ ...sdkConfig(cloud.door.url), maxAttempts: 12 });
  const ids = ["i-1", "i-2", "i-3"];
  const puts = ids.map((id) => patient.send(new PutItemCommand({ TableName, Item: { id: { S: id } } })));
  await Promise.all(puts);
  patient.destroy();
  expect(cloud.db.items(TableName)).toHaveLength(3);
  expect(cloud.door.calls().dynamodb?.["PutItem"]).toBeGreaterThan(3);
});

test("the rates set most precisely win, one by one", () => {
  cloud.faults.set("*", "*", { throttled: 0.1, lostAfter: 0.1 });
  cloud.faults.set("sqs", "*", { throttled: 0.2 });
  cloud.faults.set("sqs", "SendMessage", { throttled: 0 });
  expect(cloud.faults.rates("sqs", "SendMessage")).toEqual({ throttled: 0, lostAfter: 0.1 });
  expect(cloud.faults.rates("sqs", "GetQueueUrl")).toEqual({ throttled: 0.2, lostAfter: 0.1 });
  expect(cloud.faults.rates("ec2", "RunInstances")).toEqual({ throttled: 0.1, lostAfter: 0.1 });
});
