// REST: Apps, their installations and tokens, and what GitHub says about itself.
import type { Call, Reply } from "./call.ts";
import { GithubRefusal, page } from "./call.ts";
import type { App, Credentials, Installation, Permissions } from "./credentials.ts";
import type { Route } from "./routes.ts";
import type { GithubSettings } from "./settings.ts";
import type { World } from "./world.ts";

const iso = (ms: number): string => new Date(ms).toISOString();

const appOf = (call: Call): App => {
  if (call.caller?.app === undefined) throw new GithubRefusal(401, "A JSON web token could not be decoded");
  return call.caller.app;
};

const shownInstallation = (world: World, app: App, installation: Installation): Record<string, unknown> => ({
  id: installation.id,
  app_id: app.appId,
  app_slug: app.slug,
  client_id: app.clientId,
  account: { login: installation.account, type: "Organization" },
  target_type: "Organization",
  repository_selection: installation.repositories === undefined ? "all" : "selected",
  permissions: installation.permissions,
  access_tokens_url: `${world.baseUrl}/app/installations/${installation.id}/access_tokens`,
  events: [],
});

function createAccessToken(world: World, credentials: Credentials, call: Call): Reply {
  const app = appOf(call);
  const installation = credentials.appOfInstallation(app, Number(call.names["installation_id"]));
  const { permissions, repositories } = call.body;
  const narrow = {
    ...(permissions === undefined ? {} : { permissions: permissions as Permissions }),
    ...(Array.isArray(repositories) ? { repositories: repositories.map(String) } : {}),
  };
  const { token, credential } = credentials.createInstallationToken(
    installation,
    world.settings.installationTokenLifeMs,
    narrow,
  );
  const selected = narrow.repositories ?? installation.repositories;
  return {
    status: 201,
    body: {
      token,
      expires_at: iso(credential.expiresAt ?? 0),
      permissions: credential.permissions,
      repository_selection: selected === undefined ? "all" : "selected",
      ...(selected === undefined
        ? {}
        : { repositories: selected.map((name) => ({ name, full_name: `${installation.account}/${name}` })) }),
    },
  };
}

function installationOn(world: World, credentials: Credentials, call: Call, account: string | undefined): Reply {
  const app = appOf(call);
  const installation = credentials.installationOn(app, account ?? "");
  return { status: 200, body: shownInstallation(world, app, installation) };
}

function shownRelease(world: World, { version, publishedAt }: GithubSettings["latestRunner"]): Record<string, unknown> {
  const asset = (system: string): Record<string, unknown> => ({
    name: `actions-runner-linux-${system}-${version}.tar.gz`,
    browser_download_url: `${world.baseUrl}/actions/runner/releases/download/v${version}/actions-runner-linux-${system}-${version}.tar.gz`,
  });
  return {
    tag_name: `v${version}`,
    name: `v${version}`,
    draft: false,
    prerelease: false,
    published_at: iso(publishedAt),
    assets: [asset("x64"), asset("arm64")],
  };
}

/** Newest first, as GitHub lists them. */
function listReleases(world: World, call: Call): Reply {
  const { latestRunner, earlierRunners } = world.settings;
  const { items, headers } = page(call, world.baseUrl, [latestRunner, ...earlierRunners]);
  return { status: 200, headers, body: items.map((release) => shownRelease(world, release)) };
}

/** The routes that need the credentials themselves. */
export const appRoutes = (credentials: Credentials): readonly Route[] => [
  {
    method: "GET",
    path: "/app",
    needs: "app",
    handle: (_world, call) => {
      const app = appOf(call);
      const permissions = app.installations[0]?.permissions ?? {};
      return {
        status: 200,
        body: { id: app.appId, client_id: app.clientId, slug: app.slug, name: app.slug, permissions },
      };
    },
  },
  {
    method: "POST",
    path: "/app/installations/{installation_id}/access_tokens",
    needs: "app",
    handle: (world, call) => createAccessToken(world, credentials, call),
  },
  {
    method: "GET",
    path: "/repos/{owner}/{repo}/installation",
    needs: "app",
    handle: (world, call) => installationOn(world, credentials, call, call.names["owner"]),
  },
  {
    method: "GET",
    path: "/orgs/{org}/installation",
    needs: "app",
    handle: (world, call) => installationOn(world, credentials, call, call.names["org"]),
  },
];

export const plainRoutes: readonly Route[] = [
  { method: "GET", path: "/repos/actions/runner/releases", needs: "nobody", handle: listReleases },
];
