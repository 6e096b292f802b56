// The doctor's calls as an instance change nothing, also where all are allowed: the embedded cloud enforces no policy.
import { STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { instanceRole } from "../../cloud/aws/instance-role.ts";
import { openCliBench, type CliBench } from "../cli/bench.ts";
import { account, credentials, environment, region } from "../cli/cloud.ts";
import type { RoleAnswer } from "../../cloud/ports/doctor.ts";
import { examineRole } from "../../control/operate/doctor/instance-role.ts";
import { forgeCredentialParameter, tableName } from "../../domain/names.ts";

const instanceId = "i-0123456789abcdef0";
let bench: CliBench;
beforeAll(async () => {
  bench = await openCliBench();
  await bench.record({ instanceId });
  await bench.record({ instanceId: "i-0123456789abcdef1" });
  await bench.send("a message", "large");
  bench.putParameter(forgeCredentialParameter(environment), "the App's key", "SecureString");
});
afterAll(() => bench.close());

const role = () => {
  const options = { region, endpoint: bench.door.url, credentials };
  const made = instanceRole({
    ...bench.clients,
    sts: new STSClient(options),
    table: tableName(environment),
    queueUrl: () => bench.defaults.queues["large"]?.url ?? "",
  });
  return {
    ...made,
    caller: () => Promise.resolve(`arn:aws:sts::${account}:assumed-role/runpool-dev_instance/${instanceId}`),
  };
};
const ground = {
  place: { awsPartition: "aws", region, account },
  environment,
  instanceId,
  partition: "github:example/shop",
  resourceClass: "large",
};

test("every call is let in where nothing forbids it, and leaves everything as it was", async () => {
  const before = bench.everything();
  bench.door.resetCalls();
  const checks = await examineRole(role(), ground, "deploy");
  expect(bench.everything()).toBe(before);
  expect(checks.filter(({ verdict }) => verdict === "skipped")).toEqual([]);
  expect(checks.filter(({ verdict }) => verdict === "fail").map(({ name }) => name)).toHaveLength(12);
  const { dynamodb = {} } = bench.door.calls();
  // The SDK tries refusals again while the host's clock and the embedded cloud's, which stands still, are years apart.
  expect(Object.keys(dynamodb).toSorted()).toEqual(["DeleteItem", "GetItem", "Scan", "UpdateItem"]);
  expect(bench.parameter(forgeCredentialParameter(environment))).toBe("the App's key");
});

test("a call that no service answers for certain proves nothing", async () => {
  bench.door.faults.set("dynamodb", "Scan", { throttled: 1 });
  const checks = await examineRole(role(), ground, "deploy");
  bench.door.faults.heal();
  expect(checks.find(({ name }) => name === "scan the table")).toMatchObject({
    verdict: "skipped",
    found: expect.stringContaining("ThrottlingException") as unknown,
  });
});

const answers: readonly (readonly [kind: RoleAnswer["kind"], codes: string])[] = [
  ["denied", "AccessDenied AccessDeniedException UnauthorizedOperation KMSAccessDeniedException"],
  [
    "allowed",
    "ConditionalCheckFailedException ParameterNotFound ReceiptHandleIsInvalid InvalidIdFormat QueueDoesNotExist AWS.SimpleQueueService.NonExistentQueue DryRunOperation",
  ],
  ["unclear", "ThrottlingException ValidationException ResourceNotFoundException InvalidInstanceID.NotFound Whatever"],
];

test.each(answers.flatMap(([kind, codes]) => codes.split(" ").map((code) => [code, kind] as const)))(
  "the answer %s means %s",
  async (code, kind) => {
    const send = () => Promise.reject(Object.assign(new Error("it says"), { name: code }));
    const failing = { send } as never;
    const clients = { dynamodb: failing, sqs: failing, ssm: failing, ec2: failing, sts: failing };
    const failed = instanceRole({ ...clients, table: "t", queueUrl: () => "" });
    expect((await failed.attempt({ kind: "scan-table" })).kind).toBe(kind);
  },
);
