// The control plane's world on AWS and GitHub: clients built once, each only when first needed.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { clientOptions } from "../cloud/aws/client-options.ts";
import { correctedClock } from "../cloud/aws/clock.ts";
import { fleet } from "../cloud/aws/fleet.ts";
import { instances } from "../cloud/aws/instances.ts";
import { lean, onceSent } from "../cloud/aws/lean-client.ts";
import { pauseSwitch } from "../cloud/aws/pause-switch.ts";
import { settings } from "../cloud/aws/settings.ts";
import type { ForgeAuth, ForgeClient } from "../cloud/github/forge-client.ts";
import type { PauseSwitch } from "../cloud/ports/settings.ts";
import type { Random } from "../cloud/ports/clock.ts";
import { enrol } from "../cloud/github/enrol.ts";
import { ForgeRefused } from "../cloud/ports/forge.ts";
import type { Log } from "../cloud/ports/log.ts";
import type { LoadedSettings } from "../cloud/ports/settings.ts";
import type { ControlWorld } from "../control/world.ts";
import { tableName } from "../domain/names.ts";
import { hostClock } from "./host-clock.ts";
import { hostRandom } from "./host-random.ts";

export interface ControlOptions {
  readonly environment: string;
  readonly region: string;
  /**
   * What GitHub is asked with; without it every call to GitHub is refused with the fix. `stored`: what the environment keeps for it, read
   * anew each time that the configuration has been: who replaces it deploys nothing.
   */
  readonly forge?: ForgeAuth | "stored";
  readonly log: Log;
  readonly random?: Random;
  /** Where AWS answers, instead of its own endpoints, and with what credentials: the embedded cloud's. */
  readonly aws?: { readonly endpoint: string; readonly credentials: { accessKeyId: string; secretAccessKey: string } };
}

/** The control plane's world with what operators need besides. */
export interface OperatedWorld extends ControlWorld {
  readonly pauseSwitch: PauseSwitch;
}

const noCredential = "no GitHub credential: give a token (GITHUB_TOKEN), or store one for refresh in the environment";

/** Calls `make` once, when first needed; a failure is not remembered. */
function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

type Methods<Port> = { readonly [Name in keyof Port]: (...given: never) => Promise<unknown> };

/** A port that is made when one of these methods, which must be all of its methods, is first called. */
const latePort = <Port extends Methods<Port>, Name extends keyof Port & string>(
  made: () => Promise<Port>,
  ...names: readonly Name[]
): Pick<Port, Name> =>
  Object.fromEntries(
    names.map((name) => [name, async (...given: never) => await (await made())[name](...given)]),
  ) as unknown as Pick<Port, Name>;

export function controlWorld(options: ControlOptions): OperatedWorld {
  const { environment, region, log, random = hostRandom } = options;
  const clock = correctedClock(hostClock);
  const common = { region, ...options.aws, ...clientOptions("other", process.env) };
  const dynamodb = lean(new DynamoDBClient(common));
  const ssm = lazily(async () => {
    const { SSMClient } = await import("../cloud/aws/secrets.ts");
    return new SSMClient(common);
  });
  const kept = lazily(async () => {
    const { secrets } = await import("../cloud/aws/secrets.ts");
    return secrets(await ssm());
  });
  const folders = lazily(async () => {
    const { secretFolder } = await import("../cloud/aws/secret-folder.ts");
    return secretFolder(await ssm());
  });
  clock.watch(dynamodb);
  const table = tableName(environment);
  const stored = settings({ client: dynamodb, table, environment, region, clock, random });
  let loaded: Promise<LoadedSettings> | undefined;
  const configuration = async () => (await (loaded ?? load())).configuration;
  const auth = async (): Promise<ForgeAuth> => {
    if (options.forge === undefined) throw new ForgeRefused(noCredential);
    if (options.forge !== "stored") return options.forge;
    const { storedCredential } = await import("./forge-credential.ts");
    const found = await storedCredential(await kept(), await configuration());
    if (found.kind === "usable") return found.auth;
    const why = found.kind === "none" ? "is missing: write an App or a token to it" : `cannot be used: ${found.why}`;
    throw new ForgeRefused(`no GitHub credential: ${found.name} ${why}`);
  };
  let asked: { readonly as: string; readonly client: ForgeClient } | undefined;
  const newForge = async () => {
    const by = await auth();
    const [{ forgeClient }, { registrar }, { inventory }, { jobQueue }] = await Promise.all([
      import("../cloud/github/forge-client.ts"),
      import("../cloud/github/registrar.ts"),
      import("../cloud/github/inventory.ts"),
      import("../cloud/github/job-queue.ts"),
    ]);
    const { apiUrl, repositories } = (await configuration()).forge;
    // The same one for the same credential: an App's token is good for an hour.
    const as = JSON.stringify([apiUrl, by]);
    if (asked?.as !== as) asked = { as, client: forgeClient({ apiUrl, auth: by, clock }) };
    const { client } = asked;
    const releases = async () => {
      // Loaded for itself: of all that ask GitHub, refresh alone asks this.
      const { forgeReader } = await import("../cloud/github/doctor-forge.ts");
      return await forgeReader(client).runnerReleases(repositories[0] ?? "");
    };
    return { registrar: registrar(client), listed: { ...inventory(client), ...jobQueue(client) }, releases };
  };
  let forge = lazily(newForge);
  const load = (): Promise<LoadedSettings> => {
    if (options.forge === "stored") forge = lazily(newForge);
    return (loaded = stored.load());
  };
  const records = { client: dynamodb, table, clock };
  const begun = lazily(async () => (await import("../cloud/aws/saved-requests.ts")).beginnings(records));
  const requests = lazily(async () => (await import("../cloud/aws/saved-requests.ts")).savedRequests(records));
  // The second client is not needed before the configuration is read.
  const pooled = lazily(async () => {
    const { SQSClient, pool } = await import("../cloud/aws/pool.ts");
    const queues = async (resourceClass: string) => {
      const queue = (await configuration()).queues[resourceClass];
      if (queue === undefined)
        throw new Error(`resource class "${resourceClass}" has no queue in environment "${environment}"`);
      return queue;
    };
    return pool({ client: lean(new SQSClient(common)), queues });
  });
  // What is called next is read while the first reply is on its way: after a turn in which the request has been written.
  onceSent(dynamodb, () => setImmediate(() => setImmediate(() => void pooled().catch(() => undefined))));
  return {
    instances: instances({ client: dynamodb, table, clock }),
    settings: { ...stored, load },
    pauseSwitch: pauseSwitch(dynamodb, table),
    pool: latePort(pooled, "receive", "send", "giveBack", "drop", "depth", "setAside"),
    fleet: fleet({
      ec2: (sdk) => new sdk.EC2Client({ ...common, ...clientOptions("ec2", process.env) }),
      ssm,
      environment,
    }),
    forge: {
      enrol: enrol(async () => (await forge()).registrar),
      ...latePort(async () => (await forge()).listed, "runners", "named", "remove", "activeRuns", "waiting"),
    },
    releases: {
      newest: async () => {
        const look = await (await forge()).releases();
        return look.kind === "seen" ? look.value : [];
      },
    },
    beginnings: latePort(begun, "begin", "finish"),
    requests: latePort(requests, "save", "ofRun", "recordOutcome", "end", "unreported", "repositories", "markReported"),
    secrets: latePort(kept, "read", "write"),
    secretFolder: latePort(folders, "list", "remove"),
    clock,
    random,
    log,
  };
}
