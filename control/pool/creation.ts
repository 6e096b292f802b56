// Creation: CreateFleet in rounds down the ladder, with a reservation against the maxima before, and a record for each machine after.
import type { CapacityPool, LaunchFailure, LaunchOutcome } from "../../cloud/ports/fleet.ts";
import { OutOfReach, type Unknown } from "../../cloud/ports/outcomes.ts";
import type { LoadedSettings } from "../../cloud/ports/settings.ts";
import { brakeOn, type Brake } from "../../domain/brake.ts";
import { classOf, templateOf } from "../../domain/configuration.ts";
import { hash32 } from "../../domain/fingerprint.ts";
import { machineName } from "../../domain/class-keys.ts";
import { limits, maxima } from "../../domain/limits.ts";
import { poolManager, tags } from "../../domain/names.ts";
import { formatOwner, type Owner } from "../../domain/owner.ts";
import type { LaunchReason, Reason } from "../../domain/reasons.ts";
import { ladderOf, type Rung } from "./ladder.ts";
import { fewerThan, leastOf, scopesOf } from "./places.ts";
import { isAmong } from "./reasons.ts";
import { recordMachine } from "./record-machine.ts";
import { retryUnknown } from "./retry.ts";
import type { PoolWorld } from "./world.ts";
import type { Taken, DemandContext } from "./demand-context.ts";

export interface Created {
  readonly taken: readonly Taken[];
  /** Why fewer were created than wanted. */
  readonly problems: readonly Reason[];
  /** The scope whose maximum was reached. */
  readonly full?: string;
  /** What was bought before was lost on its way, and so would the next be. */
  readonly braked?: Reason;
  /** Trying again in this provision cannot help: no type matches, or AWS refuses the request itself. */
  readonly final: boolean;
}

/** Rounds of a whole provision: each has a client token of its own, so that a retry after a lost reply never buys twice. */
export interface Rounds {
  next: number;
  /** Part of every round's client token: none is asked for again once what it stands for is over. Undefined: not begun yet. */
  id: string | undefined;
  /** Capacity pools that had nothing in this provision: a circuit breaker for as long as it lasts. */
  readonly avoid: CapacityPool[];
}

export const newRounds = (id?: string): Rounds => ({ next: 0, id, avoid: [] });

/** Why nothing is to be provisioned; none where something is. `whilePaused`: a pause is no reason. */
export const heldBackBy = (
  { paused, overlayProblems = [] }: Pick<LoadedSettings, "paused" | "overlayProblems">,
  whilePaused = false,
): readonly Reason[] => [
  ...(paused === undefined || whilePaused ? [] : [{ code: "paused", reason: paused.reason } as const]),
  ...overlayProblems.map((problem) => ({ code: "overlay", problem }) as const),
];

/** Creates up to `wanted` instances for the demand's owner. Partial capacity is kept. */
export async function create(
  context: DemandContext,
  wanted: number,
  rounds: Rounds,
  onTaken: (taken: Taken) => void,
): Promise<Created> {
  const { world } = context;
  const taken: Taken[] = [];
  const problems: LaunchReason[] = [];
  // A replacement: the pause that a drain begins with may have come since, and what it asks to leave is not to be bought again.
  const heldBack = rounds.next > 0 ? heldBackBy(await world.settings.load(), context.whilePaused) : [];
  if (heldBack.length > 0) return { taken, problems: heldBack, final: true };
  const braked = failedLaunches(context);
  if (braked !== undefined) return { taken, problems, braked, final: true };
  const ladder = ladderOf(context.demand);
  let [rung, sameRung] = [0, 0];
  let backoff = limits.creationBackoffMs;
  /** What CreateFleet made of this round is not known: the same is asked again, with its token and in the places that it holds. */
  let open: number | undefined;
  const least = leastOf(context, wanted);
  let full: Pick<Created, "full"> = {};
  while (taken.length < wanted && (open ?? rounds.next) < maxima.creationRounds && shouldContinue(context)) {
    const step = ladder[rung] as Rung;
    const short = wanted - taken.length;
    const round = await createRound(context, short, step, rounds, onTaken, open);
    open = round.open;
    taken.push(...round.taken);
    if (round.brake !== undefined)
      return { taken, problems, braked: { code: "braked", brake: round.brake }, final: true };
    note(problems, step, round.failures);
    if (round.full !== undefined) {
      full = { full: round.full };
      const fewer = await fewerThan(context, short, least);
      if (fewer === undefined) break;
      wanted -= short - fewer;
      continue;
    }
    if (taken.length >= wanted) break;
    // Machines of a provision before this one, which had no word left to say that it was over: not a reason to wait.
    const verdict = round.known > 0 && round.failures.length === 0 ? "repeated" : judge(round.failures);
    const facts = { wanted, created: taken.length, verdict, reason: problems.at(-1) };
    world.log.event("creation.short", { rung: step.name, ...facts });
    const lastRung = rung === ladder.length - 1;
    if (verdict === "final" || (verdict === "no type" && lastRung)) return { taken, problems, ...full, final: true };
    // EC2 gives up after three pools that fail: with those left out the same rung may well have others.
    const others = avoidFrom(rounds, round.failures) && sameRung++ < maxima.roundsPerRung;
    if (verdict === "next rung" && others) continue;
    if (verdict === "repeated") continue;
    // It may pass; where it does not, another rung may do what this one cannot.
    const passing = verdict === "again" || (verdict === "unknown" && sameRung++ < maxima.roundsPerRung);
    if (!passing && !lastRung) {
      rung++;
      sameRung = 0;
    } else {
      await world.clock.sleep(backoff * (0.5 + world.random.next()), context.cancel);
      backoff *= 2;
    }
  }
  return { taken, problems, ...full, final: false };
}

/**
 * A bad image or pre-runner script fails on every machine, and would be bought again until the time is out: where so many new ones were
 * lost on their way, the next would be too.
 */
const failedLaunches = ({ demand, lost }: DemandContext): Reason | undefined =>
  lost.machines < Math.max(maxima.failedLaunches, demand.count)
    ? undefined
    : { code: "failed-launches", machines: lost.machines };

/** A few of each kind and rung. */
function note(problems: LaunchReason[], { name: rung }: Rung, failures: readonly LaunchFailure[]): void {
  for (const { kind, reason } of failures) {
    const alike = problems.filter((problem) => problem.rung === rung && problem.kind === kind);
    const problem: LaunchReason = { code: "launch", rung, kind, reason };
    if (alike.length < maxima.reasonsOfAKind && !isAmong(alike, problem)) problems.push(problem);
  }
}

/** What is asked for now could not boot in what is left; one that may wait for a minute or two alone is given the first half of it. */
export const tooLate = ({ world, begun, demand: { until } }: DemandContext): boolean =>
  world.clock.now() >= until - Math.min(limits.replacementMs, (until - begun) / 2);

const shouldContinue = (context: DemandContext): boolean => !context.cancel.aborted && !tooLate(context);

/** Remembers the capacity pools that had nothing; says whether one of them is new. */
function avoidFrom({ avoid }: Rounds, failures: readonly LaunchFailure[]): boolean {
  const known = new Set(avoid.map(({ instanceType, zone }) => `${instanceType} ${zone}`));
  const news = failures.flatMap(({ kind, pool }) =>
    kind === "no-capacity" && pool !== undefined && !known.has(`${pool.instanceType} ${pool.zone}`) ? [pool] : [],
  );
  avoid.push(...news);
  return news.length > 0;
}

type Verdict = "final" | "no type" | "next rung" | "again" | "unknown" | "repeated";

/** "No type matches" is told apart from "no capacity": a wider rung may have a type, but waiting brings none. */
const judge = (failures: readonly LaunchFailure[]): Verdict => {
  const kinds = new Set(failures.map(({ kind }) => kind));
  if (kinds.has("token-used")) return "repeated";
  if (kinds.has("throttled")) return "again";
  if (kinds.has("no-capacity") || kinds.has("quota")) return "next rung";
  if (kinds.has("unknown")) return "unknown";
  if (kinds.has("refused")) return "final";
  return kinds.has("no-type") ? "no type" : "again";
};

interface Round {
  readonly taken: readonly Taken[];
  /** Machines that had a record already: the round was asked for before. */
  readonly known: number;
  readonly failures: readonly LaunchFailure[];
  /** Nothing was asked for: what was bought before was lost. */
  readonly brake?: Brake;
  readonly full?: string;
  /** Its number, where no reply has said what came of it. */
  readonly open?: number;
}

async function createRound(
  context: DemandContext,
  count: number,
  rung: Rung,
  rounds: Rounds,
  onTaken: (taken: Taken) => void,
  open: number | undefined,
): Promise<Round> {
  const { world } = context;
  const scopes = scopesOf(context);
  const [reservation, id, base] = await Promise.all([
    open === undefined
      ? retryUnknown(world, () => world.settings.reserve(count, scopes))
      : { kind: "reserved" as const },
    rounds.id ?? begin(context),
    usableBase(context),
  ]);
  rounds.id = id;
  if (reservation.kind === "unknown")
    return { taken: [], known: 0, failures: [{ kind: "throttled", reason: reservation.problem }] };
  if (reservation.kind === "full") return { taken: [], known: 0, failures: [], full: reservation.scope };
  const free = (places: number): Promise<void> =>
    world.settings.free(
      places,
      scopes.map(({ name }) => name),
    );
  if ("kind" in base) {
    if (open === undefined) await free(count);
    const why = base.kind === "braked" ? { failures: [], brake: base.brake } : { failures: [base] };
    return { taken: [], known: 0, ...why, ...(open === undefined ? {} : { open }) };
  }
  // A refused reservation uses no round up: at the maximum a provision asks again until its limit.
  const number = open ?? rounds.next++;
  const outcome = await launch(context, base, count, rung, `${id}/${number}`, rounds.avoid);
  const launched = outcome.kind === "answered" ? outcome.launched : [];
  const failures: readonly LaunchFailure[] =
    outcome.kind === "answered" ? outcome.failures : [{ kind: "throttled", reason: outcome.problem }];
  const taken: Taken[] = [];
  let known = 0;
  await Promise.all(
    launched.map(async (one) => {
      const recorded = await recordMachine(context, one, base.imageId, base.template.version);
      if (recorded.known) known++;
      if (recorded.taken === undefined) return;
      taken.push(recorded.taken);
      onTaken(recorded.taken);
    }),
  );
  // A counter too high only delays, and refresh recounts it; one too low would let the fleet outgrow its maximum.
  const unused = count - launched.length + known;
  if (unused > 0 && outcome.kind === "answered") await free(unused);
  return { taken, known, failures, ...(outcome.kind === "answered" ? {} : { open: number }) };
}

/** What machines of a pool are made from. */
interface Base {
  readonly template: NonNullable<ReturnType<typeof templateOf>>;
  readonly imageId: string;
}

/** Or why there is none: refused where only people can mend it, throttled where the next round may find it. */
async function baseOf({ world, configuration, demand }: DemandContext): Promise<Base | LaunchFailure> {
  const { resourceClass, architecture } = demand;
  const template = templateOf(configuration, demand);
  const { imageParameters, images } = classOf(configuration, resourceClass);
  const parameter = imageParameters[architecture];
  if (template === undefined || parameter === undefined) {
    return {
      kind: "refused",
      reason: `no launch template or image for ${machineName(demand)}: deploy the environment with both`,
    };
  }
  try {
    const given = demand.image ?? images[architecture];
    return { template, imageId: given ?? (await world.fleet.image(parameter)) };
  } catch (error) {
    const kind = error instanceof OutOfReach ? "throttled" : "refused";
    return { kind, reason: error instanceof Error ? error.message : String(error) };
  }
}

interface Braked {
  readonly kind: "braked";
  readonly brake: Brake;
}

/** The base, unless all that was made from it lately was lost: every buyer comes by here. */
export async function usableBase(context: DemandContext): Promise<Base | LaunchFailure | Braked> {
  const base = await baseOf(context);
  if ("kind" in base) return base;
  const { world, configuration, demand, brakes } = context;
  const { partition, resourceClass, architecture } = demand;
  const { configHash } = classOf(configuration, resourceClass);
  const { imageId, template } = base;
  const make = { partition, resourceClass, architecture, imageId, templateVersion: template.version, configHash };
  const brake = brakeOn(brakes, make, world.clock.now());
  return brake === undefined ? base : { kind: "braked", brake };
}

/** One CreateFleet; after a lost reply the same client token gives the first result. */
async function launch(
  context: DemandContext,
  base: Base,
  count: number,
  rung: Rung,
  round: string,
  avoid: readonly CapacityPool[],
): Promise<LaunchOutcome | Unknown> {
  const { world, configuration, demand } = context;
  const { resourceClass, architecture, minimum } = demand;
  const { spotMaxPrice } = classOf(configuration, resourceClass);
  const clientToken = clientTokenOf(context, round, count);
  const order = {
    count,
    clientToken,
    ...base,
    subnets: rotated(configuration.subnets, hash32(clientToken)),
    minimum,
    architecture,
    ...rung.ask,
    ...(spotMaxPrice === undefined ? {} : { spotMaxPrice }),
    tags: tagsOf(context),
    avoid: [...avoid],
  };
  return await retryUnknown(world, () => world.fleet.launch(order));
}

/** The same for the same round, at any time and from any caller: a client token answers only for the very same request. */
const tagsOf = ({ configuration, demand }: DemandContext): Record<string, string> => ({
  [tags.manager]: poolManager,
  [tags.environment]: configuration.environment,
  [tags.owner]: formatOwner(demand.owner),
  [tags.resourceClass]: demand.resourceClass,
  [tags.partition]: demand.partition,
});

/**
 * The id of the beginning that is under way for this owner: this one, or one that was killed and is entered again. A table that does not
 * answer is no reason to create nothing: what a crash then leaves without a record ends within the boot limit.
 */
async function begin({ world, configuration, demand }: DemandContext): Promise<string> {
  const [id, at] = [world.random.id(), world.clock.now()];
  const begun = { id, at, since: at - configuration.provisionMs };
  return await world.beginnings.begin(demand.owner, begun).catch((error: unknown) => {
    world.log.event("provision.begin-unsaved", { problem: String(error) });
    return id;
  });
}

/** What was begun is over, and what it has bought is in the table: the next demand of this owner asks for others. Never rejects. */
export const finish = ({ beginnings, log }: Pick<PoolWorld, "beginnings" | "log">, owner: Owner): Promise<void> =>
  beginnings.finish(owner).catch((error: unknown) => log.event("provision.finish-unsaved", { problem: String(error) }));

/** At most 64 characters of letters, digits and "-", the same for the same round of the same owner. */
function clientTokenOf({ configuration, demand }: DemandContext, round: string, count: number): string {
  const owner = formatOwner(demand.owner);
  const text = `${configuration.environment}/${owner}/${round}/${count}`;
  const hex = (salt: string): string =>
    hash32(salt + text)
      .toString(16)
      .padStart(8, "0");
  // Its beginning is for people, who read it at EC2.
  return `${owner.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 40)}-${count}-${hex("a")}${hex("b")}`;
}

/** One subnet an availability zone (two in one make the request fail), beginning elsewhere for each token. */
function rotated<Subnet extends { zone: string }>(subnets: readonly Subnet[], hash: number): readonly Subnet[] {
  const start = subnets.length === 0 ? 0 : hash % subnets.length;
  const turned = [...subnets.slice(start), ...subnets.slice(0, start)];
  const zones = new Set<string>();
  return turned.filter(({ zone }) => !zones.has(zone) && zones.add(zone));
}
