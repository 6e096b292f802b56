// REST: workflow runs and their jobs, to read and to cancel.
import type { Call, Reply } from "./call.ts";
import { GithubRefusal, notFound, page } from "./call.ts";
import type { Job, Run } from "./model.ts";
import type { Route } from "./routes.ts";
import { cancelRun, findRun, runConclusion, runStatus } from "./runs.ts";
import type { World } from "./world.ts";

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

const shownRun = (world: World, run: Run): Record<string, unknown> => {
  const url = `${world.baseUrl}/repos/${run.owner}/${run.repo}/actions/runs/${run.runId}`;
  const ended = Math.max(run.createdAt, ...run.jobs.map((job) => job.completedAt ?? job.startedAt ?? 0));
  return {
    id: run.runId,
    name: run.name,
    run_number: run.runId % 100_000,
    run_attempt: run.attempt,
    event: "workflow_dispatch",
    status: runStatus(run),
    conclusion: runConclusion(run) ?? null,
    url,
    html_url: `${world.baseUrl}/${run.owner}/${run.repo}/actions/runs/${run.runId}`,
    jobs_url: `${url}/jobs`,
    created_at: iso(run.createdAt),
    run_started_at: iso(run.createdAt),
    updated_at: iso(ended),
    repository: { name: run.repo, full_name: `${run.owner}/${run.repo}`, owner: { login: run.owner } },
  };
};

const shownJob = (world: World, job: Job): Record<string, unknown> => ({
  id: job.id,
  run_id: job.run.runId,
  run_attempt: job.run.attempt,
  name: job.name,
  workflow_name: job.run.name,
  labels: job.labels,
  status: job.status,
  conclusion: job.conclusion ?? null,
  created_at: iso(job.createdAt),
  // GitHub shows the time of queueing until the job has started.
  started_at: iso(job.startedAt ?? job.createdAt),
  completed_at: iso(job.completedAt),
  runner_id: job.runner?.id ?? 0,
  runner_name: job.runner?.name ?? "",
  runner_group_id: job.runner?.groupId ?? 0,
  runner_group_name: world.groups.get(job.runner?.groupId ?? 0) ?? "",
  steps: job.stepResults.map((step) => ({ ...step, status: "completed" })),
  url: `${world.baseUrl}/repos/${job.run.owner}/${job.run.repo}/actions/jobs/${job.id}`,
});

const ofRepository = (call: Call, run: Run): boolean =>
  run.owner.toLowerCase() === call.names["owner"]?.toLowerCase() &&
  run.repo.toLowerCase() === call.names["repo"]?.toLowerCase();

const theRun = (world: World, call: Call): Run => {
  const attempt = call.names["attempt_number"];
  const run = findRun(world, Number(call.names["run_id"]), attempt === undefined ? undefined : Number(attempt));
  if (run === undefined || !ofRepository(call, run)) throw notFound();
  return run;
};

const theJob = (world: World, call: Call): Job => {
  const job = world.jobs.get(Number(call.names["job_id"]));
  if (job === undefined || !ofRepository(call, job.run)) throw notFound();
  return job;
};

/** The latest attempt of each run, newest first. `status` takes a status or a conclusion, as at GitHub. */
function listRuns(world: World, call: Call): Reply {
  const status = call.query.get("status");
  const latest = [...world.runs.values()].filter((run) => ofRepository(call, run) && findRun(world, run.runId) === run);
  const wanted = latest
    .filter((run) => status === null || runStatus(run) === status || runConclusion(run) === status)
    .reverse();
  const { items, headers } = page(call, world.baseUrl, wanted);
  return {
    status: 200,
    headers,
    body: { total_count: wanted.length, workflow_runs: items.map((run) => shownRun(world, run)) },
  };
}

function listJobs(world: World, call: Call): Reply {
  const run = theRun(world, call);
  const every = call.query.get("filter") === "all" && call.names["attempt_number"] === undefined;
  const jobs = every ? [...world.jobs.values()].filter((job) => job.run.runId === run.runId) : run.jobs;
  const { items, headers } = page(call, world.baseUrl, jobs);
  return { status: 200, headers, body: { total_count: jobs.length, jobs: items.map((job) => shownJob(world, job)) } };
}

function cancel(world: World, call: Call): Reply {
  const run = theRun(world, call);
  if (runStatus(run) === "completed") throw new GithubRefusal(409, "Cannot cancel a workflow run that is completed.");
  cancelRun(world, run.runId);
  return { status: 202, body: {} };
}

const actions = "/repos/{owner}/{repo}/actions";
const read = { permission: "actions", level: "read" } as const;
const write = { permission: "actions", level: "write" } as const;
const one = (world: World, call: Call): Reply => ({ status: 200, body: shownRun(world, theRun(world, call)) });

export const runRoutes: readonly Route[] = [
  { method: "GET", path: `${actions}/runs`, needs: read, handle: listRuns },
  { method: "GET", path: `${actions}/runs/{run_id}`, needs: read, handle: one },
  { method: "GET", path: `${actions}/runs/{run_id}/jobs`, needs: read, handle: listJobs },
  { method: "GET", path: `${actions}/runs/{run_id}/attempts/{attempt_number}/jobs`, needs: read, handle: listJobs },
  { method: "POST", path: `${actions}/runs/{run_id}/cancel`, needs: write, handle: cancel },
  {
    method: "GET",
    path: `${actions}/jobs/{job_id}`,
    needs: read,
    handle: (world, call) => ({ status: 200, body: shownJob(world, theJob(world, call)) }),
  },
];
