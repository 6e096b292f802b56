// Five thousand of everything: every list is read to its end, and what is done is done in batches.
import { generateKeyPairSync } from "node:crypto";
import { RunInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { countAttribute } from "../../cloud/aws/counters.ts";
import { maxima } from "../../domain/limits.ts";
import { forgeCredentialParameter, poolManager, runnerName, tags } from "../../domain/names.ts";
import { counterKey } from "../../domain/table.ts";
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

/** Idle instances whose threshold has passed a minute ago. */
const records = (ids: readonly string[]): Promise<void> =>
  each(ids, (instanceId) => bench.record({ instanceId, threshold: bench.clock.now() - minute }));

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
    const name = runnerName({ environment, account, region }, `i-${at.toString(16).padStart(17, "0")}`, 1);
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
});
afterAll(() => bench.close());

test("instances lists them all", async () => {
  const { code, out } = await bench.run(["instances", "--json"]);
  expect(code).toBe(0);
  expect((JSON.parse(out) as { instances: unknown[] }).instances).toHaveLength(many);
});

test("refresh ends them all, and removes as many runners at GitHub as one round may", async () => {
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
});
