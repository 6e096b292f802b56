// GitHub's REST API as the stand-in serves it, driven by the real octokit: runners, runs and jobs, refusals, limits, faults.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Octokit } from "@octokit/core";
import { openBench, repo } from "./runner-bench.ts";
import type { Bench } from "./runner-bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const runners = "GET /repos/{owner}/{repo}/actions/runners" as const;
const removal = "DELETE /repos/{owner}/{repo}/actions/runners/{runner_id}" as const;
const jit = (name: string, labels = ["l"]) =>
  bench.octokit.request("POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig", {
    ...repo,
    name,
    runner_group_id: 1,
    labels,
  });

describe("runners", () => {
  test("are listed in pages with total_count and Link, filtered by name, and deleted one by one", async () => {
    const paged = { owner: "octo", repo: "paged" };
    for (let i = 1; i <= 5; i++) {
      await bench.octokit.request("POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig", {
        ...paged,
        name: `p${i}`,
        runner_group_id: 1,
        labels: ["l"],
      });
    }
    const second = await bench.octokit.request(runners, { ...paged, per_page: 2, page: 2 });
    expect([second.data.total_count, second.data.runners.map((runner) => runner.name)]).toEqual([5, ["p3", "p4"]]);
    expect(second.headers.link).toMatch(
      /page=1>; rel="prev", <.*page=3>; rel="next", <.*page=3>; rel="last", <.*page=1>; rel="first"/,
    );
    const [one] = (await bench.octokit.request(runners, { ...paged, name: "p3" })).data.runners;
    expect(one).toMatchObject({ name: "p3", status: "offline", busy: false, labels: [{ name: "l", type: "custom" }] });
    const at = { ...paged, runner_id: one?.id ?? 0 };
    expect((await bench.octokit.request(removal, at)).status).toBe(204);
    await expect(bench.octokit.request(removal, at)).rejects.toMatchObject({ status: 404 });
  });

  test("belong to their repository or organisation, and only there are found", async () => {
    const { data } = await bench.octokit.request("POST /orgs/{org}/actions/runners/generate-jitconfig", {
      org: "octo",
      name: "of-org",
      runner_group_id: 1,
      labels: ["l"],
    });
    const inRepo = bench.octokit.request(removal, { ...repo, runner_id: data.runner.id });
    await expect(inRepo).rejects.toMatchObject({ status: 404 });
    const inOrg = await bench.octokit.request("GET /orgs/{org}/actions/runners", { org: "OCTO" });
    expect(inOrg.data.runners.map((runner) => runner.name)).toEqual(["of-org"]);
  });

  test("while busy are not deleted, though REST shows busy only 25 to 60 s later, and idle again as late", async () => {
    await bench.listening("late", "5001");
    const run = bench.github.queueRun({
      ...repo,
      runId: 5001,
      jobs: [{ name: "long", labels: ["5001"], script: "while :; do sleep 0.05; done" }],
    });
    await bench.github.happened("job.started", (event) => event.job === run.jobs[0]);
    const shown = async () => (await bench.octokit.request(runners, { ...repo, name: "late" })).data.runners[0];
    const first = await shown();
    expect([first?.status, first?.busy]).toEqual(["online", false]);
    const refusal = await bench.octokit
      .request(removal, { ...repo, runner_id: first?.id ?? 0 })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      status: 422,
      response: { data: { message: 'Runner "late" is currently running a job and cannot be deleted.', status: "422" } },
    });
    bench.skip(61_000);
    expect((await shown())?.busy).toBe(true);
    bench.github.cancelRun(5001);
    await bench.github.happened("job.completed", (event) => event.job === run.jobs[0]);
    expect((await shown())?.busy).toBe(true);
    expect((await bench.octokit.request(removal, { ...repo, runner_id: first?.id ?? 0 })).status).toBe(204);
  });
});

describe("runs and jobs", () => {
  test("show queued, in progress and completed with runner, times and attempts", async () => {
    bench.github.queueRun({ ...repo, runId: 5002, jobs: [{ name: "a", labels: ["5002"], script: "false" }] });
    const listed = async () =>
      (await bench.octokit.request("GET /repos/{owner}/{repo}/actions/runs", repo)).data.workflow_runs.find(
        ({ id }) => id === 5002,
      );
    expect(await listed()).toMatchObject({ run_attempt: 1, status: "queued", conclusion: null });
    await bench.listening("worker", "5002");
    await bench.github.happened("job.completed", (event) => event.job?.run.runId === 5002);
    const { data } = await bench.octokit.request(
      "GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs",
      { ...repo, run_id: 5002, attempt_number: 1 },
    );
    expect(data.jobs).toMatchObject([
      {
        name: "a",
        run_attempt: 1,
        status: "completed",
        conclusion: "failure",
        runner_name: "worker",
        labels: ["5002"],
      },
    ]);
    bench.github.queueRun({ ...repo, runId: 5002, attempt: 2, jobs: [{ name: "a", labels: ["nobody"] }] });
    expect(await listed()).toMatchObject({ run_attempt: 2, status: "queued" });
  });

  test("queued for 24 hours are cancelled", async () => {
    const impatient = await openBench({ queueMs: 20 });
    try {
      impatient.github.queueRun({ ...repo, runId: 5003, jobs: [{ name: "a", labels: ["nobody"] }] });
      expect((await impatient.github.happened("job.completed")).job?.conclusion).toBe("cancelled");
    } finally {
      await impatient.close();
    }
  });
});

describe("refusals", () => {
  const as = (auth?: string): Octokit =>
    new Octokit({ baseUrl: `${bench.github.url}/api/v3`, ...(auth === undefined ? {} : { auth }) });

  test("have GitHub's shape: 401 for a bad or no token, 404 for what the token does not see, 403 for what it may not", async () => {
    bench.github.acceptPat({
      token: "github_pat_narrow",
      permissions: { actions: "read" },
      repositories: ["octo/app"],
    });
    bench.github.acceptPat({ token: "ghp_noscope", scopes: [] });
    await expect(as("ghp_unknown").request(runners, repo)).rejects.toMatchObject({
      status: 401,
      message: expect.stringContaining("Bad credentials"),
    });
    await expect(as().request(runners, repo)).rejects.toMatchObject({
      status: 401,
      message: expect.stringContaining("Requires authentication"),
    });
    const narrow = as("github_pat_narrow");
    await expect(narrow.request(runners, repo)).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining("Resource not accessible by personal access token"),
    });
    await expect(narrow.request(runners, { ...repo, repo: "other" })).rejects.toMatchObject({ status: 404 });
    expect((await narrow.request("GET /repos/{owner}/{repo}/actions/runs", repo)).status).toBe(200);
    await expect(as("ghp_noscope").request(runners, repo)).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining("Must have admin rights to Repository."),
    });
    const unknown = await as("ghp_noscope")
      .request("GET /nothing/here")
      .catch((error: unknown) => error);
    expect(unknown).toMatchObject({
      status: 404,
      response: { data: { message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" } },
    });
  });

  test("of invalid just-in-time requests are 422, and of unknown groups 404", async () => {
    await expect(jit("no-labels", [])).rejects.toMatchObject({ status: 422 });
    const group = bench.octokit.request("POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig", {
      ...repo,
      name: "g",
      runner_group_id: 9,
      labels: ["l"],
    });
    await expect(group).rejects.toMatchObject({ status: 404 });
  });
});

describe("limits and faults", () => {
  test("the hourly limit is counted in headers, refuses when used up, and starts anew after the hour", async () => {
    const small = await openBench({ rateLimit: 2 });
    try {
      const first = await small.octokit.request(runners, repo);
      expect([first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]]).toEqual(["2", "1"]);
      await small.octokit.request(runners, repo);
      const refused = await small.octokit.request(runners, repo).catch((error: unknown) => error);
      expect(refused).toMatchObject({ status: 403, response: { headers: { "x-ratelimit-remaining": "0" } } });
      small.skip(3_600_000);
      expect((await small.octokit.request(runners, repo)).status).toBe(200);
    } finally {
      await small.close();
    }
  });

  test("can be switched on by route, and off again", async () => {
    const { faults } = bench.github;
    const off = faults.add({ kind: "secondary-limit", status: 429, retryAfterS: 7, route: "/actions/runners" });
    await expect(bench.octokit.request(runners, repo)).rejects.toMatchObject({
      status: 429,
      response: { headers: { "retry-after": "7" } },
    });
    expect((await bench.octokit.request("GET /repos/{owner}/{repo}/actions/runs", repo)).status).toBe(200);
    off();
    faults.add({ kind: "primary-limit", status: 403, times: 1 });
    await expect(bench.octokit.request(runners, repo)).rejects.toMatchObject({ status: 403 });
    faults.add({ kind: "server-error", status: 502, times: 1 });
    await expect(bench.octokit.request(runners, repo)).rejects.toMatchObject({ status: 502 });
    expect((await bench.octokit.request(runners, repo)).status).toBe(200);
  });

  test("a lost reply has done its work, a lost request has not", async () => {
    const { data } = await jit("lost");
    const at = { ...repo, runner_id: data.runner.id };
    const known = () => bench.github.runners().some((runner) => runner.name === "lost");
    bench.github.faults.add({ kind: "lost-request", route: "DELETE", times: 1 });
    await expect(bench.octokit.request(removal, at)).rejects.toThrow();
    expect(known()).toBe(true);
    bench.github.faults.add({ kind: "lost-reply", route: "DELETE", times: 1 });
    await expect(bench.octokit.request(removal, at)).rejects.toThrow();
    expect(known()).toBe(false);
  });

  test("calls are counted by route", async () => {
    const before = bench.github.calls()["GET /repos/actions/runner/releases"] ?? 0;
    const { data } = await bench.octokit.request("GET /repos/{owner}/{repo}/releases", {
      owner: "actions",
      repo: "runner",
    });
    expect(data.map(({ tag_name }) => tag_name)).toEqual(["v2.336.0"]);
    expect(bench.github.calls()["GET /repos/actions/runner/releases"]).toBe(before + 1);
    expect(Object.keys(bench.github.calls()).some((route) => route.includes("_runner"))).toBe(false);
  });
});
