// GitHub's REST API as a PAT or an App may call it: bounded in time, rate limits waited out, errors translated.
import { Octokit } from "@octokit/core";
import { paginateRest } from "@octokit/plugin-paginate-rest";
import { apiVersion } from "./api-version.ts";
import type { Clock } from "../ports/clock.ts";
import { ForgeRefused } from "../ports/forge.ts";
import { OutOfReach, RateLimited } from "../ports/outcomes.ts";

export type ForgeAuth =
  | { readonly kind: "token"; readonly token: string }
  | {
      readonly kind: "app";
      readonly appId: number | string;
      /** PEM. */
      readonly privateKey: string;
      /** Looked up by the scope where absent. */
      readonly installationId?: number;
    };

export interface ForgeClientOptions {
  /** `https://api.github.com`, or `https://HOST/api/v3` of a GHES server. */
  readonly apiUrl: string;
  readonly auth: ForgeAuth;
  readonly clock: Clock;
}

const PagedOctokit = Octokit.plugin(paginateRest);
type Client = InstanceType<typeof PagedOctokit>;

/** Gives the client that may act on a scope: `owner/repo`, `org`, or `enterprises/name`. Rejects with ForgeRefused or OutOfReach. */
export type ForgeClient = (scope: string) => Promise<Client>;

/** GitHub answers within 10 s or gives up itself (REST documentation, "Timeouts"). */
const replyMs = 12_000;
/** Server errors and broken connections: tried this often, with a pause. All our calls may be repeated. */
const tries = 3;
const pauseMs = 1_000;
/** The longest wait for a rate limit: beyond it the call is refused, and the caller tries again later. */
const rateLimitWaitMs = 60_000;

interface HttpError extends Error {
  readonly status?: number;
  readonly response?: { readonly headers?: Readonly<Record<string, string | number | undefined>> };
}

/**
 * GitHub's words for a rate limit, primary, secondary, and as older servers say it. A secondary one may come as a bare 403, without any
 * header that a missing right would not have as well ("Rate limits", "Exceeding the rate limit").
 */
const rateLimitWords = /rate limit|abuse detection mechanism/i;

/** Milliseconds to wait as GitHub asks; undefined where the error is no rate limit (REST documentation, "Rate limits"). */
function rateLimitWait(error: HttpError, now: number): number | undefined {
  if (error.status !== 403 && error.status !== 429) return undefined;
  const headers = error.response?.headers ?? {};
  if (headers["retry-after"] !== undefined) return Number(headers["retry-after"]) * 1000;
  if (Number(headers["x-ratelimit-remaining"] ?? 1) === 0)
    return Math.max(1000, Number(headers["x-ratelimit-reset"] ?? 0) * 1000 - now);
  // "If neither header is present, wait for at least one minute"; a 403 without header and words is a missing right.
  return error.status === 429 || rateLimitWords.test(error.message) ? rateLimitWaitMs : undefined;
}

/** Waits and retries around every request of a client. */
function waitAndRetry(client: Client, clock: Clock): void {
  client.hook.wrap("request", async (request, options) => {
    Object.assign(options.headers, apiVersion);
    const until = clock.now() + rateLimitWaitMs;
    for (let failed = 1; ; failed++) {
      try {
        return await request(options);
      } catch (caught) {
        const error = caught as HttpError;
        const wait = rateLimitWait(error, clock.now());
        if (wait !== undefined && clock.now() + wait > until)
          throw new RateLimited(`GitHub's rate limit is used up for another ${Math.ceil(wait / 1000)} s`, {
            cause: error,
          });
        if (wait === undefined && ((error.status ?? 0) < 500 || failed >= tries)) throw error;
        await clock.sleep(wait ?? pauseMs * failed);
      }
    }
  });
}

const fetchWithin: typeof fetch = (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(replyMs) });

/** GitHub reserves the name: no account is called `enterprises`. */
const isEnterprise = (scope: string): boolean => scope.startsWith("enterprises/");

/** Where a scope is in REST: a repository's, an organisation's, or an enterprise's path. */
export const scopePath = (scope: string): string => {
  if (isEnterprise(scope)) return `/${scope}`;
  return scope.includes("/") ? `/repos/${scope}` : `/orgs/${scope}`;
};

export function forgeClient({ apiUrl, auth, clock }: ForgeClientOptions): ForgeClient {
  const common = {
    baseUrl: apiUrl.replace(/\/+$/, ""),
    userAgent: "runpool",
    request: { fetch: fetchWithin },
    // Octokit logs deprecations and retries to the console; the log of ours is the only one.
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  };
  const build = (options: ConstructorParameters<typeof PagedOctokit>[0]): Client => {
    const client = new PagedOctokit({ ...common, ...options });
    waitAndRetry(client, clock);
    return client;
  };
  if (auth.kind === "token") {
    const client = build({ auth: auth.token });
    return () => Promise.resolve(client);
  }

  const { appId, privateKey } = auth;
  const asInstallation = async (find: (asApp: Client) => Promise<number>): Promise<Client> => {
    const { createAppAuth } = await import("@octokit/auth-app");
    const installationId = await find(build({ authStrategy: createAppAuth, auth: { appId, privateKey } }));
    return build({ authStrategy: createAppAuth, auth: { appId, privateKey, installationId } });
  };
  const clients = new Map<string, Promise<Client>>();
  return async (scope) => {
    if (isEnterprise(scope))
      throw new ForgeRefused(`GitHub lets no App register or list an enterprise's runners: ${rightToRunners(scope)}`);
    const owner = auth.installationId === undefined ? (scope.split("/")[0] as string) : "";
    const known =
      clients.get(owner) ??
      asInstallation(async (asApp) => {
        if (auth.installationId !== undefined) return auth.installationId;
        const { data } = await asApp.request(`GET ${scopePath(scope)}/installation`);
        return (data as { id: number }).id;
      });
    clients.set(owner, known);
    try {
      return await known;
    } catch (error) {
      clients.delete(owner);
      return refuse(`looking for the App's installation on ${scope}`, "install the App there", error);
    }
  };
}

export const statusOf = (error: unknown): number | undefined => (error as HttpError).status;

/** Throws what a failed call means: OutOfReach, or ForgeRefused with the fix. */
export function refuse(what: string, fix: string, error: unknown): never {
  if (error instanceof OutOfReach || error instanceof ForgeRefused) throw error;
  const { status, message } = error as HttpError;
  if (status === undefined)
    throw new ForgeRefused(`${what}: the forge credentials cannot be used: ${message}`, { cause: error });
  if (status >= 500) throw new OutOfReach(`${what}: GitHub answered ${status}: ${message}`, { cause: error });
  if (status === 401)
    throw new ForgeRefused(`${what}: GitHub knows no such credentials: write a valid token or App key`, {
      cause: error,
    });
  throw new ForgeRefused(`${what}: GitHub answered ${status}: ${message}: ${fix}`, { cause: error });
}

/** GitHub says 403 or 404 for a missing right alike. */
export function rightToRunners(scope: string): string {
  const exists = `check that ${scope} exists, and give`;
  if (isEnterprise(scope))
    return `${exists} a classic PAT of an enterprise owner the scope "manage_runners:enterprise" (neither an App nor a fine-grained PAT can have it)`;
  return scope.includes("/")
    ? `${exists} the App "Administration: read and write" on it (a PAT: the same, or scope "repo" of an admin)`
    : `${exists} the App "Self-hosted runners: read and write" of the organisation (a PAT: scope "admin:org")`;
}
