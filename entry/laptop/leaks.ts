// Finds leaks after all idle time has passed, by inspecting the embedded cloud itself.
import { paginateDescribeParameters, SSMClient } from "@aws-sdk/client-ssm";
import { partitionScopes } from "../../control/refresh/tokens.ts";
import type { ControlWorld } from "../../control/world.ts";
import { limits } from "../../domain/limits.ts";
import { credentialParameterOf, imageParametersOf } from "../../domain/configuration.ts";
import { queueName } from "../../domain/class-keys.ts";
import { countersOf, registrationTokenParameter, removalTokenParameter } from "../../domain/names.ts";
import { parseMessage } from "../../domain/pool-message.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { hostClock } from "../host-clock.ts";
import { credentials, place, repository, type EmbeddedCloud } from "./embedded-cloud.ts";

const pollMs = 200;
/**
 * Beyond the idle time, for what hangs: agents remove their registrations and power off within a second or two, and after that refresh comes
 * at its next period; a busy machine takes its time over both.
 */
const graceMs = 90_000;

/** Waits until EC2 has no machine alive, at most for the idle time and a grace. */
export async function waitForTheEnd(cloud: EmbeddedCloud, idleMs: number, stop: AbortSignal): Promise<void> {
  const until = hostClock.now() + idleMs + graceMs;
  const alive = (): boolean => cloud.ec2.machines().some((machine) => cloud.ec2.state(machine) !== "terminated");
  while (alive() && hostClock.now() < until && !stop.aborted) await hostClock.sleep(pollMs, stop);
}

/** What is left when refresh has had its time to confirm ended machines. */
export async function findLeaks(
  cloud: EmbeddedCloud,
  world: ControlWorld,
  stop: AbortSignal,
): Promise<readonly string[]> {
  const until = hostClock.now() + graceMs;
  for (;;) {
    const left = await whatIsLeft(cloud, world);
    if (left.length === 0 || hostClock.now() > until || stop.aborted) return left;
    await hostClock.sleep(5 * pollMs, stop);
  }
}

/** Names of the parameters that are neither an image's, nor the forge credentials, nor a token of a configured partition. */
async function strangeParameters(cloud: EmbeddedCloud, world: ControlWorld): Promise<readonly string[]> {
  const { configuration } = await world.settings.load();
  const { environment, forge } = configuration;
  const known = new Set<string | undefined>([
    ...imageParametersOf(configuration),
    credentialParameterOf(environment, forge),
  ]);
  for (const partition of partitionScopes(configuration).keys())
    for (const nameOf of [registrationTokenParameter, removalTokenParameter]) known.add(nameOf(environment, partition));
  const client = new SSMClient({ region: place.region, endpoint: cloud.aws.url, credentials });
  try {
    const names: string[] = [];
    for await (const { Parameters = [] } of paginateDescribeParameters({ client }, {}))
      names.push(...Parameters.flatMap(({ Name }) => Name ?? []));
    return names.filter((name) => !known.has(name));
  } finally {
    client.destroy();
  }
}

/** One line each: machines, records, runners, messages that could still be claimed, counters above zero, parameters. */
export async function whatIsLeft(cloud: EmbeddedCloud, world: ControlWorld): Promise<readonly string[]> {
  const leaks: string[] = [];
  for (const machine of cloud.ec2.machines()) {
    const state = cloud.ec2.state(machine);
    if (state !== "terminated") leaks.push(`machine ${machine.id} is ${state}`);
  }
  const { items, damaged } = await world.instances.all();
  for (const { instanceId, state } of items)
    if (state !== "terminated") leaks.push(`record of ${instanceId} is ${state}`);
  for (const { key, problem } of damaged) leaks.push(`item ${key} is damaged: ${problem}`);
  for (const { name } of cloud.github.runners()) leaks.push(`runner ${name} is still registered at GitHub`);
  const now = hostClock.now();
  const idle = new Set(
    items.filter(({ state, threshold }) => state === "idle" && threshold > now).map(({ key }) => key),
  );
  for (const name of Object.keys(defaultResourceClasses))
    for (const { body } of cloud.sqs.messages(queueName(place.environment, name))) {
      const parsed = parseMessage(body);
      if (!parsed.ok) leaks.push(`the queue of ${name} holds an unreadable message`);
      else if (idle.has(parsed.message.key)) leaks.push(`${parsed.message.instanceId} could still be claimed`);
    }
  for (const scope of countersOf(`github:${repository}`)) {
    const counter = await world.settings.counter(scope);
    if ((counter?.count ?? 0) !== 0) leaks.push(`the counter of ${scope} says ${counter?.count}, not 0`);
  }
  for (const name of await strangeParameters(cloud, world)) leaks.push(`unexpected parameter ${name}`);
  return leaks;
}

/** The demonstration's idle time: what a claim wants to be left of it, and the pauses between the runs. */
export const shortIdleMs = limits.claimMarginMs + 10_000;
