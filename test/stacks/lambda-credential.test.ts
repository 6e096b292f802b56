// Refresh's lambda without a credential for GitHub: what AWS alone can do is done all the same.
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { expect, onTestFinished, test, vi } from "vitest";
import { someMachine } from "../../sim/idle-instance.ts";
import { controlWorld } from "../../entry/control-world.ts";
import {
  credentials,
  forgeToken,
  openEmbeddedCloud,
  place,
  repository,
  type EmbeddedCloud,
} from "../../entry/laptop/embedded-cloud.ts";
import { refreshing } from "../../entry/lambdas/refresh.lambda.ts";
import { onEvent } from "../../entry/lambdas/run.ts";
import { becomeProcess } from "./embedded.ts";
import { countersOf, forgeCredentialParameter, instanceKey } from "../../domain/names.ts";

const parameter = forgeCredentialParameter(place.environment);

async function opened() {
  const cloud = await openEmbeddedCloud({ idleMs: 600_000, bootMs: 0 });
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await cloud.close();
  });
  becomeProcess(cloud.aws.url);
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  return cloud;
}

const put = (cloud: EmbeddedCloud, Value: string) =>
  new SSMClient({ region: place.region, endpoint: cloud.aws.url, credentials }).send(
    new PutParameterCommand({ Name: parameter, Value, Type: "SecureString", Overwrite: true }),
  );

test.each([
  ["missing", undefined, "is missing"],
  ["unusable", "{ not JSON", "cannot be used: it begins as JSON"],
])("a credential that is %s is a problem, and machines that are due end", async (_label, stored, words) => {
  const cloud = await opened();
  const aws = { endpoint: cloud.aws.url, credentials };
  const world = controlWorld({ ...place, aws, log: { event: () => undefined } });
  if (stored !== undefined) await put(cloud, stored);
  // A record whose machine is long gone, in the place that it holds.
  const { configuration } = await world.settings.load();
  const launchedAt = world.clock.now() - 5 * 60_000;
  const instanceId = "i-0123456789abcdef0";
  const machine = {
    ...someMachine,
    key: instanceKey(configuration, instanceId),
    instanceId,
    partition: `github:${repository}`,
    configHash: configuration.configHash,
    launchedAt,
  };
  const scopes = countersOf(machine.partition).map((name) => ({ name, maximum: 10 }));
  await world.settings.reserve(1, scopes);
  const until = { now: launchedAt, threshold: world.clock.now() + 60_000 };
  await world.instances.move("create", machine, { ...until, machine, claimId: "its" });
  const handler = onEvent(refreshing);
  const report = await handler({});
  expect(report.problems.join("\n")).toContain(`${parameter} ${words}`);
  expect(report.findings.map(({ kind, done }) => [kind, done])).toEqual([["condemn-gone", true]]);
  expect((await world.instances.all()).items.map(({ state }) => state)).toEqual(["terminated"]);
  if (stored !== undefined) return;
  // Storing one needs no deployment: the same container asks with it.
  await put(cloud, forgeToken);
  expect(await handler({})).toMatchObject({ problems: [], tokens: { problems: [] } });
});
