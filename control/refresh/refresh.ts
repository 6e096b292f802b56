// Refresh, on a schedule: renews tokens, sweeps what must end, finishes what others left undone, recounts, reports.
import type { MachineSeen } from "../../cloud/ports/fleet.ts";
import { batchesOf } from "../../domain/batches.ts";
import { machineName } from "../../domain/class-keys.ts";
import { classOf, type Configuration } from "../../domain/configuration.ts";
import { limits, maxima } from "../../domain/limits.ts";
import { jitConfigurationFolder, parseRunnerName, runnerPrefix } from "../../domain/names.ts";
import { brakesOf, type Brake } from "../../domain/brake.ts";
import { isPast } from "../../domain/needs.ts";
import { messageOf } from "../../domain/pool-message.ts";
import type { Cause, Problem, Reason } from "../../domain/reasons.ts";
import type { Damaged, InstanceRecord } from "../../domain/record.ts";
import { collectingErrors, type Attempt } from "../pool/attempt.ts";
import { end } from "../pool/condemn.ts";
import { heldBackBy } from "../pool/creation.ts";
import {
  findingOf,
  overdue,
  unrecorded,
  type Facts,
  type Finding,
  type OurRunner,
  type RunnersListed,
} from "./findings.ts";
import { sendToPool } from "../pool/leave.ts";
import { isAmong } from "../pool/reasons.ts";
import { excess, readCounters, recount } from "./recount.ts";
import { followSchedules } from "./schedules.ts";
import { settle } from "./settle.ts";
import { keepFloors, type FloorKept } from "./floor.ts";
import { rerun, type Rerun, type Reruns, type UnservableJob } from "../runs/rerun.ts";
import { emptyRetired, type RetiredClass } from "./retired-classes.ts";
import { sweepConfigurations } from "./sweep-configurations.ts";
import { partitionScopes, renewRefused, renewTokens, type TokensRenewed } from "./tokens.ts";
import type { ControlWorld } from "../world.ts";

export interface RefreshOptions {
  /** Reports what it would do, and does nothing. */
  readonly dryRun?: boolean;
}

export interface RefreshReport {
  /** Records by state, as found. */
  readonly states: Readonly<Record<string, number>>;
  readonly findings: readonly {
    readonly kind: string;
    readonly instanceId: string;
    readonly why: Cause;
    readonly done: boolean;
  }[];
  /** Runners at GitHub that no record stands behind. */
  readonly ghosts: readonly string[];
  /** Names of the just-in-time configurations that nobody is to read any more: deleted. */
  readonly configurations: readonly string[];
  /** Sent to the pool again. */
  readonly requeued: number;
  /** Idle instances kept alive, and created without an owner; while provisioning is paused there are none. */
  readonly floor: { readonly extended: number; readonly created: number };
  /** Provisioned for queued jobs of runs that have no instance any more: failed jobs that are run again. */
  readonly reruns: readonly Rerun[];
  /** Queued jobs that name a run's label and one that none of its runners carries. */
  readonly unservable: readonly UnservableJob[];
  /** Classes taken out, with what is left of each: where nothing is, its queues may go too. */
  readonly retired: readonly RetiredClass[];
  readonly tokens: TokensRenewed;
  readonly damaged: readonly Damaged[];
  /** Of what no further machine is created, since all that came before were lost on their way. */
  readonly brakes: readonly Brake[];
  readonly problems: readonly Problem[];
  /** As they were read: metrics count them. */
  readonly records: readonly InstanceRecord[];
}

/** Rejects where the environment cannot be read; a part that fails is a problem in the report, and the others go on. */
export async function refresh(world: ControlWorld, { dryRun = false }: RefreshOptions = {}): Promise<RefreshReport> {
  const stored = await world.settings.load();
  const problems: Problem[] = (stored.overlayProblems ?? []).map((problem) => ({ code: "overlay", problem }));
  const attempt = collectingErrors(world, problems);
  const loaded = await attempt({ part: "schedules" }, stored, () => followSchedules(world, stored, dryRun));
  const { configuration } = loaded;
  const holds = heldBackBy(loaded).length > 0;
  // First of all, and again where the records, which may be out of reach, say that one is refused.
  const aged = await attempt<TokensRenewed>({ part: "tokens" }, { renewed: [], problems: [] }, () =>
    renewTokens(world, configuration, dryRun),
  );
  const { listed, machines, held, partitions, counters } = await lookAround(world, configuration, attempt);
  const { items: records, damaged } = await world.instances.all();
  for (const { key, problem } of damaged) world.log.event("record.damaged", { key, problem });
  const tokens = await attempt({ part: "tokens" }, aged, () =>
    renewRefused(world, configuration, aged, records, dryRun),
  );
  const facts =
    machines === undefined
      ? undefined
      : await attempt({ part: "facts" }, undefined, () =>
          factsOf(world, configuration, records, machines, listed, attempt),
        );
  const findings: Finding[] = [];
  for (const record of facts === undefined ? [] : records) {
    const about = { part: "instance", of: record.instanceId } as const;
    const found = await attempt(about, undefined, async () => findingOf(record, facts as Facts));
    if (found !== undefined) findings.push(found);
  }
  const due = new Map(findings.map(({ kind, record }) => [record.key, kind]));
  const free = records.filter(({ key }) => !due.has(key));
  // Before anything is sent: what this refresh parks must not pass for the message of another.
  const requeued = await requeueAll(world, free, dryRun, attempt);
  const outcomes = dryRun
    ? findings.map((finding) => ({ finding, done: false }))
    : await settle(world, configuration, findings, listed, attempt);
  const strays = new Map(
    facts === undefined || machines === undefined
      ? []
      : [
          ...strayMachines(machines, records, damaged, facts),
          ...lateMachines(machines, records, outcomes, facts, dryRun),
        ],
  );
  if (!dryRun && strays.size > 0) await end(world, [...strays.keys()]);
  const ghosts = ghostsAmong(world, configuration, listed.runners, records);
  if (!dryRun) await removeGhosts(world, ghosts, attempt);
  const configurations = await attempt({ part: "just-in-time configurations" }, [], () =>
    sweepConfigurations(world, configuration, held, records, dryRun),
  );
  const brakes = brakesOf(
    records.map((record) => (due.get(record.key) === "condemn" ? { ...record, state: "terminating" } : record)),
    world.clock.now(),
  );
  if (!dryRun && JSON.stringify(brakes) !== JSON.stringify(loaded.brakes ?? []))
    await attempt({ part: "brakes" }, undefined, () => world.settings.writeBrakes(brakes));
  const idleUntil = world.clock.now() + configuration.idleMs;
  const lasting = records.flatMap((record) => asSettled(record, due.get(record.key), idleUntil));
  const floor = await attempt({ part: "idle floor" }, noFloor, async () =>
    holds ? noFloor : await keepFloors(world, configuration, lasting, dryRun, brakes),
  );
  const again = await attempt({ part: "re-run" }, noReruns, async () =>
    holds ? noReruns : await rerun(world, { ...loaded, brakes }, records, dryRun),
  );
  const retired = await emptyRetired(world, loaded.defaults, records, dryRun, attempt);
  if (machines !== undefined && dryRun) tellExcess(world, excess(counters, records, machines));
  else if (machines !== undefined)
    await attempt({ part: "recount" }, undefined, () => recount(world, partitions, counters, records, machines));
  const braked = brakes.map((brake) => ({ code: "braked", brake }) as const);
  const report = {
    states: countStates(records),
    findings: [
      ...outcomes.map(({ finding, done }) => describe(finding, done)),
      ...[...strays].map(([instanceId, { kind, why }]) => ({ kind, instanceId, why, done: !dryRun })),
    ],
    ghosts: ghosts.map(({ name }) => name),
    configurations,
    requeued,
    floor: { extended: floor.extended, created: floor.created },
    reruns: again.reruns,
    unservable: again.unservable,
    retired,
    tokens,
    damaged,
    brakes,
    problems: [
      ...problems,
      ...tokens.problems,
      ...braked,
      ...[...floor.problems, ...again.problems].filter(
        (problem) => problem.code !== "short" || !isAmong<Reason>(braked, problem.reason),
      ),
    ],
    records,
  };
  const counts = { findings: report.findings.length, ghosts: ghosts.length, problems: report.problems.length };
  world.log.event("refresh.done", counts);
  return report;
}

/**
 * GitHub's runners and EC2's machines are listed before the records are read: what is then missing has really had no record. An
 * unreachable GitHub proves nothing: "no list" is not "no runner".
 */
async function lookAround(world: ControlWorld, configuration: Configuration, attempt: Attempt) {
  const listed = await listRunners(world, configuration, attempt);
  const machines = await attempt<readonly MachineSeen[] | undefined>({ part: "machines" }, undefined, () =>
    world.fleet.ours(),
  );
  const held = await attempt({ part: "just-in-time configurations" }, [], () =>
    world.secretFolder.list(jitConfigurationFolder(configuration.environment)),
  );
  const partitions = [...partitionScopes(configuration).keys()];
  const counters = await attempt({ part: "counters" }, new Map(), () => readCounters(world, partitions));
  return { listed, machines, held, partitions, counters };
}

const noReruns: Reruns = { reruns: [], unservable: [], problems: [] };
/** A record as settling leaves it, for the floors: what is condemned counts no more, what becomes idle in this refresh does already. */
function asSettled(
  record: InstanceRecord,
  due: Finding["kind"] | undefined,
  idleUntil: number,
): readonly InstanceRecord[] {
  if (due === undefined || due === "prove") return [record];
  if (due !== "park" && due !== "make-idle") return [];
  const { owner: _, ...idle } = record;
  return [{ ...idle, state: "idle", threshold: idleUntil }];
}

const noFloor: FloorKept = { extended: 0, created: 0, problems: [] };

const describe = (finding: Finding, done: boolean): RefreshReport["findings"][number] => ({
  kind: finding.kind === "condemn" ? finding.by : finding.kind,
  instanceId: finding.record.instanceId,
  why: finding.why,
  done,
});

const countStates = (records: readonly InstanceRecord[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { state } of records) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};

/** One failing scope does not block the others. */
async function listRunners(
  world: ControlWorld,
  configuration: Configuration,
  attempt: Attempt,
): Promise<RunnersListed> {
  const scopes = new Set<string>();
  const lists = await Promise.all(
    [...new Set(partitionScopes(configuration).values())].map((scope) =>
      attempt<readonly OurRunner[]>({ part: "runners", of: scope }, [], async () => {
        const runners = await world.forge.runners(scope, runnerPrefix(configuration));
        scopes.add(scope);
        return runners.map((runner) => ({ ...runner, scope }));
      }),
    ),
  );
  return { runners: lists.flat(), scopes };
}

/** EC2's word on every record: machines that its listing left out (ended, or unknown) are asked for by name. */
async function factsOf(
  world: ControlWorld,
  configuration: Configuration,
  records: readonly InstanceRecord[],
  machines: readonly MachineSeen[],
  listed: RunnersListed,
  attempt: Attempt,
): Promise<Facts> {
  const seen = new Map(machines.map((machine) => [machine.instanceId, machine]));
  const rest = records.filter(({ state, instanceId }) => state !== "terminated" && !seen.has(instanceId));
  if (rest.length > 0)
    for (const [id, machine] of await world.fleet.describe(rest.map(({ instanceId }) => instanceId)))
      seen.set(id, machine);
  const images = new Map<string, string>();
  const idle = Map.groupBy(
    records.filter(({ state }) => state === "idle"),
    ({ resourceClass, architecture }) => classOf(configuration, resourceClass).imageParameters[architecture],
  );
  for (const [parameter, made] of idle) {
    if (parameter === undefined) continue;
    // If the image is unknown, none is stale for its image; all other checks still run.
    const image = await attempt({ part: "image", of: parameter }, undefined, () => world.fleet.image(parameter));
    if (image !== undefined) for (const record of made) images.set(machineName(record), image);
  }
  return { configuration, now: world.clock.now(), seen, images, releases: await releasesFor(world, records), listed };
}

/** Asked only where an idle instance has said its runner's version; a forge that does not tell evicts nothing. */
async function releasesFor(world: ControlWorld, records: readonly InstanceRecord[]): Promise<Facts["releases"]> {
  if (!records.some(({ state, vitals }) => state === "idle" && vitals?.runnerVersion !== undefined)) return [];
  return await (world.releases?.newest() ?? Promise.resolve([])).catch((error: unknown) => {
    world.log.event("releases.unread", { problem: String(error) });
    return [];
  });
}

/** A machine of ours that is ended without a move: why. */
type Stray = readonly [string, { readonly kind: "end-unrecorded" | "end-overdue"; readonly why: Cause }];

/** A damaged record still says that its machine has one. An item that an instance made for itself says nothing. */
function strayMachines(
  machines: readonly MachineSeen[],
  records: readonly InstanceRecord[],
  damaged: readonly Damaged[],
  facts: Facts,
): readonly Stray[] {
  const known = new Set(records.filter(({ state }) => state !== "terminated").map(({ instanceId }) => instanceId));
  for (const { key, foreign } of damaged) if (foreign !== true) known.add(key.split("/").at(-1) ?? key);
  return unrecorded(machines, known, facts).map(({ instanceId }) => [
    instanceId,
    { kind: "end-unrecorded", why: { code: "unrecorded" } },
  ]);
}

/** What is ended whatever its record says; a dry run leaves out what a run would condemn. */
function lateMachines(
  machines: readonly MachineSeen[],
  records: readonly InstanceRecord[],
  outcomes: readonly { readonly finding: Finding; readonly done: boolean }[],
  facts: Facts,
  dryRun: boolean,
): readonly Stray[] {
  const ending = outcomes.filter(({ finding: { kind }, done }) =>
    kind === "condemn" ? done || dryRun : kind === "end-again" || kind === "confirm",
  );
  const ids = new Set(ending.map(({ finding }) => finding.record.instanceId));
  return [...overdue(machines, records, ids, facts)].map(([id, why]) => [id, { kind: "end-overdue", why }]);
}

/**
 * Offline runners with this deployment's prefix whose record is missing, ended, idle, or of another assignment. No time of grace
 * is needed: they were listed before the records were read, and a record is there before its agent can register.
 */
function ghostsAmong(
  world: ControlWorld,
  configuration: Configuration,
  runners: readonly OurRunner[],
  records: readonly InstanceRecord[],
): readonly OurRunner[] {
  const byId = new Map(records.map((record) => [record.instanceId, record]));
  const ghosts = runners.filter(({ name, online }) => {
    const parsed = parseRunnerName(configuration, name);
    if (online || parsed === undefined) return false;
    const record = byId.get(parsed.instanceId);
    if (record === undefined || record.assignment !== parsed.assignment) return true;
    return record.state === "terminated" || record.state === "terminating" || record.state === "idle";
  });
  const now = ghosts.slice(0, maxima.ghostsAtOnce);
  if (ghosts.length > now.length) world.log.event("ghosts.left", { count: ghosts.length - now.length });
  return now;
}

async function removeGhosts(world: ControlWorld, ghosts: readonly OurRunner[], attempt: Attempt): Promise<void> {
  for (const [scope, ofScope] of Map.groupBy(ghosts, (ghost) => ghost.scope))
    await attempt({ part: "ghosts", of: scope }, undefined, async () => {
      const failed: string[] = [];
      for (const batch of batchesOf(ofScope, maxima.forgeCallsAtOnce))
        for (const removed of await Promise.allSettled(batch.map(({ id }) => world.forge.remove(scope, id))))
          if (removed.status === "rejected") failed.push((removed.reason as Error).message);
      if (failed.length > 0) throw new Error(`${failed.length} of ${ofScope.length} not removed: ${failed[0]}`);
    });
}

function tellExcess({ log }: ControlWorld, counters: ReadonlyMap<string, number>): void {
  for (const [scope, by] of counters) log.event("counter.differs", { scope, by });
}

/** How many were sent again, or would be. One failing queue does not block the others. */
async function requeueAll(
  world: ControlWorld,
  records: readonly InstanceRecord[],
  dryRun: boolean,
  attempt: Attempt,
): Promise<number> {
  const latest = world.clock.now() + limits.claimMarginMs;
  const idle = records.filter((record) => record.state === "idle" && !isPast(record, latest));
  const classes = Map.groupBy(idle, ({ resourceClass }) => resourceClass);
  let sent = 0;
  for (const [resourceClass, ofClass] of classes)
    sent += await attempt({ part: "requeue", of: resourceClass }, 0, () =>
      requeue(world, resourceClass, ofClass, dryRun),
    );
  return sent;
}

/** Idle instances of a class whose queue holds fewer messages than they are: all are sent again; a duplicate is harmless. */
async function requeue(
  world: ControlWorld,
  resourceClass: string,
  idle: readonly InstanceRecord[],
  dryRun: boolean,
): Promise<number> {
  if ((await world.pool.depth(resourceClass)) >= idle.length) return 0;
  if (!dryRun) await sendToPool(world, idle.map(messageOf));
  return idle.length;
}
