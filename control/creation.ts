// Creation: CreateFleet in rounds down the ladder, with a reservation against the maxima before, and a record for each machine after.
import type { Launched, LaunchFailure, LaunchOutcome, Scope, Unknown } from "../cloud/ports.ts";
import { limits, maxima } from "../domain/limits.ts";
import { instanceKey, poolManager, tags } from "../domain/names.ts";
import type { InstanceRecord, Machine } from "../domain/record.ts";
import { end } from "./condemn.ts";
import { ladderOf, type Rung } from "./ladder.ts";
import { surely } from "./surely.ts";
import { ownershipOf, type Taken, type Undertaking } from "./taken.ts";

export interface Created {
  readonly taken: readonly Taken[];
  /** Why fewer were created than wanted, in AWS's words. */
  readonly problems: readonly string[];
  /** The scope whose maximum was reached. */
  readonly full?: string;
  /** Trying again in this provision cannot help: no type matches, or AWS refuses the request itself. */
  readonly final: boolean;
}

/** Rounds of a whole provision: each has a client token of its own, so that a retry after a lost reply never buys twice. */
export interface Rounds {
  next: number;
}

export const scopesOf = ({ configuration, partition }: Undertaking): readonly Scope[] => [
  { name: "environment", maximum: configuration.maxInstances },
  { name: `partition#${partition}`, maximum: configuration.maxInstancesPerPartition },
];

/** Creates up to `wanted` instances under the provision's owner. Partial capacity is kept. */
export async function create(
  undertaking: Undertaking,
  wanted: number,
  rounds: Rounds,
  onTaken: (taken: Taken) => void,
): Promise<Created> {
  const { world, request } = undertaking;
  const taken: Taken[] = [];
  const problems: string[] = [];
  const ladder = ladderOf(request);
  let rung = 0;
  let backoff = limits.creationBackoffMs;
  while (taken.length < wanted && rounds.next < maxima.creationRounds && goesOn(undertaking)) {
    const step = ladder[rung] as Rung;
    const round = await createRound(undertaking, wanted - taken.length, step, rounds.next++, onTaken);
    taken.push(...round.taken);
    problems.push(...round.failures.map(({ kind, reason }) => `${step.name}: ${kind}: ${reason}`));
    if (round.full !== undefined) return { taken, problems, full: round.full, final: false };
    if (taken.length >= wanted) break;
    const verdict = judge(round.failures);
    world.log.event("creation.short", {
      rung: step.name,
      wanted,
      created: taken.length,
      verdict,
      problems: problems.at(-1),
    });
    if (verdict === "final") return { taken, problems, final: true };
    if (verdict === "next rung" && rung < ladder.length - 1) rung++;
    else {
      await world.clock.sleep(backoff * (0.5 + world.random.next()), undertaking.cancel);
      backoff *= 2;
    }
  }
  return { taken, problems, final: false };
}

const goesOn = ({ world, cancel, deadline }: Undertaking): boolean =>
  !cancel.aborted && world.clock.now() < deadline - limits.replacementMs;

type Verdict = "final" | "next rung" | "again";

/** "No type matches" is told apart from "no capacity": the first never mends, the second may on the next rung. */
const judge = (failures: readonly LaunchFailure[]): Verdict => {
  const kinds = new Set(failures.map(({ kind }) => kind));
  if (kinds.has("throttled")) return "again";
  if (kinds.has("no-capacity") || kinds.has("quota")) return "next rung";
  if (kinds.has("refused") || kinds.has("no-type")) return "final";
  return "again";
};

interface Round {
  readonly taken: readonly Taken[];
  readonly failures: readonly LaunchFailure[];
  readonly full?: string;
}

async function createRound(
  undertaking: Undertaking,
  count: number,
  rung: Rung,
  round: number,
  onTaken: (taken: Taken) => void,
): Promise<Round> {
  const { world } = undertaking;
  const scopes = scopesOf(undertaking);
  const reservation = await surely(world, () => world.settings.reserve(count, scopes));
  if (reservation.kind === "unknown")
    return { taken: [], failures: [{ kind: "throttled", reason: reservation.problem }] };
  if (reservation.kind === "full") return { taken: [], failures: [], full: reservation.scope };
  const outcome = await launch(undertaking, count, rung, round);
  const launched = outcome.kind === "answered" ? outcome.launched : [];
  const failures: LaunchFailure[] =
    outcome.kind === "answered" ? [...outcome.failures] : [{ kind: "throttled", reason: outcome.problem }];
  const taken: Taken[] = [];
  await Promise.all(
    launched.map(async (one) => {
      const recorded = await record(undertaking, one, outcome);
      if (recorded === undefined) return;
      taken.push(recorded);
      onTaken(recorded);
    }),
  );
  // A counter too high only delays, and refresh recounts it; one too low would let the fleet outgrow its maximum.
  const unused = count - launched.length;
  if (unused > 0 && outcome.kind === "answered")
    await world.settings.free(
      unused,
      scopes.map(({ name }) => name),
    );
  return { taken, failures };
}

/** One CreateFleet; after a lost reply the same client token gives the first result. */
async function launch(
  undertaking: Undertaking,
  count: number,
  rung: Rung,
  round: number,
): Promise<(LaunchOutcome & { imageId: string; templateVersion: string }) | Unknown> {
  const { world, configuration, request, partition, owner } = undertaking;
  const { resourceClass, architecture, minimum } = request;
  const template = configuration.templates[`${resourceClass}/${architecture}`];
  const parameter = configuration.imageParameters[architecture];
  const refused = (reason: string): LaunchOutcome & { imageId: string; templateVersion: string } => ({
    kind: "answered",
    launched: [],
    failures: [{ kind: "refused", reason }],
    imageId: "",
    templateVersion: "",
  });
  if (template === undefined)
    return refused(
      `no launch template for ${resourceClass}/${architecture}: deploy the environment with that architecture`,
    );
  if (parameter === undefined) return refused(`no image parameter for ${architecture}: publish an AMI, or name one`);
  const imageId = configuration.images[architecture] ?? (await world.fleet.image(parameter));
  const outcome = await surely(world, () =>
    world.fleet.launch({
      count,
      clientToken: clientTokenOf(undertaking, round, count),
      template,
      imageId,
      subnets: rotated(configuration.subnets, world.random.next()),
      minimum,
      architecture,
      ...rung.ask,
      tags: {
        [tags.manager]: poolManager,
        [tags.environment]: configuration.environment,
        [tags.owner]: owner,
        [tags.resourceClass]: resourceClass,
        [tags.partition]: partition,
        [tags.deadline]: String(undertaking.begun + configuration.bootMs),
      },
    }),
  );
  return outcome.kind === "answered" ? { ...outcome, imageId, templateVersion: template.version } : outcome;
}

/** At most 64 characters of letters, digits and "-", the same for the same round of the same provision. */
function clientTokenOf({ configuration, request }: Undertaking, round: number, count: number): string {
  const { runId, attempt, provisionId } = request;
  const text = `${configuration.environment}/${runId}/${attempt}/${provisionId}/${round}/${count}`;
  let h1 = 0x811c9dc5;
  let h2 = 0x1b873593;
  for (let i = 0; i < text.length; i++) {
    h1 = Math.imul(h1 ^ text.charCodeAt(i), 0x01000193);
    h2 = Math.imul(h2 ^ text.charCodeAt(i), 0x85ebca6b);
  }
  const hash = (h1 >>> 0).toString(16).padStart(8, "0") + (h2 >>> 0).toString(16).padStart(8, "0");
  return `${runId}-${attempt}-${round}-${count}-${hash}`;
}

/** One subnet an availability zone (two in one make the request fail), beginning elsewhere each time. */
function rotated<Subnet extends { zone: string }>(subnets: readonly Subnet[], chance: number): readonly Subnet[] {
  const start = Math.floor(chance * subnets.length);
  const turned = [...subnets.slice(start), ...subnets.slice(0, start)];
  const zones = new Set<string>();
  return turned.filter(({ zone }) => !zones.has(zone) && zones.add(zone));
}

/** Writes the record of a launched machine; one that cannot be recorded is ended at once, and would end itself. */
async function record(
  undertaking: Undertaking,
  launched: Launched,
  { imageId, templateVersion }: { imageId?: string; templateVersion?: string },
): Promise<Taken | undefined> {
  const { world, configuration, request, partition, owner } = undertaking;
  const claimId = world.random.id();
  const since = world.clock.now();
  const machine: Machine = {
    key: instanceKey(configuration, launched.instanceId),
    instanceId: launched.instanceId,
    partition,
    resourceClass: request.resourceClass,
    architecture: request.architecture,
    usageClass: launched.usageClass,
    instanceType: launched.instanceType,
    cpu: launched.cpu,
    mmem: launched.mmem,
    zone: launched.zone,
    imageId: imageId ?? "",
    templateVersion: templateVersion ?? "",
    configHash: configuration.configHash,
    launchedAt: since,
  };
  const ownership = ownershipOf(undertaking, claimId);
  const decision = await surely(world, () => {
    const now = world.clock.now();
    return world.instances.move("create", machine, {
      now,
      threshold: now + configuration.bootMs,
      machine,
      claimId,
      ownership,
    });
  });
  if (decision.kind === "done") {
    world.log.event("instance.created", {
      instance: machine.instanceId,
      type: machine.instanceType,
      zone: machine.zone,
    });
    return { record: decision.record, claimId, origin: "created", since };
  }
  if (decision.kind === "refused" && decision.record !== undefined) return adopt(decision.record, owner, since);
  world.log.event("instance.unrecorded", { instance: machine.instanceId });
  await end(world, [machine.instanceId]);
  return undefined;
}

/** A re-entered round gives the machines of its first result: what is still this provision's own is taken, what is not is left. */
function adopt(found: InstanceRecord, owner: string, since: number): Taken | undefined {
  const own = found.owner === owner && found.claimId !== undefined && found.wanted === "serve";
  if (!own || found.retiredAt !== undefined || found.threshold <= since) return undefined;
  return { record: found, claimId: found.claimId as string, origin: "created", since };
}
