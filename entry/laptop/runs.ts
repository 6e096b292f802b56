// One workflow run on the laptop: provision, jobs on its runners, release; as a workflow's jobs would do it.
import type { ControlWorld } from "../../control/world.ts";
import { provision, type Provisioned } from "../../control/runs/provision.ts";
import { release, type Released } from "../../control/runs/release.ts";
import { parseRequest, type RawRequest, type Request } from "../../domain/request.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { repository, type EmbeddedCloud } from "./embedded-cloud.ts";

const usual: Omit<RawRequest, "runId" | "instanceCount"> = {
  attempt: "1",
  name: "provision",
  repository,
  resourceClass: "large",
  architecture: "x64",
  usageClass: "on-demand",
  allowedInstanceTypes: "",
  labels: "",
  fallback: "false",
};

/** A run of the demonstration: what differs from the usual request. */
export type RunOptions = Partial<RawRequest> & Pick<RawRequest, "runId" | "instanceCount">;

export function requestOf(options: RunOptions): Request {
  const parsed = parseRequest({ ...usual, ...options }, defaultResourceClasses);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.request;
}

export const provisionRun = (world: ControlWorld, options: RunOptions, cancel: AbortSignal): Promise<Provisioned> =>
  provision(world, requestOf(options), { cancel });

/** Queues jobs with `runs-on: <run id>` and resolves when all have ended; rejects where one did not succeed. */
export async function runJobs(cloud: EmbeddedCloud, runId: string, names: readonly string[]): Promise<number> {
  const [owner = "", repo = ""] = repository.split("/");
  const script = (name: string): string =>
    [`echo "${name} of run $GITHUB_RUN_ID on $RUNNER_NAME"`, "sleep 0.3", 'test -n "$GITHUB_WORKSPACE"'].join("\n");
  const run = cloud.github.queueRun({
    owner,
    repo,
    runId: Number(runId),
    jobs: names.map((name) => ({ name, labels: [runId], script: script(name) })),
  });
  await Promise.all(run.jobs.map((job) => cloud.github.happened("job.completed", (event) => event.job?.id === job.id)));
  const failed = run.jobs.filter(({ conclusion }) => conclusion !== "success");
  if (failed.length > 0)
    throw new Error(`run ${runId}: ${failed.map(({ name, conclusion }) => `${name} ${conclusion}`).join(", ")}`);
  return run.jobs.length;
}

export const releaseRun = (world: ControlWorld, runId: string): Promise<Released> =>
  release(world, { runId, attempt: 1, forgeScope: repository });
