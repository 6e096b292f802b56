// Answers that EC2, SQS and DynamoDB give seldom: to a launch, to an end, to what is set aside; and what items are stored for good.
import { runOwner } from "../../domain/owner.ts";
import { GetItemCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { clientOptions } from "../../cloud/aws/client-options.ts";
import { fleet } from "../../cloud/aws/fleet.ts";
import { requirementsOf } from "../../cloud/aws/fleet-request.ts";
import { instanceLogs } from "../../cloud/aws/instance-logs.ts";
import { distinct } from "../../cloud/aws/launch-failures.ts";
import type { LaunchRequest } from "../../cloud/ports/fleet.ts";
import { limits, maxima } from "../../domain/limits.ts";
import { requestKey, table } from "../../domain/table.ts";
import { openHttpSim, type HttpSim } from "../contract/http-sim.ts";
import { fresh } from "../contract/newcomers.ts";
import { keptRequest, launchRequest } from "../contract/requests.ts";

let sim: HttpSim;
beforeAll(async () => {
  sim = await openHttpSim({ maxAttempts: 1 });
});
afterAll(() => sim.close());
beforeEach(() => sim.faults.heal());

const request: LaunchRequest = {
  ...launchRequest,
  count: 2,
  usageClass: "on-demand",
  allowedTypes: ["m5.*"],
  tags: {},
};

/** The fleet on an EC2 that has this answer to every call. */
const answering = (send: () => Promise<unknown>) =>
  fleet({ ec2: () => ({ send }) as never, ssm: () => sim.clients.ssm, environment: "dev" });
const refusing = (name: string, httpStatusCode: number, message = "it says") =>
  answering(() => Promise.reject(Object.assign(new Error(message), { name, $metadata: { httpStatusCode } })));

describe("CreateFleet as a whole", () => {
  it.each([
    ["InsufficientInstanceCapacity", 500, "no-capacity"],
    ["InsufficientInstanceCapacity", 400, "no-capacity"],
    ["MaxSpotInstanceCountExceeded", 500, "quota"],
    ["RequestLimitExceeded", 503, "throttled"],
    ["UnauthorizedOperation", 403, "refused"],
    ["InternalError", 500, undefined],
    ["ServiceUnavailable", 503, undefined],
    ["Whatever", 500, undefined],
    ["Whatever", 400, "unknown"],
  ])("refused with %s and status %i is %s", async (code, status, kind) => {
    const outcome = await refusing(code, status).launch(request);
    if (kind === undefined)
      expect(outcome).toMatchObject({ kind: "unknown", problem: `CreateFleet: ${code}: it says` });
    else expect(outcome).toMatchObject({ kind: "answered", launched: [], failures: [{ kind }] });
  });

  it("names the capacity pools that it tried and had nothing, not those that it gave up before", async () => {
    const error = (ErrorCode: string, InstanceType: string, SubnetId: string) => ({
      ErrorCode,
      ErrorMessage: "none",
      LaunchTemplateAndOverrides: { Overrides: { InstanceType, SubnetId } },
    });
    const Errors = [
      error("InsufficientInstanceCapacity", "m5.large", "subnet-a"),
      error("InsufficientInstanceCapacity", "m5.large", "subnet-b"),
      error("InsufficientInstanceCapacity", "m5.large", "subnet-b"),
      error("UnfulfillableCapacity", "m5.xlarge", "subnet-a"),
      error("VcpuLimitExceeded", "m5.xlarge", "subnet-a"),
    ];
    const outcome = await answering(() => Promise.resolve({ Errors, Instances: [] })).launch(request);
    if (outcome.kind !== "answered") throw new Error(outcome.problem);
    expect(outcome.failures.map(({ kind, pool }) => [kind, pool?.instanceType, pool?.zone])).toEqual([
      ["no-capacity", "m5.large", "eu-west-1a"],
      ["no-capacity", "m5.large", "eu-west-1b"],
      ["no-capacity", undefined, undefined],
      ["quota", undefined, undefined],
    ]);
  });

  it("tells a reason once for each capacity pool, whatever the others are", () => {
    const failure = { kind: "no-capacity" as const, reason: "none" };
    const pools = [
      { instanceType: "m5.large", zone: "a" },
      { instanceType: "m5.large", zone: "b" },
      { instanceType: "c5.large", zone: "a" },
    ];
    const failures = [failure, ...pools.map((pool) => ({ ...failure, pool }))];
    const coded = failures.map((one) => ({ ...one, code: "InsufficientInstanceCapacity" }));
    expect(distinct([...coded, ...coded])).toEqual(failures);
  });
});

it("price protection leaves out what is twice the cheapest as spot, half as dear again as on-demand", () => {
  expect(requirementsOf({ ...request, usageClass: "spot" })).toMatchObject({
    SpotMaxPricePercentageOverLowestPrice: 100,
  });
  expect(requirementsOf({ ...request, usageClass: "spot" })).not.toHaveProperty(
    "OnDemandMaxPricePercentageOverLowestPrice",
  );
  expect(requirementsOf(request)).toMatchObject({ OnDemandMaxPricePercentageOverLowestPrice: 50 });
  expect(requirementsOf(request)).not.toHaveProperty("SpotMaxPricePercentageOverLowestPrice");
});

describe("ending machines", () => {
  const id = (index: number) => `i-0000000000000000${index}`;

  it.each(["RequestLimitExceeded", "InternalError"])(
    "that EC2 has no time for (%s) are told as not ended",
    async (code) => {
      const left = await refusing(code, 503).terminate([id(1), id(2)]);
      expect([...left.keys()]).toEqual([id(1), id(2)]);
      expect([...left.values()]).toEqual([expect.stringContaining(code), expect.stringContaining(code)]);
    },
  );

  it("one that is protected keeps no other alive", async () => {
    const ended: string[] = [];
    const send = async ({ input }: { input: { InstanceIds: string[] } }) => {
      const message = `The instance '${id(2)}' may not be terminated.`;
      if (input.InstanceIds.includes(id(2)))
        throw Object.assign(new Error(message), { name: "OperationNotPermitted", $metadata: { httpStatusCode: 400 } });
      ended.push(...input.InstanceIds);
      return {};
    };
    const machines = answering(send as never);
    expect([...(await machines.terminate([id(1), id(2), id(3)])).keys()]).toEqual([id(2)]);
    expect(ended.toSorted()).toEqual([id(1), id(3)]);
  });

  it("those that are gone are left out, however many, and the rest is ended", async () => {
    const ended: string[] = [];
    const send = async ({ input }: { input: { InstanceIds: string[] } }) => {
      const gone = input.InstanceIds.filter((one) => one === id(1) || one === id(4));
      if (gone.length > 0)
        throw Object.assign(new Error(`The instance IDs '${gone.join(", ")}' do not exist`), {
          name: "InvalidInstanceID.NotFound",
          $metadata: { httpStatusCode: 400 },
        });
      ended.push(...input.InstanceIds);
      return {};
    };
    expect(await answering(send as never).terminate([id(1), id(2), id(3), id(4)])).toEqual(new Map());
    expect(ended).toEqual([id(2), id(3)]);
  });
});

it("ours are machines in every state but the last, stopped ones too", async () => {
  const asked: unknown[] = [];
  // The SDK's paginator asks the client that it is given, and takes none but an EC2 client.
  const client = Object.assign(Object.create(sim.clients.ec2) as typeof sim.clients.ec2, {
    send: async ({ input }: { input: unknown }) => {
      asked.push(input);
      return { Reservations: [] };
    },
  });
  await fleet({ ec2: () => client, ssm: () => sim.clients.ssm, environment: "dev" }).ours();
  expect(asked).toEqual([
    expect.objectContaining({
      Filters: expect.arrayContaining([
        { Name: "instance-state-name", Values: ["pending", "running", "shutting-down", "stopping", "stopped"] },
      ]),
    }),
  ]);
});

it("the console of a machine that is not built on Nitro is that of its boot", async () => {
  const send = async ({ input }: { input: { Latest: boolean } }) => {
    if (input.Latest) throw Object.assign(new Error("not here"), { name: "UnsupportedOperation" });
    return { Output: Buffer.from("booted").toString("base64") };
  };
  const ports = instanceLogs({ logs: {} as never, ec2: { send } as never, group: "group" });
  expect(await ports.console("i-1")).toBe("booted");
});

it("a service that takes a request and never answers is given up, not waited for", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const { requestHandler, ...options } = clientOptions();
  const client = new STSClient({
    ...options,
    maxAttempts: 1,
    requestHandler: { ...requestHandler, requestTimeout: 100 },
    endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    region: "eu-west-1",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
  });
  await expect(client.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: "TimeoutError" });
  silent.closeAllConnections();
});

describe("what is set aside", () => {
  it.each([
    ["the longest message that SQS takes, in letters of three bytes", "€".repeat(349_000)],
    ["half a letter at the end of what is kept", `${"x".repeat(199_999)}\u{1f600}`],
  ])("may be %s", async (_, body) => {
    const resourceClass = "large";
    await sim.pool.setAside(resourceClass, { kind: "unreadable", receipt: "none", body, problem: "p".repeat(5_000) });
    const aside = await sim.takeAside?.(resourceClass);
    expect(aside?.problem).toBe("p".repeat(1_000));
    expect(aside?.body.length).toBe(200_000);
    expect(aside?.body.isWellFormed()).toBe(true);
  });
});

describe("what is kept of a run", () => {
  const outcome = {
    attempt: 1,
    provisionId: "provision",
    repository: "acme/shop",
    resourceClass: "large",
    usageClass: "spot" as const,
    readyMs: 1,
    created: 1,
    reused: 0,
    claimsLost: 0,
  };
  const item = async (runId: string): Promise<Record<string, AttributeValue>> => {
    const Key = { key: { S: requestKey(runId) } };
    const { Item } = await sim.clients.dynamodb.send(new GetItemCommand({ TableName: sim.table, Key }));
    return Item ?? {};
  };

  it("ends a week after it was asked for, or begun: in epoch seconds, as DynamoDB's time to live takes them", async () => {
    const at = sim.now();
    const expires = { N: String(Math.ceil((at + limits.requestKeptMs) / 1000)) };
    await sim.requests.save({ ...keptRequest, runId: "5001" }, at);
    await sim.beginnings.begin(runOwner("5002", 1, "provision"), { id: "one", at, since: at - 1 });
    for (const runId of ["5001", "5002"]) expect((await item(runId))[table.ttl], runId).toEqual(expires);
    await sim.requests.recordOutcome("5003", { ...outcome, at });
    await sim.requests.end("5003", { attempt: 1, at });
    expect(await item("5003"), "an item without an end").toEqual({});
  });

  it("is looked through from the newest run, no further than so many", async () => {
    const at = sim.now() + 1000;
    const most = maxima.runsRead;
    const saves = Array.from({ length: most + 1 }, (_, index) => {
      const repository = index === 0 ? "acme/oldest" : index === most ? "acme/newest" : "acme/between";
      const request = { ...keptRequest, repository, runId: String(10_000 + index) };
      return sim.requests.save(request, at + index, { ...outcome, repository, at: at + index });
    });
    await Promise.all(saves);
    expect(await sim.requests.repositories(at - 1)).toEqual(["acme/newest", "acme/between"]);
  });
});

it("a client token of a launch is the caller's own, in every try", async () => {
  const tokens: (string | undefined)[] = [];
  const send = async ({ input }: { input: { ClientToken?: string } }) => {
    tokens.push(input.ClientToken);
    return { Errors: [], Instances: [] };
  };
  const clientToken = fresh("token");
  await answering(send as never).launch({ ...request, clientToken });
  expect(tokens).toEqual([clientToken]);
});
