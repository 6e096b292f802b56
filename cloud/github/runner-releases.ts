// Releases of GitHub's runner, which anybody may list.
import { Octokit } from "@octokit/core";
import type { RunnerRelease, RunnerReleases } from "../ports/images.ts";
import { OutOfReach } from "../ports/outcomes.ts";
import { apiVersion } from "./api-version.ts";

/** More releases than GitHub makes in half a year. */
const releasesAsked = 30;

/** Newest first, drafts and previews left out. Rejects with what Octokit rejects with. */
export async function listRunnerReleases(client: Octokit): Promise<readonly RunnerRelease[]> {
  const { data } = await client.request("GET /repos/{owner}/{repo}/releases", {
    owner: "actions",
    repo: "runner",
    per_page: releasesAsked,
  });
  return data
    .filter(({ draft, prerelease, published_at }) => !draft && !prerelease && published_at !== null)
    .map(({ tag_name, published_at }) => ({
      version: tag_name.replace(/^v/, ""),
      publishedAt: Date.parse(published_at ?? ""),
    }))
    .toSorted((a, b) => b.publishedAt - a.publishedAt);
}

/** `apiUrl`: `https://api.github.com`, also for those who have a server of their own: the runner is released there alone. */
export const runnerReleases = (apiUrl: string, token?: string): RunnerReleases => ({
  newest: async () => {
    const client = new Octokit({ baseUrl: apiUrl, ...(token === undefined ? {} : { auth: token }) });
    client.hook.before("request", ({ headers }) => void Object.assign(headers, apiVersion));
    try {
      return await listRunnerReleases(client);
    } catch (error) {
      throw new OutOfReach(`the releases of actions/runner: ${String(error)}`, { cause: error });
    }
  },
});
