// The doctor's round: looks at everything at once, and judges what it saw. It changes nothing; what fails is a check that says so.
import type {
  AccountReader,
  Caller,
  ForgeReader,
  LaunchReader,
  Look,
  QueueSeen,
  StoreReader,
  TemplateSeen,
} from "../../../cloud/ports/doctor.ts";
import type { Clock } from "../../../cloud/ports/clock.ts";
import { ForgeRefused, type Forge } from "../../../cloud/ports/forge.ts";
import { RateLimited } from "../../../cloud/ports/outcomes.ts";
import type { SavedRequests } from "../../../cloud/ports/saved-requests.ts";
import type { LoadedSettings, Settings } from "../../../cloud/ports/settings.ts";
import type { Instances } from "../../../cloud/ports/store.ts";
import { retiredClassesOf, wholeOwner, type Configuration } from "../../../domain/configuration.ts";
import { registrationTokenParameter, removalTokenParameter, tableName } from "../../../domain/names.ts";
import type { Architecture, InstanceRecord } from "../../../domain/record.ts";
import { instancesOf } from "../../refresh/retired-classes.ts";
import { unservableJobs } from "../../runs/rerun.ts";
import { partitionScopes } from "../../refresh/tokens.ts";
import { judgeCaller, judgeClock, judgePlace, judgeQuota, judgeSpotRole, judgeSubnets } from "./account.ts";
import { deployAgain, fail, judged, skipped, worst, type Check } from "./check.ts";
import { judgeForge, judgeGroup, judgeQueued, judgeRunnerVersion } from "./forge.ts";
import { judgeImage, judgeImageParameter, judgeTemplate } from "./launch.ts";
import { judgeDamaged, judgeInstances, judgePause } from "./records.ts";
import { examineRetired, judgeRetired } from "./retired.ts";
import { judgeQueue, judgeTable, judgeToken, judgeUnreadable } from "./store.ts";

export interface DoctorWorld {
  readonly account: AccountReader;
  readonly store: StoreReader;
  readonly launch: LaunchReader;
  /** Without a credential: why there is none. */
  readonly forge: (ForgeReader & Pick<Forge, "activeRuns" | "waiting">) | { readonly missing: string };
  readonly settings: Pick<Settings, "load">;
  readonly instances: Pick<Instances, "all">;
  readonly clock: Clock;
  readonly requests: SavedRequests;
}

export interface DoctorOptions {
  readonly environment: string;
  /** The region that was asked for. */
  readonly region: string;
  /** Also asks GitHub for a registration token, to prove the right to write. */
  readonly deep: boolean;
}

/** What a port rejects with: anything else is a mistake in the code, which must be seen. */
const refusals = new Set(["OutOfReach", "Unconfigured", "AwsRefused", "ForgeRefused"]);

async function guarded(name: string, remedy: string, look: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof Error) || !refusals.has(error.name)) throw error;
    if (error instanceof RateLimited)
      return [fail(name, error.message, "wait until it has ended, then: runpool doctor")];
    return [fail(name, error.message, error.name === "OutOfReach" ? "check the network and the region" : remedy)];
  }
}

const replaceOverlay =
  "nothing is provisioned before there is another overlay: run the action's mode refresh with the inputs that it is to have, or `default` for each that was deployed";

/** Every check, in the order to read them. */
export async function examine(world: DoctorWorld, options: DoctorOptions): Promise<readonly Check[]> {
  let caller: Caller | undefined;
  const first = await guarded("credentials", "sign in to AWS, or choose a profile: export AWS_PROFILE=…", async () => {
    const look = await world.account.caller();
    if (look.kind === "seen") caller = look.value;
    return judged("credentials", look, (seen) => [judgeCaller(seen), judgeClock(seen)]);
  });
  if (first.some(({ verdict }) => verdict === "fail") && caller === undefined)
    return [...first, skipped("everything else", "it needs credentials")];
  let loaded: LoadedSettings | undefined;
  const redeploy = deployAgain(options.environment);
  const second = await guarded("configuration", redeploy, async () => {
    loaded = await world.settings.load();
    const { configuration } = loaded;
    const classes = Object.keys(configuration.resourceClasses).length;
    const overlay = (loaded.overlayProblems ?? []).map((problem) => fail("configuration", problem, replaceOverlay));
    return [
      worst(
        "configuration",
        overlay,
        `${classes} resource classes, ${configuration.subnets.length} subnets, no problems`,
      ),
      judgePlace(configuration, caller, options.region),
      judgePause(loaded.paused, world.clock.now(), options.environment),
    ];
  });
  if (loaded === undefined) {
    const table = await examineTable(world, options.environment);
    return [...first, ...second, ...table, skipped("everything else", "it needs the configuration")];
  }
  return [...first, ...second, ...(await examineAll(world, options, loaded.configuration))];
}

async function examineAll(
  world: DoctorWorld,
  options: DoctorOptions,
  configuration: Configuration,
): Promise<readonly Check[]> {
  const { environment } = options;
  const records = readRecords(world, environment);
  const templates = lookAtTemplates(world, configuration);
  const parts = await Promise.all([
    examineTable(world, environment),
    records.then(({ checks }) => checks),
    examineQueues(world, configuration, records),
    examineTemplates(configuration, templates),
    examineImages(world, configuration, templates),
    examineTokens(world, configuration),
    examineForge(world, options, configuration),
    records.then(({ items }) => examineVersion(world, configuration, items)),
    records.then(({ items }) => examineRetired(configuration, items)),
    examineAccount(world, configuration),
  ]);
  return parts.flat();
}

const examineTable = (world: DoctorWorld, environment: string): Promise<readonly Check[]> => {
  const [name, redeploy] = [tableName(environment), deployAgain(environment)];
  return guarded("table", redeploy, async () =>
    judged("table", await world.store.table(name), (seen) => judgeTable(name, seen, redeploy)),
  );
};

async function readRecords(
  { instances, clock }: DoctorWorld,
  environment: string,
): Promise<{ readonly checks: readonly Check[]; readonly items: readonly InstanceRecord[] }> {
  let items: readonly InstanceRecord[] = [];
  const checks = await guarded("instances", deployAgain(environment), async () => {
    const found = await instances.all();
    items = found.items;
    return [judgeInstances(items, clock.now(), environment), judgeDamaged(found.damaged, tableName(environment))];
  });
  return { checks, items };
}

async function examineQueues(
  { store }: DoctorWorld,
  configuration: Configuration,
  records: Promise<{ readonly items: readonly InstanceRecord[] }>,
): Promise<readonly Check[]> {
  const { environment, idleMs } = configuration;
  const redeploy = deployAgain(environment);
  const retired = new Set(retiredClassesOf(configuration));
  const checks = Object.entries(configuration.queues).map(([resourceClass, { url, unreadableUrl }]) =>
    guarded(`queue ${resourceClass}`, redeploy, async () => {
      const [queue, unreadable] = await Promise.all([store.queue(url), store.queue(unreadableUrl)]);
      const left = retired.has(resourceClass) ? instancesOf(resourceClass, (await records).items) : undefined;
      return [
        ...judged(`queue ${resourceClass}`, queue, (seen) =>
          left === undefined
            ? judgeQueue(resourceClass, seen, idleMs, redeploy)
            : judgeRetired(resourceClass, left, seen, messagesOf(unreadable), environment),
        ),
        ...judged(`unreadable ${resourceClass}`, unreadable, (seen) =>
          judgeUnreadable(resourceClass, unreadableUrl, seen, redeploy),
        ),
      ];
    }),
  );
  return (await Promise.all(checks)).flat();
}

/** None where they may not be looked at: the queue's own check says so. */
const messagesOf = (look: Look<QueueSeen | undefined>): number =>
  look.kind === "seen" ? (look.value?.messages ?? 0) : 0;

interface TemplateLook {
  readonly pool: string;
  readonly version: string;
  readonly look: Promise<Look<TemplateSeen | undefined>>;
}

/** Each is looked at once, for itself and for the image that is launched with it. */
const lookAtTemplates = ({ launch }: DoctorWorld, { templates }: Configuration): readonly TemplateLook[] =>
  Object.entries(templates).map(([pool, { id, version }]) => ({ pool, version, look: launch.template(id, version) }));

async function examineTemplates(
  { environment }: Configuration,
  looks: readonly TemplateLook[],
): Promise<readonly Check[]> {
  const redeploy = deployAgain(environment);
  const checks = looks.map(({ pool, version, look }) =>
    guarded(`template ${pool}`, redeploy, async () =>
      judged(`template ${pool}`, await look, (seen) => judgeTemplate(pool, version, seen, redeploy)),
    ),
  );
  return (await Promise.all(checks)).flat();
}

/** Those that are there: of what could not be looked at, the template's own check tells. */
async function templatesOf(looks: readonly TemplateLook[]): Promise<ReadonlyMap<string, TemplateSeen>> {
  const seen = new Map<string, TemplateSeen>();
  for (const { pool, look } of looks) {
    const found = await look.catch(() => undefined);
    if (found?.kind === "seen" && found.value !== undefined) seen.set(pool, found.value);
  }
  return seen;
}

const imageCheckName = (architecture: Architecture, resourceClass: string | undefined): string =>
  `image ${resourceClass === undefined ? "" : `${resourceClass}/`}${architecture}`;

async function examineImages(
  { launch, clock }: DoctorWorld,
  configuration: Configuration,
  looks: readonly TemplateLook[],
): Promise<readonly Check[]> {
  const { imageParameters, images, classes = {}, environment } = configuration;
  const isOwn = (resourceClass: string, architecture: string): boolean =>
    Object.hasOwn(classes[resourceClass]?.imageParameters ?? {}, architecture);
  /** `of`: a class with an image of its own; all the others together where it is undefined. */
  const one = async (
    architecture: Architecture,
    parameter: string,
    of: string | undefined,
  ): Promise<readonly Check[]> => {
    const name = imageCheckName(architecture, of);
    const launched = looks.filter(({ pool }) => {
      const [resourceClass = "", own] = (pool.split("#").at(-1) ?? "").split("/");
      return own === architecture && (of === undefined ? !isOwn(resourceClass, architecture) : resourceClass === of);
    });
    const overlaid = of === undefined ? images[architecture] : undefined;
    const named = overlaid === undefined ? await launch.imageParameter(parameter) : undefined;
    if (named?.kind === "unseen") return [skipped(name, named.why)];
    const problem = named && judgeImageParameter(name, parameter, named.value);
    if (problem !== undefined) return [problem];
    const id = overlaid ?? named?.value ?? "";
    const source = overlaid === undefined ? parameter : "the overlay";
    const [found, templates] = await Promise.all([launch.image(id), templatesOf(launched)]);
    return judged(name, found, (seen) =>
      judgeImage(name, architecture, id, source, seen, templates, configuration, clock.now()),
    );
  };
  const sources: readonly (readonly [string | undefined, object])[] = [
    [undefined, imageParameters],
    ...Object.entries(classes).map(([name, own]) => [name, own.imageParameters ?? {}] as const),
  ];
  const checks = sources.flatMap(([of, parameters]) =>
    (Object.entries(parameters) as [Architecture, string][]).map(([architecture, parameter]) =>
      guarded(imageCheckName(architecture, of), deployAgain(environment), () => one(architecture, parameter, of)),
    ),
  );
  return (await Promise.all(checks)).flat();
}

async function examineTokens({ store, clock }: DoctorWorld, configuration: Configuration): Promise<readonly Check[]> {
  const { environment } = configuration;
  const wanted = [...partitionScopes(configuration).keys()].flatMap((partition) => [
    { kind: "registration", partition, parameter: registrationTokenParameter(environment, partition) },
    { kind: "removal", partition, parameter: removalTokenParameter(environment, partition) },
  ]);
  const checks = wanted.map(({ kind, partition, parameter }) => {
    const name = `${kind} token ${partition}`;
    return guarded(name, deployAgain(environment), async () =>
      judged(name, await store.secretWrittenAt(parameter), (writtenAt) =>
        judgeToken(kind, partition, writtenAt, clock.now(), environment),
      ),
    );
  });
  return (await Promise.all(checks)).flat();
}

/** An enterprise has no right by levels: a classic token's scope is all. */
const rightOn = (scope: string, level: "read" | "write"): string =>
  scope.startsWith("enterprises/")
    ? "manage_runners:enterprise"
    : `${scope.includes("/") ? "Administration" : "Self-hosted runners"}: ${level}`;

async function examineForge(
  { forge, requests, clock }: DoctorWorld,
  { deep }: DoctorOptions,
  configuration: Configuration,
): Promise<readonly Check[]> {
  const credential = "store a valid credential, or give GITHUB_TOKEN";
  if ("missing" in forge) return [skipped("github", forge.missing)];
  const scopes = [...new Set(partitionScopes(configuration).values())];
  const runners = scopes.map((scope) => {
    const name = `github runners ${scope}`;
    return guarded(name, credential, async () =>
      deep
        ? [judgeForge(name, rightOn(scope, "write"), await forge.askForToken(scope))]
        : [judgeForge(name, `${rightOn(scope, "read")} (--deep proves write)`, await forge.listRunners(scope))],
    );
  });
  const runs = configuration.forge.repositories.map((repository) => {
    const name = `github actions ${repository}`;
    const owner = wholeOwner(repository);
    if (owner !== undefined)
      return [skipped(name, `it asks for no repository of ${owner} that forge.repositories does not name`)];
    return guarded(name, credential, async () => [judgeForge(name, "Actions: read", await forge.listRuns(repository))]);
  });
  const groups = scopes.flatMap((scope) => judgeGroup(scope, configuration.forge.runnerGroup));
  const queued = guarded("queued jobs", credential, async () => [
    await unservableJobs({ forge, requests, clock }, configuration).then(judgeQueued, (error: unknown) => {
      // The check of that right says more.
      if (error instanceof ForgeRefused) return skipped("queued jobs", "GitHub does not let them be read");
      throw error;
    }),
  ]);
  return [...(await Promise.all([...runners, ...runs, queued])).flat(), ...groups];
}

async function examineVersion(
  { forge, clock }: DoctorWorld,
  configuration: Configuration,
  records: readonly InstanceRecord[],
): Promise<readonly Check[]> {
  const name = "runner version";
  if ("missing" in forge) return [skipped(name, forge.missing)];
  const [scope] = partitionScopes(configuration).values();
  if (scope === undefined) return [skipped(name, "the environment serves no repository")];
  const alive = records.filter(({ state }) => state !== "terminated" && state !== "terminating");
  const said = alive.flatMap(({ vitals }) => vitals?.runnerVersion ?? []);
  return guarded(name, "look at https://github.com/actions/runner/releases", async () =>
    judged(name, await forge.runnerReleases(scope), (releases) =>
      judgeRunnerVersion([...new Set(said)], releases, clock.now()),
    ),
  );
}

async function examineAccount({ account }: DoctorWorld, configuration: Configuration): Promise<readonly Check[]> {
  const redeploy = deployAgain(configuration.environment);
  const quotas = (["on-demand", "spot"] as const).map((usageClass) =>
    guarded(`quota ${usageClass}`, "look at EC2's quotas in the console", async () =>
      judged(`quota ${usageClass}`, await account.vcpuQuota(usageClass), (vcpus) =>
        judgeQuota(configuration, usageClass, vcpus),
      ),
    ),
  );
  const spotRole = guarded("spot role", "look at the account's roles in the console", async () =>
    judged("spot role", await account.spotRole(), judgeSpotRole),
  );
  const subnets = guarded("subnets", redeploy, async () =>
    judged("subnets", await account.subnets(configuration.subnets.map(({ id }) => id)), (seen) =>
      judgeSubnets(configuration, seen, redeploy),
    ),
  );
  return (await Promise.all([...quotas, spotRole, subnets])).flat();
}
