// The last instance has answered: how long until provision or release has noticed, written what is due, and ended.
import { BatchGetItemCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import type { BenchCloud, Environment } from "../bench-cloud.ts";
import { idleInstance, runningInstance, several } from "../instances.ts";
import { inTurn, rowOf, run, type Ended, type Sample, type Targets, type Result } from "../measure.ts";
import { move, start, type ReferenceOptions } from "../reference.ts";
import { referenceOptions } from "../reference-options.ts";
import { freshRun, ownershipOf, variables } from "../requests.ts";
import { cliOf, provisionArguments } from "./provision-process.ts";

const rounds = 9;
/** Agents answer anywhere between two polls, long after the process has begun to wait. */
const answersMs = [700, 1500] as const;
const cold = 3;
const leaving = 10;

/** From the last signal of a kind to the process's exit. */
async function since(cloud: BenchCloud, environment: Environment, kind: string, ended: Ended): Promise<Sample> {
  const signals = await cloud.signals(environment);
  const at = signals[kind];
  if (ended.code !== 0 || at === undefined) throw new Error(`no ${kind}: ${ended.err}`);
  return { ms: ended.at - at };
}

export async function coldRow(cloud: BenchCloud, directory: string, targets: Targets): Promise<Result> {
  const cli = await cliOf(directory);
  await cloud.agents(true, answersMs);
  const { samples, references } = await inTurn(
    rounds,
    async () => {
      const environment = await cloud.environment();
      return await since(
        cloud,
        environment,
        "registered",
        await run([cli, ...provisionArguments(cold)], variables(cloud, environment)),
      );
    },
    async () => {
      const environment = await cloud.environment();
      const created = several(cold, () => ({ ...idleInstance(environment), state: "claimed" }));
      await cloud.put(environment, created);
      const begun = performance.now();
      await start(
        referenceOptions(cloud, environment),
        created.map(({ key }) => key),
        freshRun(),
      );
      return { ms: performance.now() - begun };
    },
  );
  await cloud.agents(true);
  return rowOf("cold-overhead", samples, references, targets, "from the last `registered` to provision's exit");
}

/** Reads all, makes them idle, sends their messages. */
async function takeBack(options: ReferenceOptions, keys: readonly string[]): Promise<void> {
  const Keys = keys.map((key) => ({ key: { S: key } }));
  await options.dynamodb.send(
    new BatchGetItemCommand({ RequestItems: { [options.table]: { Keys, ConsistentRead: true } } }),
  );
  await Promise.all(keys.map((key) => move(options, key, "running", "idle", "none")));
  const Entries = keys.map((key, index) => ({ Id: String(index), MessageBody: JSON.stringify({ key }) }));
  await options.sqs.send(new SendMessageBatchCommand({ QueueUrl: options.queueUrl, Entries }));
}

export async function releaseRow(cloud: BenchCloud, directory: string, targets: Targets): Promise<Result> {
  const cli = await cliOf(directory);
  await cloud.agents(true, answersMs);
  const busyPool = async (runId: string): Promise<{ environment: Environment; keys: readonly string[] }> => {
    const environment = await cloud.environment();
    const running = several(leaving, () => runningInstance(environment, ownershipOf(runId)));
    await cloud.put(environment, running);
    return { environment, keys: running.map(({ key }) => key) };
  };
  const { samples, references } = await inTurn(
    rounds,
    async () => {
      const runId = freshRun();
      const { environment } = await busyPool(runId);
      const ended = await run([cli, "release", "--run-id", runId, "--json"], variables(cloud, environment));
      return await since(cloud, environment, "deregistered", ended);
    },
    async () => {
      const { environment, keys } = await busyPool(freshRun());
      const begun = performance.now();
      await takeBack(referenceOptions(cloud, environment), keys);
      return { ms: performance.now() - begun };
    },
  );
  await cloud.agents(true);
  return rowOf("release-10", samples, references, targets, "from the last `deregistered` to release's exit");
}
