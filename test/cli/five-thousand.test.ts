// Five thousand of everything: every list is read to its end, and what is done is done in batches.
import { generateKeyPairSync } from "node:crypto";
import { TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { RunInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { countAttribute } from "../../cloud/aws/counters.ts";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { maxima } from "../../domain/limits.ts";
import { forgeCredentialParameter, instanceKey, poolManager, runnerName, tableName, tags } from "../../domain/names.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { counterKey, poolAttribute, poolKey } from "../../domain/table.ts";
import { openCliBench, type CliBench } from "./bench.ts";
import { account, environment, region, repository, token } from "./cloud.ts";

const many = 5000;
const minute = 60_000;
let bench: CliBench;

/** Runs `work` for each, fifty at a time. */
async function each<Of>(list: readonly Of[], work: (one: Of) => Promise<unknown>): Promise<void> {
  for (let first = 0; first < list.length; first += 50) await Promise.all(list.slice(first, first + 50).map(work));
}

const machines = async (): Promise<readonly string[]> => {
  const Tags = [
    { Key: tags.environment, Value: environment },
    { Key: tags.manager, Value: poolManager },
    { Key: tags.partition, Value: `github:${repository}` },
  ];
  const ids: string[] = [];
  for (let made = 0; made < many; made += 500) {
    const { Instances = [] } = await bench.clients.ec2.send(
      new RunInstancesCommand({
        ImageId: bench.imageId,
        InstanceType: "m5.large",
        MinCount: 500,
        MaxCount: 500,
        TagSpecifications: [{ ResourceType: "instance", Tags }],
      }),
    );
    ids.push(...Instances.map(({ InstanceId = "" }) => InstanceId));
  }
  return ids;
};

/** An idle instance whose threshold has passed a minute ago, with a heartbeat of now. */
const expired = (instanceId: string): InstanceRecord => ({
  key: instanceKey({ awsPartition: "aws", region, account }, instanceId),
  instanceId,
  schema: 1,
  state: "idle",
  version: 3,
  assignment: 1,
  threshold: bench.clock.now() - minute,
  wanted: "leave",
  uses: 1,
  partition: `github:${repository}`,
  resourceClass: "large",
  architecture: "x64",
  usageClass: "on-demand",
  instanceType: "m5.large",
  cpu: 2,
  mmem: 8192,
  zone: `${region}a`,
  imageId: bench.imageId,
  templateVersion: "1",
  configHash: "1",
  launchedAt: bench.clock.now() - 60 * minute,
  heartbeatAt: bench.clock.now(),
});

async function records(ids: readonly string[]): Promise<void> {
  const TableName = tableName(environment);
  const items = ids.map(expired).map((record) => toItem({ ...record, [poolAttribute]: poolKey(record, "idle") }));
  for (let first = 0; first < items.length; first += 100)
    await bench.clients.dynamodb.send(
      new TransactWriteItemsCommand({
        TransactItems: items.slice(first, first + 100).map((Item) => ({ Put: { TableName, Item } })),
      }),
    );
}

/** Offline runners of machines that are long gone. */
async function runners(): Promise<void> {
  const ask = await fetch(`${bench.github.url}/repos/${repository}/actions/runners/registration-token`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  const { token: registration } = (await ask.json()) as { token: string };
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const common = {
    groupId: 1,
    version: "2.330.0",
    os: "linux",
    ephemeral: false,
    disableUpdate: true,
    labels: [],
    publicKey: publicKey.export({ type: "spki", format: "pem" }),
  };
  await each([...Array(many).keys()], async (at) => {
    const name = runnerName(environment, `i-${at.toString(16).padStart(17, "0")}`, 1);
    const answer = await fetch(`${bench.github.url}/_runner/runners`, {
      method: "POST",
      headers: { authorization: `RemoteAuth ${registration}` },
      body: JSON.stringify({ ...common, name }),
    });
    expect(answer.status, await answer.text()).toBe(200);
  });
}

beforeAll(async () => {
  bench = await openCliBench();
  bench.putParameter(forgeCredentialParameter(environment), token, "SecureString");
  await records(await machines());
  await runners();
  // As launches leave them: a refresh that doubts them waits until what is in flight has landed.
  for (const scope of ["environment", `partition#github:${repository}`])
    await bench.put({ key: { S: counterKey(scope) }, [countAttribute]: { N: String(many) } });
  bench.door.resetCalls();
}, 180_000);
afterAll(() => bench.close());

test("instances lists them all", async () => {
  const { code, out } = await bench.run(["instances", "--json"]);
  expect(code).toBe(0);
  expect((JSON.parse(out) as { instances: unknown[] }).instances).toHaveLength(many);
});

test(
  "refresh ends them all, and removes as many runners at GitHub as one round may",
  { timeout: 120_000 },
  async () => {
    bench.door.resetCalls();
    const { code, out, err } = await bench.run(["refresh", "--json"]);
    expect(err).not.toContain("problem");
    expect(code).toBe(0);
    const { findings, ghosts } = JSON.parse(out) as { findings: { kind: string; done: boolean }[]; ghosts: string[] };
    expect(findings.filter(({ kind, done }) => kind === "condemn-expired" && done)).toHaveLength(many);
    expect(new Set(bench.records().map(({ state }) => state))).toEqual(new Set(["terminating"]));
    const states = new Set(bench.machines.machines().map((machine) => bench.machines.state(machine)));
    expect([...states].filter((state) => state === "running" || state === "pending")).toEqual([]);
    // GitHub allows 5,000 calls an hour: ghosts go a few hundred a round.
    expect(ghosts).toHaveLength(maxima.ghostsAtOnce);
    expect(err).toContain(`${many - maxima.ghostsAtOnce} more offline runners are left to the next refresh`);
    expect(bench.github.runners()).toHaveLength(many - maxima.ghostsAtOnce);
  },
);
