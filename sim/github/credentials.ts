// Who may call: personal access tokens, Apps with their public keys, and installation tokens.
import { createPublicKey, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Clock, EpochMs } from "../../cloud/ports/clock.ts";
import { verifyAppJwt } from "./app-jwt.ts";
import { GithubRefusal, notFound } from "./call.ts";

export type Permissions = Readonly<Record<string, "read" | "write">>;

export interface Credential {
  readonly kind: "classic" | "fine-grained" | "installation" | "app";
  /** Counts the rate limit; never the token itself. */
  readonly key: string;
  readonly permissions: Permissions;
  /** `owner/repo` in lower case that it sees, or all. */
  readonly repositories: "all" | ReadonlySet<string>;
  /** Owners in lower case that it sees, or all. */
  readonly owners: "all" | ReadonlySet<string>;
  readonly expiresAt?: EpochMs;
  readonly app?: App;
}

export interface Installation {
  readonly id: number;
  /** The organisation or user the App is installed on. */
  readonly account: string;
  readonly permissions: Permissions;
  /** Repository names (without owner), all when absent. */
  readonly repositories?: readonly string[];
}

export interface App {
  readonly appId: number;
  readonly clientId: string;
  readonly slug: string;
  readonly publicKey: KeyObject;
  readonly installations: readonly Installation[];
}

/** A personal access token to accept: by scopes (`ghp_`, classic) or permissions (`github_pat_`, fine-grained). */
export interface PatToAccept {
  readonly token: string;
  readonly scopes?: readonly string[];
  readonly permissions?: Permissions;
  readonly repositories?: readonly string[];
  readonly owners?: readonly string[];
  readonly expiresAt?: EpochMs;
}

export interface AppToAccept {
  readonly appId: number;
  readonly clientId?: string;
  readonly slug?: string;
  /** SPKI PEM. */
  readonly publicKey: string;
  readonly installations: readonly Installation[];
}

/** What classic scopes allow, as far as this stand-in asks (Scopes for OAuth apps). */
const scopePermissions: Record<string, Permissions> = {
  repo: { administration: "write", actions: "write", metadata: "read" },
  "admin:org": { organization_self_hosted_runners: "write" },
  "manage_runners:org": { organization_self_hosted_runners: "write" },
  "manage_runners:enterprise": { enterprise_self_hosted_runners: "write" },
  "admin:enterprise": { enterprise_self_hosted_runners: "write" },
};

const lowered = (list: readonly string[] | undefined): "all" | ReadonlySet<string> =>
  list === undefined ? "all" : new Set(list.map((name) => name.toLowerCase()));

export interface Credentials {
  acceptPat(pat: PatToAccept): void;
  acceptApp(app: AppToAccept): void;
  /** Who an Authorization header names. Throws 401 for bad credentials; undefined without a header. */
  identify(authorization: string | undefined): Credential | undefined;
  appOfInstallation(app: App, id: number): Installation;
  installationOn(app: App, account: string): Installation;
  createInstallationToken(
    installation: Installation,
    lifeMs: number,
    narrow: Narrowed,
  ): { token: string; credential: Credential };
}

/** What a caller asks to have less of when it takes an installation token. */
export interface Narrowed {
  readonly permissions?: Permissions;
  readonly repositories?: readonly string[];
}

export function createCredentials(clock: Clock): Credentials {
  const tokens = new Map<string, Credential>();
  const apps = new Map<string, App>();
  const identify = (authorization: string | undefined): Credential | undefined => {
    const token = tokenOf(authorization);
    if (token === undefined) return undefined;
    const known = tokens.get(token);
    if (known !== undefined && clock.now() < (known.expiresAt ?? Infinity)) return known;
    if (token.split(".").length !== 3) throw new GithubRefusal(401, "Bad credentials");
    const app = verifyAppJwt(token, clock.now(), (issuer) => apps.get(issuer));
    return { kind: "app", key: `app-${app.appId}`, permissions: {}, repositories: new Set(), owners: new Set(), app };
  };
  return {
    identify,
    acceptPat: (pat) => {
      const classic = pat.permissions === undefined;
      const permissions = classic
        ? Object.assign({}, ...(pat.scopes ?? []).map((scope) => scopePermissions[scope]))
        : pat.permissions;
      tokens.set(pat.token, {
        kind: classic ? "classic" : "fine-grained",
        key: `pat-${tokens.size}`,
        permissions: permissions as Permissions,
        repositories: lowered(pat.repositories),
        owners: lowered(pat.owners),
        ...(pat.expiresAt === undefined ? {} : { expiresAt: pat.expiresAt }),
      });
    },
    acceptApp: (wanted) => {
      const { appId, installations, clientId = `Iv1.${appId}`, slug = `app-${appId}` } = wanted;
      const app: App = { appId, clientId, slug, installations, publicKey: createPublicKey(wanted.publicKey) };
      apps.set(String(appId), app).set(clientId, app);
    },
    appOfInstallation: (app, id) => {
      const found = app.installations.find((installation) => installation.id === id);
      if (found === undefined) throw notFound();
      return found;
    },
    installationOn: (app, account) => {
      const found = app.installations.find((each) => each.account.toLowerCase() === account.toLowerCase());
      if (found === undefined) throw notFound();
      return found;
    },
    createInstallationToken: (installation, lifeMs, narrow) => {
      const credential = installationCredential(installation, clock.now() + lifeMs, narrow);
      const token = `ghs_${randomBytes(27).toString("base64url").replaceAll(/[-_]/g, "x")}`;
      tokens.set(token, credential);
      return { token, credential };
    },
  };
}

function installationCredential(installation: Installation, expiresAt: EpochMs, narrow: Narrowed): Credential {
  const account = installation.account.toLowerCase();
  const repositories = narrow.repositories ?? installation.repositories;
  return {
    kind: "installation",
    key: `installation-${installation.id}`,
    permissions: narrowPermissions(installation, narrow.permissions),
    repositories: lowered(repositories?.map((name) => `${account}/${name}`)),
    owners: new Set([account]),
    expiresAt,
  };
}

/** The token of `Bearer T`, `token T` or `Basic base64(user:T)`. */
function tokenOf(authorization: string | undefined): string | undefined {
  const [scheme, value] = (authorization ?? "").split(" ", 2);
  if (scheme === undefined || value === undefined) return undefined;
  if (scheme.toLowerCase() !== "basic") return value;
  const pair = Buffer.from(value, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}

function narrowPermissions(installation: Installation, wanted: Permissions | undefined): Permissions {
  for (const [name, level] of Object.entries(wanted ?? {})) {
    const held = installation.permissions[name];
    if (held === "write" || held === level) continue;
    throw new GithubRefusal(422, "The permissions requested are not granted to this installation.");
  }
  return wanted ?? installation.permissions;
}

/** Checks that the caller sees what the path names and may do there what the route does; 404 and 403 as GitHub answers. */
export function authorize(
  caller: Credential,
  owner: string | undefined,
  repo: string | undefined,
  need: string,
  level: "read" | "write",
): void {
  if (caller.kind === "app") throw new GithubRefusal(401, "Bad credentials");
  const seesOwner = owner === undefined || caller.owners === "all" || caller.owners.has(owner.toLowerCase());
  const full = `${owner ?? ""}/${repo ?? ""}`.toLowerCase();
  const seesRepo = repo === undefined || caller.repositories === "all" || caller.repositories.has(full);
  if (!seesOwner || !seesRepo) throw notFound();
  // GitHub's OpenAPI description says `enabledForGitHubApps: false` of every operation on an enterprise's runners, and lists none of them
  // for fine-grained tokens: whatever an App was granted, a classic token alone may.
  const isClosed = need === "enterprise_self_hosted_runners" && caller.kind !== "classic";
  const held = isClosed ? undefined : caller.permissions[need];
  if (held === "write" || (held === "read" && level === "read")) return;
  const words = {
    classic: repo === undefined ? "Must have admin rights to Organization." : "Must have admin rights to Repository.",
    "fine-grained": "Resource not accessible by personal access token",
    installation: "Resource not accessible by integration",
  };
  throw new GithubRefusal(403, words[caller.kind]);
}
