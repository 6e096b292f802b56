// What the given credentials may do at GitHub, and which versions of the runner GitHub has released.
import type { ForgeAnswer, ForgeReader } from "../ports/doctor.ts";
import type { RunnerRelease } from "../ports/images.ts";
import { ForgeRefused } from "../ports/forge.ts";
import { refuse, rightToRunners, scopePath, statusOf, type ForgeClient } from "./forge-client.ts";
import { listRunnerReleases } from "./runner-releases.ts";

const rightToActions = (repository: string): string =>
  `check that ${repository} exists, and give the App "Actions: read" on it (a PAT: the same, or scope "repo")`;

async function answered(what: string, fix: string, ask: () => Promise<unknown>): Promise<ForgeAnswer> {
  try {
    await ask().catch((error: unknown) => refuse(what, fix, error));
    return { kind: "allowed" };
  } catch (error) {
    if (error instanceof ForgeRefused) return { kind: "refused", why: error.message };
    throw error;
  }
}

async function releases(client: ForgeClient, scope: string): Promise<readonly RunnerRelease[] | undefined> {
  const forge = await client(scope);
  try {
    return await listRunnerReleases(forge);
  } catch (error) {
    // A server of one's own may not have that repository; it has a minimum of its own, too.
    if (statusOf(error) === 404) return undefined;
    return refuse("listing the runner's releases", "look at the credentials", error);
  }
}

export const forgeReader = (client: ForgeClient): ForgeReader => ({
  listRunners: (scope) =>
    answered(`listing the runners of ${scope}`, rightToRunners(scope), async () =>
      (await client(scope)).request(`GET ${scopePath(scope)}/actions/runners`, { per_page: 1 }),
    ),
  listRuns: (repository) =>
    answered(`listing the workflow runs of ${repository}`, rightToActions(repository), async () =>
      (await client(repository)).request(`GET ${scopePath(repository)}/actions/runs`, { per_page: 1 }),
    ),
  askForToken: (scope) =>
    answered(`asking for a registration token of ${scope}`, rightToRunners(scope), async () =>
      (await client(scope)).request(`POST ${scopePath(scope)}/actions/runners/registration-token`),
    ),
  runnerReleases: async (scope) => {
    const found = await releases(client, scope);
    return found === undefined
      ? { kind: "unseen", why: "this GitHub server does not have the runner's releases" }
      : { kind: "seen", value: found };
  },
});
