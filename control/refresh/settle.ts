// Doing what refresh found: condemn, end again, confirm, make idle, ask GitHub for proof.
import { batchesOf } from "../../domain/batches.ts";
import type { Configuration } from "../../domain/configuration.ts";
import { limits, maxima } from "../../domain/limits.ts";
import { ownAssignment } from "../../domain/needs.ts";
import { countersOf, runnerName } from "../../domain/names.ts";
import { messageOf, type PoolMessage } from "../../domain/pool-message.ts";
import { heartbeatAge, type InstanceRecord } from "../../domain/record.ts";
import type { Attempt } from "../pool/attempt.ts";
import { condemn, end } from "../pool/condemn.ts";
import type { Finding, OurRunner, RunnersListed } from "./findings.ts";
import { askToLeave, forgeProves, makeIdle, sendToPool } from "../pool/leave.ts";
import { moveAll } from "../pool/retry.ts";
import { partitionScopes } from "./tokens.ts";
import type { ControlWorld } from "../world.ts";

export interface Settled {
  readonly finding: Finding;
  readonly done: boolean;
}

const asksGitHub = ({ kind }: Finding): boolean => kind === "prove";

/** Acts on all findings, some at a time; one that fails is a problem of its own. */
export async function settle(
  world: ControlWorld,
  configuration: Configuration,
  findings: readonly Finding[],
  listed: RunnersListed,
  attempt: Attempt,
): Promise<readonly Settled[]> {
  const settled: Settled[] = [];
  const messages: PoolMessage[] = [];
  const again = findings.filter(({ kind }) => kind === "end-again");
  await end(
    world,
    again.map(({ record }) => record.instanceId),
  );
  const condemned = await condemnAll(world, findings, attempt);
  const confirmed = await attempt({ part: "confirmation" }, new Set<string>(), () =>
    confirmAll(world, findings, condemned),
  );
  // Proofs are GitHub's to give, and GitHub is asked less at once.
  const [proofs, others] = [findings.filter(asksGitHub), findings.filter((finding) => !asksGitHub(finding))];
  const batches = [...batchesOf(others, maxima.machinesAtOnce), ...batchesOf(proofs, maxima.forgeCallsAtOnce)];
  for (const batch of batches)
    await Promise.all(
      batch.map(async (finding) => {
        const done = await attempt({ part: "instance", of: finding.record.instanceId }, false, async () => {
          if (finding.kind === "condemn") return condemned.has(finding.record.instanceId);
          if (finding.kind === "confirm") return confirmed.has(finding.record.instanceId);
          return await act(world, configuration, finding, listed, messages);
        });
        settled.push({ finding, done });
      }),
    );
  await sendToPool(world, messages);
  return settled;
}

/** Records first, then the machines of all in one call a batch; where a batch fails as a whole, each is condemned alone. */
async function condemnAll(
  world: ControlWorld,
  findings: readonly Finding[],
  attempt: Attempt,
): Promise<ReadonlySet<string>> {
  const condemned = new Set<string>();
  const due = findings.filter((finding) => finding.kind === "condemn");
  const groups = Map.groupBy(due, ({ by, why }) => by + JSON.stringify(why));
  for (const group of groups.values())
    for (const part of batchesOf(group, maxima.writeBatch)) {
      const { by, why } = part[0] as (typeof due)[number];
      const records = part.map(({ record }) => record);
      const done = await condemn(world, records, by, why).catch(() => undefined);
      for (const id of done ?? []) condemned.add(id);
      for (const record of done === undefined ? records : [])
        await attempt({ part: "instance", of: record.instanceId }, undefined, async () => {
          for (const id of await condemn(world, [record], by, why)) condemned.add(id);
        });
    }
  return condemned;
}

async function act(
  world: ControlWorld,
  configuration: Configuration,
  finding: Exclude<Finding, { kind: "condemn" | "confirm" }>,
  listed: RunnersListed,
  messages: PoolMessage[],
): Promise<boolean> {
  const { record } = finding;
  switch (finding.kind) {
    case "end-again":
      return true;
    case "make-idle": {
      const leaver = { record, own: ownAssignment(record) };
      if (record.wanted === "serve" && (await askToLeave(world, leaver)) !== "asked") return false;
      const left = await makeIdle(world, configuration, leaver);
      if (left.kind === "pooled") messages.push(left.message);
      return left.kind === "pooled" || left.kind === "retired";
    }
    case "park": {
      const now = world.clock.now();
      const decision = await world.instances.move("park-prepared", record, {
        now,
        threshold: now + configuration.idleMs,
      });
      if (decision.kind === "done") messages.push(messageOf(decision.record));
      return decision.kind === "done";
    }
    case "prove":
      return await prove(
        world,
        configuration,
        record.wanted === "leave" ? record : await leaving(world, configuration, record, listed),
        listed,
      );
  }
}

/**
 * EC2 confirmed termination: marks the records terminated and frees their capacity. A machine that EC2 had ended before it was condemned
 * needs no second refresh.
 */
async function confirmAll(
  world: ControlWorld,
  findings: readonly Finding[],
  condemned: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const ended = findings.flatMap((finding) => {
    const { record } = finding;
    if (finding.kind === "confirm") return [{ record, why: finding.why }];
    if (finding.kind !== "condemn" || finding.ended === undefined || !condemned.has(record.instanceId)) return [];
    return [{ record, why: finding.ended }];
  });
  const records = ended.map(({ record }) => record);
  const outcomes = await moveAll(world, "confirm", records, (_, now) => ({
    now,
    threshold: now + limits.terminatedKeptMs,
  }));
  const confirmed = new Set<string>();
  const freed = new Map<string, number>();
  outcomes.forEach((outcome, index) => {
    const { record, why } = ended[index] as (typeof ended)[number];
    if (outcome.kind !== "done") return;
    confirmed.add(record.instanceId);
    if (outcome.already) return;
    world.log.event("instance.terminated", { instance: record.instanceId, why });
    for (const scope of countersOf(record.partition)) freed.set(scope, (freed.get(scope) ?? 0) + 1);
  });
  // A counter too high only delays, and is recounted; so one scope that fails keeps none of the others.
  for (const settled of await Promise.allSettled(
    [...freed].map(([scope, count]) => world.settings.free(count, [scope])),
  ))
    if (settled.status === "rejected") world.log.event("counter.not-freed", { problem: String(settled.reason) });
  return confirmed;
}

/**
 * A serving one that hangs, asked to leave as a run would, so that its agent repairs no registration that is deleted. Undefined where GitHub shows
 * it online or busy when asked by its name (a list may leave one out), and where it has been heard of, or has become another's, since the
 * records were read.
 */
async function leaving(
  world: ControlWorld,
  configuration: Configuration,
  { key, instanceId, assignment, partition }: InstanceRecord,
  { scopes }: RunnersListed,
): Promise<InstanceRecord | undefined> {
  const name = runnerName(configuration, instanceId, assignment);
  const runner = await listedNow(world, scopes, partitionScopes(configuration).get(partition), name);
  if (runner === "no proof" || runner?.online === true || runner?.busy === true) return undefined;
  const [record] = (await world.instances.read([key])).items;
  if (record === undefined || record.assignment !== assignment) return undefined;
  const now = world.clock.now();
  if ((heartbeatAge(record, now) ?? Number.POSITIVE_INFINITY) <= limits.hungMs) return undefined;
  const decision = await world.instances.move("ask-to-leave", record, { now, own: ownAssignment(record) });
  return decision.kind === "done" ? decision.record : undefined;
}

/**
 * Its registration deleted, or none there, where it was not registering when it was read: no job runs or can start. Refused: a job runs. Without
 * GitHub's list there is no proof; and the list of this refresh is older than the record: what has come up in between is not on
 * it, so absence is looked for again.
 */
async function prove(
  world: ControlWorld,
  configuration: Configuration,
  record: InstanceRecord | undefined,
  { runners, scopes }: RunnersListed,
): Promise<boolean> {
  if (record === undefined || !forgeProves(record)) return false;
  const name = runnerName(configuration, record.instanceId, record.assignment);
  const runner =
    runners.find((one) => one.name === name) ??
    (await listedNow(world, scopes, partitionScopes(configuration).get(record.partition), name));
  if (runner === "no proof") return false;
  const removal = runner === undefined ? "absent" : await world.forge.remove(runner.scope, runner.id);
  if (typeof removal !== "string" || removal === "busy") return false;
  const by = removal === "removed" ? "condemn-deleted" : "condemn-not-found";
  const own = ownAssignment(record);
  return (await condemn(world, [{ ...record, own }], by, { code: "unacknowledged" })).length > 0;
}

/** The runner of this name as GitHub lists it now. A partition that is no longer configured has no list, nor one that GitHub refuses. */
async function listedNow(
  world: ControlWorld,
  scopes: ReadonlySet<string>,
  scope: string | undefined,
  name: string,
): Promise<OurRunner | undefined | "no proof"> {
  if (scope === undefined || !scopes.has(scope)) return "no proof";
  const found = await world.forge.named(scope, name);
  return found === undefined ? undefined : { ...found, scope };
}
