// The GitHub stand-in: REST, runners and jobs behind one loopback port, and what a demo or a test may do to it and see of it.
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Chance } from "../chance.ts";
import { closeServer } from "../http/listen.ts";
import type { AppToAccept, PatToAccept } from "./credentials.ts";
import { createCredentials } from "./credentials.ts";
import { createFaults } from "./faults.ts";
import type { GithubFaults } from "./faults.ts";
import { openFrontDoor } from "./front-door.ts";
import type { GithubEvent, GithubEventType, Job, Run, Runner } from "./model.ts";
import { createRateLimits } from "./rate-limit.ts";
import { appRoutes, plainRoutes } from "./rest-apps.ts";
import { runnerRoutes } from "./rest-runners.ts";
import { runRoutes } from "./rest-runs.ts";
import { routeFinder } from "./routes.ts";
import { runnerProtocolRoutes } from "./runner-protocol.ts";
import { cancelRun, queueRun } from "./runs.ts";
import type { RunToQueue } from "./runs.ts";
import { defaultSettings } from "./settings.ts";
import type { GithubSettings } from "./settings.ts";
import { createWorld } from "./world.ts";
import type { World } from "./world.ts";

export interface GithubOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  /** What shall differ from `defaultSettings`. */
  readonly settings?: Partial<GithubSettings>;
  readonly pats?: readonly PatToAccept[];
  readonly apps?: readonly AppToAccept[];
  /** Runner groups besides `Default`. */
  readonly groups?: readonly string[];
}

export interface GithubStandIn {
  /** `http://127.0.0.1:PORT`: the API's base (also with `/api/v3`) and the server URL that runners register under. */
  readonly url: string;
  /** May be changed while it runs. */
  readonly settings: GithubSettings;
  readonly faults: GithubFaults;
  acceptPat(pat: PatToAccept): void;
  acceptApp(app: AppToAccept): void;
  queueRun(run: RunToQueue): Run;
  /** Cancels the run's latest attempt; false when unknown. */
  cancelRun(runId: number): boolean;
  /** Every event from now on; returns how to stop. */
  subscribe(listener: (event: GithubEvent) => void): () => void;
  /** The first event of this type that matches, past or future. Never rejects: give the test a time limit. */
  happened(type: GithubEventType, matches?: (event: GithubEvent) => boolean): Promise<GithubEvent>;
  /** The truth, not what REST shows. */
  readonly runners: () => readonly Runner[];
  readonly runs: () => readonly Run[];
  readonly jobs: () => readonly Job[];
  /** REST calls by route (`GET /repos/{owner}/{repo}/actions/runners`). */
  readonly calls: () => Readonly<Record<string, number>>;
  /** Routes of REST calls that named no version of the API. */
  readonly unversioned: () => readonly string[];
  /** Calls of runners (registration and the stand-ins' own protocol) by route. */
  readonly runnerCalls: () => Readonly<Record<string, number>>;
  close(): Promise<void>;
}

function happened(world: World, type: GithubEventType, matches: (event: GithubEvent) => boolean): Promise<GithubEvent> {
  const fits = (event: GithubEvent): boolean => event.type === type && matches(event);
  const past = world.history.find(fits);
  if (past !== undefined) return Promise.resolve(past);
  return new Promise((resolve) => {
    const stop = world.subscribe((event) => {
      if (!fits(event)) return;
      stop();
      resolve(event);
    });
  });
}

/** Rejects if no port is free. */
export async function openGithub(options: GithubOptions): Promise<GithubStandIn> {
  const settings = { ...defaultSettings, ...options.settings };
  const world = createWorld(options.clock, options.chance.fork("github"), settings);
  for (const [index, name] of (options.groups ?? []).entries()) world.groups.set(index + 2, name);
  const credentials = createCredentials(options.clock);
  for (const pat of options.pats ?? []) credentials.acceptPat(pat);
  for (const app of options.apps ?? []) credentials.acceptApp(app);
  const faults = createFaults(options.chance.fork("github-faults"));
  const rateLimits = createRateLimits(options.clock, settings.rateLimit);
  const rest = [...plainRoutes, ...appRoutes(credentials), ...runnerRoutes, ...runRoutes];
  const find = routeFinder([...rest, ...runnerProtocolRoutes]);
  const counts = new Map<string, number>();
  const count = (route: string): void => void counts.set(route, (counts.get(route) ?? 0) + 1);
  const bare = new Set<string>();
  const unversioned = (route: string): void => void bare.add(route);
  const parts = { world, credentials, faults, rateLimits, find, count, unversioned };
  const server = await openFrontDoor(parts);
  const counted = (runners: boolean): Record<string, number> =>
    Object.fromEntries([...counts].filter(([route]) => /\/_runner|runner-registration/.test(route) === runners));
  return {
    url: world.baseUrl,
    settings,
    faults,
    acceptPat: (pat) => credentials.acceptPat(pat),
    acceptApp: (app) => credentials.acceptApp(app),
    queueRun: (run) => queueRun(world, run),
    cancelRun: (runId) => cancelRun(world, runId),
    subscribe: (listener) => world.subscribe(listener),
    happened: (type, matches = () => true) => happened(world, type, matches),
    runners: () => [...world.runners.values()],
    runs: () => [...world.runs.values()],
    jobs: () => [...world.jobs.values()],
    calls: () => counted(false),
    unversioned: () => [...bare],
    runnerCalls: () => counted(true),
    close: async () => {
      world.close();
      await closeServer(server);
    },
  };
}
