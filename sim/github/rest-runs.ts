// REST: workflow runs and their jobs, to read.
import type { Call, Reply } from "./call.ts";
import { notFound, page } from "./call.ts";
import type { Job, Run } from "./model.ts";
import type { Route } from "./routes.ts";
import { findRun, runConclusion, runStatus } from "./runs.ts";
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
  const run = findRun(world, Number(call.names["run_id"]), Number(call.names["attempt_number"]));
  if (run === undefined || !ofRepository(call, run)) throw notFound();
  const { items, headers } = page(call, world.baseUrl, run.jobs);
  const body = { total_count: run.jobs.length, jobs: items.map((job) => shownJob(world, job)) };
  return { status: 200, headers, body };
}

const runs = "/repos/{owner}/{repo}/actions/runs";
const needs = { permission: "actions", level: "read" } as const;

export const runRoutes: readonly Route[] = [
  { method: "GET", path: runs, needs, handle: listRuns },
  { method: "GET", path: `${runs}/{run_id}/attempts/{attempt_number}/jobs`, needs, handle: listJobs },
];
