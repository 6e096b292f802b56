// The runs and jobs that wait for a runner, as GitHub lists them.
import type { ActiveRun, Forge, QueuedJob } from "../ports/forge.ts";
import { refuse, type ForgeClient } from "./forge-client.ts";

interface ListedRun {
  readonly id: number;
  readonly run_attempt?: number;
}
interface ListedJob {
  readonly status: string;
  readonly labels: readonly string[];
  readonly created_at: string;
}

const right = (repository: string): string =>
  `to serve failed jobs that are run again, give the App (or the token) "Actions: read" on ${repository}`;

/** A run with jobs that wait is `queued` as long as none has begun, then `in_progress`. */
const statuses = ["queued", "in_progress"] as const;

async function activeRuns(client: ForgeClient, repository: string): Promise<readonly ActiveRun[]> {
  const forge = await client(repository);
  const lists = await Promise.all(
    statuses.map((status) =>
      forge
        .paginate(`GET /repos/${repository}/actions/runs`, { status, per_page: 100 })
        .catch((error: unknown) => refuse(`listing the ${status} runs of ${repository}`, right(repository), error)),
    ),
  );
  const attempts = new Map<string, number>();
  for (const { id, run_attempt: attempt = 1 } of lists.flat() as ListedRun[])
    attempts.set(String(id), Math.max(attempt, attempts.get(String(id)) ?? 1));
  return [...attempts].map(([runId, attempt]) => ({ runId, attempt }));
}

async function queuedJobs(
  client: ForgeClient,
  repository: string,
  { runId, attempt }: ActiveRun,
): Promise<readonly QueuedJob[]> {
  const forge = await client(repository);
  const jobs = await forge
    .paginate(`GET /repos/${repository}/actions/runs/${runId}/attempts/${attempt}/jobs`, { per_page: 100 })
    .catch((error: unknown) => refuse(`listing the jobs of run ${runId}`, right(repository), error));
  return (jobs as ListedJob[])
    .filter(({ status }) => status === "queued")
    .map(({ labels, created_at: createdAt }) => ({ labels, queuedAt: Date.parse(createdAt) }));
}

/** GitHub REST, "List workflow runs for a repository" and "List jobs for a workflow run attempt". */
export const jobQueue = (client: ForgeClient): Pick<Forge, "activeRuns" | "waiting"> => ({
  activeRuns: (repository) => activeRuns(client, repository),
  waiting: (repository, run) => queuedJobs(client, repository, run),
});
