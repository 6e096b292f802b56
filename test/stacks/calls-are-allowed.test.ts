// Every call that a part makes to AWS is let in by the role that it has: the parts run on the embedded cloud, and each call that they
// make there is put to the policies of the synthesized stacks.
import { EC2Client } from "@aws-sdk/client-ec2";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { imageParameters } from "../../cloud/aws/image-parameters.ts";
import { images } from "../../cloud/aws/images.ts";
import { preRunnerScript } from "../../cloud/aws/pre-runner-script.ts";
import { secrets } from "../../cloud/aws/secrets.ts";
import { imagesOf } from "../../sim/furnish-from-stack.ts";
import type { AwsCall } from "../../sim/http/service.ts";
import { resourcesOf } from "../../sim/stack-file.ts";
import { imageParameter } from "../../domain/class-keys.ts";
import { forgeCredentialParameter, instanceKey, jitConfigurationParameter, tableName } from "../../domain/names.ts";
import { controlWorld } from "../../entry/control-world.ts";
import type { ControlWorld } from "../../control/world.ts";
import { hostClock } from "../../entry/host-clock.ts";
import laptop from "../../entry/laptop/environment.ts";
import { forgeToken, openEmbeddedCloud, place, type EmbeddedCloud } from "../../entry/laptop/embedded-cloud.ts";
import { laptopPool } from "../../entry/laptop/laptop-stack.ts";
import { provisionRun, releaseRun } from "../../entry/laptop/runs.ts";
import { refreshing } from "../../entry/lambdas/refresh.lambda.ts";
import { onEvent } from "../../entry/lambdas/run.ts";
import { inProcess } from "../cli/bench.ts";
import { becomeProcess } from "./embedded.ts";
import { askedOfIam } from "./asked-of-iam.ts";
import { isAllowed, policyText, statementsIn, type PolicyStatement } from "./evaluate-policy.ts";
import { startAgent } from "./stand-in-agent.ts";
import { synthesized } from "./synthesized.ts";
import { wordsOfReason } from "../../entry/words/reasons.ts";

/** Access keys by which the callers are told apart; an instance's is followed by its id. */
const keys = {
  provision: "AKIAPROVISION",
  refresh: "AKIAREFRESH",
  operate: "AKIAOPERATE",
  images: "AKIAIMAGES",
} as const;
const instanceBeginning = "ASIA-";
type Role = keyof typeof keys | "instance";

const policies = new Map<string, readonly PolicyStatement[]>();
const calls: AwsCall[] = [];
let cloud: EmbeddedCloud;
const agents: Promise<string>[] = [];

const credentialsOf = (accessKeyId: string) => ({ accessKeyId, secretAccessKey: "secret" });
const clientOf = (accessKeyId: string) => ({
  region: place.region,
  endpoint: cloud.aws.url,
  credentials: credentialsOf(accessKeyId),
});

function readPolicies(): void {
  const forge = { ...laptop.forge, repositoryIds: { "example/infrastructure": "1/3", "example/images": "1/4" } };
  const deployFrom = { repository: "example/infrastructure", githubEnvironment: "production" };
  for (const file of Object.values(
    synthesized({ ...laptop, forge, deployFrom, imagesFrom: { repository: "example/images" } }),
  ))
    for (const [id, block] of ["aws_iam_role_policy", "aws_iam_policy"].flatMap((type) => resourcesOf(file, type))) {
      // A partition's ends in its suffix.
      const name = id.replace(/(-more)?-policy(-[0-9a-f]{8})?$/, "");
      policies.set(name, [...(policies.get(name) ?? []), ...statementsIn(policyText(block))]);
    }
}

/** The environment of a process that has a role. */
function become(role: keyof typeof keys): Record<string, string> {
  vi.stubEnv("GITHUB_TOKEN", forgeToken);
  return { ...becomeProcess(cloud.aws.url, credentialsOf(keys[role])), GITHUB_TOKEN: forgeToken };
}

beforeAll(async () => {
  readPolicies();
  const heard = (call: AwsCall): void => void calls.push(call);
  cloud = await openEmbeddedCloud({ idleMs: 600_000, bootMs: 0, heard });
  cloud.ec2.hooks.onLaunch = ({ id }) => {
    const options = clientOf(`${instanceBeginning}${id}`);
    const common = { environment: place.environment, forgeServer: cloud.github.url, clock: hostClock };
    const wish = { ...common, secrets: secrets(new SSMClient(options)) };
    // What root does on a machine before the agent is started.
    void preRunnerScript(new DynamoDBClient(options), tableName(place.environment), place.environment);
    agents.push(
      startAgent(id, { ...wish, client: new DynamoDBClient(options), place: { awsPartition: "aws", ...place } }),
    );
  };
  const Name = forgeCredentialParameter(place.environment);
  const ssm = new SSMClient(clientOf("AKIAPEOPLE"));
  await ssm.send(new PutParameterCommand({ Name, Value: forgeToken, Type: "SecureString" }));
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  become("refresh");
  const { settings } = controlWorld({ ...place, log: { event: () => undefined } });
  await settings.writeOverlay({ idleFloors: { "large/x64": 1 } }, (await settings.load()).overlay);
  await onEvent(refreshing)({});
  await workflow();
  await usedUp(ssm);
  // Parks what the floor asked for, and measures the pool.
  await onEvent(refreshing)({});
  await pipeline();
  await operators();
  vi.restoreAllMocks();
});

/** A just-in-time configuration of an assignment that is over, for refresh to delete. */
async function usedUp(ssm: SSMClient): Promise<void> {
  const id = cloud.ec2.machines()[0]?.id ?? "";
  const Name = jitConfigurationParameter(place.environment, id, 0);
  await ssm.send(new PutParameterCommand({ Name, Value: "used", Type: "SecureString" }));
}

function worldOfWorkflow(): ControlWorld {
  const log = { event: () => undefined };
  const aws = { endpoint: cloud.aws.url, credentials: credentialsOf(keys.provision) };
  return controlWorld({ ...place, forge: { kind: "token", token: forgeToken }, aws, log });
}

/** Until every machine that boots has said that it is up: the next refresh parks it, and a drain does not wait for it. */
async function booted(): Promise<void> {
  const { instances } = worldOfWorkflow();
  const boots = async (): Promise<boolean> =>
    (await instances.all()).items.some(({ state, signal }) => state === "created" && signal?.kind !== "prepared");
  while (await boots()) await hostClock.sleep(50);
}

async function workflow(): Promise<void> {
  const world = worldOfWorkflow();
  const never = new AbortController().signal;
  for (const runId of ["1001", "1002"]) {
    const outcome = await provisionRun(world, { runId, instanceCount: "2" }, never);
    if (outcome.kind !== "ready") throw new Error(outcome.reasons.map(wordsOfReason).join("\n"));
    await releaseRun(world, runId);
  }
  // What a provision does that fails at the maximum after minutes: it names who holds the instances (`outOfTime`).
  await world.instances.all();
}

/** All of it but the bake, which is Packer's. */
async function pipeline(): Promise<void> {
  const variables = become("images");
  const image = imagesOf(await laptopPool())[0]?.id ?? "";
  for (const line of [`ami test --image ${image}`, `ami publish --image ${image}`, "ami prune", "ami age --evict"]) {
    const { code, out, err } = await inProcess(line.split(" "), variables);
    if (code !== 0 && !line.includes("age")) throw new Error(`${line}: ${code}: ${out}${err}`);
  }
  // What prune deletes, and publish where the parameter says another image.
  const ec2 = new EC2Client(clientOf(keys.images));
  const parameters = imageParameters(new SSMClient(clientOf(keys.images)));
  await images(ec2, new SSMClient(clientOf(keys.images))).remove({
    imageId: "ami-0000000000000dead",
    snapshotIds: ["snap-0000000000000dead"],
  });
  await parameters.write(imageParameter(place.environment, "x64"), image);
}

async function operators(): Promise<void> {
  const variables = become("operate");
  const [idle = ""] = cloud.ec2.machines().map(({ id }) => id);
  for (const line of [
    "doctor",
    "status",
    "instances",
    "config",
    `logs ${idle}`,
    "pause --reason tested",
    "resume",
    `retire ${idle}`,
    // It takes the place of the one that was retired; the next makes it idle.
    "refresh",
    "refresh",
    "drain --all --wait",
  ]) {
    await booted();
    const { code, out, err } = await inProcess(line.split(" "), variables);
    // The doctor finds that this cloud is no account of anybody's, and nothing has written a log in it.
    if (code !== 0 && !/^(doctor|logs)/.test(line)) throw new Error(`${line}: ${code}: ${out}${err}`);
  }
}

afterAll(async () => {
  vi.unstubAllEnvs();

  await cloud.close();
});

function roleOf({ caller: { accessKeyId } }: AwsCall): Role | undefined {
  if (accessKeyId.startsWith(instanceBeginning)) return "instance";
  return (Object.keys(keys) as (keyof typeof keys)[]).find((role) => keys[role] === accessKeyId);
}

/** Of a role: each call as it was put to IAM, and what it may not, in words. */
function answersFor(role: Role): { readonly actions: ReadonlySet<string>; readonly refused: ReadonlySet<string> } {
  const statements = policies.get(role) ?? [];
  const [actions, refused] = [new Set<string>(), new Set<string>()];
  for (const call of calls.filter((one) => roleOf(one) === role)) {
    const { accessKeyId } = call.caller;
    const place_ = { awsPartition: "aws", ...place };
    const own =
      role === "instance" ? { instance: instanceKey(place_, accessKeyId.slice(instanceBeginning.length)) } : {};
    for (const request of askedOfIam(call, { ...place, ...own })) {
      actions.add(request.action);
      if (!isAllowed(statements, request)) refused.add(`${request.action} on ${request.resource}`);
    }
  }
  return { actions, refused };
}

describe("every call is allowed", () => {
  test.each(["provision", "refresh", "operate", "images", "instance"] as const)("of %s", (role) => {
    const { actions, refused } = answersFor(role);
    expect([...refused]).toEqual([]);
    expect(actions.size).toBeGreaterThan(2);
  });
});

test("what is allowed is used: a right that no part needs is no right", () => {
  // EC2 asks for the first two in the caller's name; the others are for what goes wrong: no type that fits, misfits in the queue.
  const rare =
    /^(iam:PassRole|ssm:GetParameters|ec2:GetInstanceTypesFromInstanceRequirements|sqs:ChangeMessageVisibility)$/;
  const ofFailures: Partial<Record<Role, RegExp>> = {
    provision: /^ec2:(DescribeInstances|TerminateInstances)$/,
    // There are no streams to read.
    operate: /^logs:GetLogEvents$/,
    // The lambda's own log; what provisioning for a re-run needs; the end of what is past its threshold.
    refresh: /^(logs:|dynamodb:Query$|sqs:(DeleteMessage|ReceiveMessage)$|ec2:TerminateInstances$)/,
  };
  // Beyond refresh's rights, which its own role is asked about.
  const ofRefresh = new Set((policies.get("refresh") ?? []).flatMap(({ Action }) => Action));
  for (const role of ["provision", "refresh", "operate", "instance"] as const) {
    const { actions } = answersFor(role);
    const given = new Set((policies.get(role) ?? []).flatMap(({ Action }) => Action));
    const idle = [...given].filter((action) => !actions.has(action) && !rare.test(action));
    const own = role === "operate" ? idle.filter((action) => !ofRefresh.has(action)) : idle;
    expect(
      own.filter((action) => ofFailures[role]?.test(action) !== true),
      role,
    ).toEqual([]);
  }
});

test("a call that a role has no right to is found", () => {
  const provision = calls.filter((call) => roleOf(call) === "provision");
  const asInstance = policies.get("instance") ?? [];
  const requests = provision.flatMap((call) => askedOfIam(call, place));
  expect(requests.some((request) => !isAllowed(asInstance, request))).toBe(true);
});
