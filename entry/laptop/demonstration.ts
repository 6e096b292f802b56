// The main job on a laptop: opens the embedded cloud, plays the story, looks for leaks, sums up, leaves nothing behind.
import { runOf } from "../../domain/owner.ts";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../cloud/ports/log.ts";
import { fromItem, type Item } from "../../cloud/aws/attribute-values.ts";
import { decodeRecord, isDamaged } from "../../domain/record.ts";
import { limits } from "../../domain/limits.ts";
import { isInstanceKey } from "../../domain/table.ts";
import { controlWorld } from "../control-world.ts";
import { hostClock } from "../host-clock.ts";
import { buildAgent } from "./agent-bundle.ts";
import { credentials, forgeToken, openEmbeddedCloud, place, repository, type EmbeddedCloud } from "./embedded-cloud.ts";
import { laptopStacks, readStack } from "./laptop-stack.ts";
import { findLeaks, shortIdleMs, waitForTheEnd } from "./leaks.ts";
import { openMachines, removeFolder } from "./machines.ts";
import { packed } from "./packed.ts";
import { deployRefresh, periodMs } from "./scheduled-refresh.ts";
import { play, type Stage } from "./story.ts";
import { summaryOf, type Summary, type Tally } from "./summary.ts";
import type { View } from "./view.ts";

const preRunnerScript = '#!/bin/bash\necho "preparing $(uname -s)"\n';

export interface Demonstration {
  readonly summary: Summary;
  readonly cloud: EmbeddedCloud;
  /** Ends every process and removes the folder. */
  readonly close: () => Promise<void>;
}

/** Rejects where the embedded cloud cannot come up; then nothing is left of it. */
export async function demonstrate(view: View, stop: AbortSignal): Promise<Demonstration> {
  const directory = await mkdtemp(join(tmpdir(), "runpool-"));
  const ends: (() => Promise<void>)[] = [() => removeFolder(directory)];
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    view.run("cloud", "opening the embedded cloud");
    const [stacks, agentBundle] = await Promise.all([laptopStacks(directory), buildAgent(directory)]);
    const pool = await readStack(stacks, "pool");
    const cloud = await openEmbeddedCloud({ idleMs: shortIdleMs, bootMs: 300, pool });
    ends.push(() => cloud.close());
    showInstances(cloud, view);
    const refreshing = await deployRefresh({ cloud, stacks, directory, view });
    const machines = await openMachines({
      directory,
      agentBundle,
      hooks: packed("hooks") ?? join(import.meta.dirname, "..", "..", "agent", "runners", "github", "units"),
      awsEndpoint: cloud.aws.url,
      forgeServer: cloud.github.url,
      ec2: cloud.ec2,
      preRunnerScript,
    });
    ends.push(() => machines.endAll());
    view.run("cloud", `AWS at ${cloud.aws.url}, GitHub at ${cloud.github.url}`);
    const tally: Tally = { created: 0, reused: 0 };
    const worldOf: Stage["worldOf"] = (runId, also) => worldFor(cloud, view, tally, runId, also);
    view.run("refresh", "fetching the registration token");
    await refreshing.once(stop);
    view.run("refresh", "runs by its schedule");
    const story = await play({ cloud, worldOf, show: (runId, progress) => view.run(runId, progress), stop });
    view.run("idle", `waiting ${shortIdleMs / 1000} s for idle instances to end themselves`);
    await waitForTheEnd(cloud, shortIdleMs, stop);
    view.run("idle", "all ended; the next refresh records it");
    const leaks = [...(await findLeaks(cloud, worldOf("idle"), stop)), ...refreshing.problems];
    return { summary: summaryOf(story, tally, leaks, cloud.aws.calls(), cloud.github.calls()), cloud, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const worldFor = (cloud: EmbeddedCloud, view: View, tally: Tally, runId: string, also?: Log) =>
  controlWorld({
    ...place,
    forge: { kind: "token", token: forgeToken },
    aws: { endpoint: cloud.aws.url, credentials },
    log: {
      event: (...event) => {
        const [name, facts] = event;
        also?.event(...event);
        if (name === "instance.created") tally.created++;
        if (name === "instance.claimed") tally.reused++;
        view.event(runId, name, facts);
      },
    },
  });

/** The rows of the view come from the table's own writes. */
function showInstances(cloud: EmbeddedCloud, view: View): void {
  cloud.dynamodb.onChange(({ after }) => {
    if (after === undefined) return;
    const record = decodeRecord(fromItem(after as Item));
    if (isDamaged(record) || !isInstanceKey(record.key)) return;
    const { instanceId, instanceType, usageClass, state, owner, signal } = record;
    view.instance({
      instance: instanceId,
      type: instanceType,
      market: usageClass,
      state,
      run: runOf(owner)?.runId ?? "",
      signal: signal?.assignment === record.assignment ? signal.kind : "",
    });
  });
}

/** How to point other programs at a cloud that is kept; `command`: how the command line is called. */
export const howToUse = (cloud: EmbeddedCloud, command: string): string =>
  [
    "  The cloud is kept. In another terminal:",
    `    export AWS_ENDPOINT_URL=${cloud.aws.url} AWS_REGION=${place.region}`,
    `    export AWS_ACCESS_KEY_ID=${credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}`,
    `    export RUNPOOL_ENVIRONMENT=${place.environment}`,
    `    export GITHUB_TOKEN=${forgeToken}`,
    "    aws dynamodb scan --table-name runpool-laptop --query Count",
    `    ${command} status`,
    `    ${command} provision --run-id 2001 --repository ${repository}`,
    `  Refresh runs by its schedule, every ${periodMs / 1000} s (on AWS every ${limits.refreshMs / 60_000} minutes).`,
    "  Ctrl-C ends it.",
  ].join("\n");

export const untilAborted = async (signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) await hostClock.sleep(2 ** 30, signal);
};
