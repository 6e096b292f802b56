// The runner on plain processes: registered, serving, stopped, cleaned, and found again after a crash of the agent.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RegisterRequest } from "../../agent/runners/github/enrolment.ts";
import type { Runner } from "../../cloud/ports/runner.ts";
import { processesOf } from "../../agent/hosts/process/process-set.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { repo } from "../sim/runner-bench.ts";
import { openHostBench, type HostBench } from "./host-bench.ts";

let bench: HostBench;
beforeAll(async () => {
  bench = await openHostBench({ disconnectMs: 400, dispatchMs: 1_500 });
});
afterAll(() => bench.close());

const known = (name: string) => bench.github.runners().find((runner) => runner.name === name);
const of = (runId: number) => (event: { job?: { run: { runId: number } } }) => event.job?.run.runId === runId;
const queue = (runId: number, script = "true", label = runId) =>
  bench.github.queueRun({ ...repo, runId, jobs: [{ name: "build", labels: [String(label)], script }] });
const completed = async (runId: number) => (await bench.github.happened("job.completed", of(runId))).job;

/** A runner made at GitHub, and the request by its configuration. */
async function jitRequest(runId: number): Promise<RegisterRequest> {
  const name = `jit-${runId}`;
  const wanted = { ...repo, name, runner_group_id: 1, labels: [String(runId)], work_folder: "_work" };
  const { data } = await bench.octokit.request("POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig", wanted);
  const request = await bench.request(1, runId, { name, secret: data.encoded_jit_config });
  return { ...request, kind: "jit" as const };
}

/** As the agent does it: a job whose end the listener has yet to tell counts as one that it has taken. */
async function stopped({ stopIfIdle }: Pick<Runner, "stopIfIdle">): Promise<void> {
  while ((await stopIfIdle()) === "busy") await hostClock.sleep(20);
}

describe("a registration", () => {
  test("has the labels asked for and no others, runs a job in fresh folders, and leaves the token out of every trace", async () => {
    const { runner, folder, until, events } = bench.machine();
    const request = await bench.request(1, 101);
    expect(await runner.register(request)).toEqual({ kind: "registered" });
    expect(known(request.name)?.labels.map((label) => label.name)).toEqual(["101", "large"]);
    expect(known(request.name)?.disableUpdate).toBe(true);
    expect(await runner.state()).toMatchObject({
      assignment: 1,
      configured: true,
      listener: "online",
      busy: false,
      jobs: 0,
    });
    queue(101, "env; ls -a $HOME $TMPDIR | wc -l");
    const job = await completed(101);
    expect(job?.conclusion).toBe("success");
    expect(job?.log.join("\n")).toContain(`HOME=${folder}/roots/1/home`);
    expect(job?.log.join("\n")).not.toContain(request.secret);
    expect(job?.log.join("\n")).not.toMatch(/ACTIONS_RUNNER_INPUT|AWS_/);
    expect((await until(({ jobs, busy }) => jobs === 1 && !busy)).listener).toBe("online");
    const words = [
      ...events.map((event) => JSON.stringify(event)),
      readFileSync(join(folder, "state/runner.json"), "utf8"),
    ];
    expect(words.join("\n")).not.toContain(request.secret);
    expect(
      events.filter(({ name }) => name.startsWith("job.")).map(({ name, facts }) => [name, facts["run"], facts["job"]]),
    ).toEqual([
      ["job.started", "101", "build"],
      ["job.completed", "101", "build"],
    ]);
    await stopped(runner);
  });

  test("with an unknown token fails for the token, and the next one with a good token succeeds in a fresh root", async () => {
    const { runner } = bench.machine();
    const outcome = await runner.register(await bench.request(1, 102, { secret: "ANUNKNOWNTOKENOFMANYLETTERS29" }));
    expect(outcome).toMatchObject({ kind: "failed", cause: "token" });
    expect(JSON.stringify(outcome)).not.toContain("ANUNKNOWNTOKENOFMANYLETTERS29");
    expect(await runner.state()).toMatchObject({ assignment: 1, configured: false, listener: "none" });
    expect(await runner.register(await bench.request(1, 102))).toEqual({ kind: "registered" });
  });

  test("under a name that another machine holds fails for the name, and takes nothing away from the other", async () => {
    const [first, second] = [bench.machine(), bench.machine()];
    const request = await bench.request(1, 103);
    await first.runner.register(request);
    const outcome = await second.runner.register({ ...request, secret: await bench.token() });
    expect(outcome).toMatchObject({ kind: "failed", cause: "name-taken" });
    expect((await first.runner.state()).listener).toBe("online");
  });

  test("whose reply was lost is repeated under the same name, which is then its own to replace", async () => {
    const { runner } = bench.machine();
    bench.github.faults.add({ kind: "lost-reply", route: "POST /_runner/runners", times: 1 });
    const request = await bench.request(1, 104);
    expect(await runner.register(request)).toMatchObject({ kind: "failed", cause: "network" });
    expect(known(request.name)).toBeDefined();
    expect(await runner.register({ ...request, secret: await bench.token() })).toEqual({ kind: "registered" });
  });

  test("by a just-in-time configuration needs no token, shows it to nobody, serves its one job, and is then spent", async () => {
    const { runner, until, events } = bench.machine();
    const request = await jitRequest(107);
    expect(await runner.register(request)).toEqual({ kind: "registered" });
    expect(await runner.state()).toMatchObject({ assignment: 1, configured: true, listener: "online" });
    expect((await runner.state()).spent).toBeUndefined();
    // Of all processes that the job can look at: variables and command lines.
    queue(107, "cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'");
    const job = await completed(107);
    const seen = job?.log.join("\n") ?? "";
    expect([job?.conclusion, seen.includes("bin/Runner.Listener")]).toEqual(["success", true]);
    expect(seen.includes("JITCONFIG") || seen.includes(request.secret)).toBe(false);
    expect(JSON.stringify(events)).not.toContain(request.secret);
    const over = await until(({ listener }) => listener === "exited");
    expect(over).toMatchObject({ exitCode: 0, jobs: 1, spent: true });
  });

  test("by a just-in-time configuration outlives its agent and its listener, until its job has been", async () => {
    const machine = bench.machine();
    const request = await jitRequest(108);
    await machine.runner.register(request);
    const [listener] = await processesOf(join(machine.folder, "roots", "1"));
    process.kill(listener?.pid ?? 0, "SIGKILL");
    expect((await machine.until((state) => state.listener === "exited")).spent).toBeUndefined();
    const again = machine.afterCrash();
    await bench.github.happened("runner.offline", (event) => event.runner?.name === request.name);
    expect(await again.runner.start(1)).toEqual({ kind: "registered" });
    queue(108);
    expect((await completed(108))?.conclusion).toBe("success");
    await again.until(({ listener: state }) => state === "exited");
    expect((await again.afterCrash().runner.state()).spent).toBe(true);
  });

  test("by a configuration that was never used is removed at GitHub when it is cleaned", async () => {
    const { runner } = bench.machine();
    const request = await jitRequest(109);
    await runner.register(request);
    await stopped(runner);
    await runner.clean(1, await bench.token("remove"));
    await runner.settled();
    expect(known(request.name)).toBeUndefined();
  });

  test("by something that is no configuration, or one whose runner is deleted, says so", async () => {
    const { runner } = bench.machine();
    const request = await jitRequest(110);
    expect(await runner.register({ ...request, secret: "bm90IGpzb24=" })).toMatchObject({
      kind: "failed",
      cause: "other",
      detail: expect.stringContaining("unpacking the configuration ended with 1"),
    });
    await bench.octokit.request("DELETE /repos/{owner}/{repo}/actions/runners/{runner_id}", {
      ...repo,
      runner_id: known(request.name)?.id ?? 0,
    });
    expect(await runner.register(request)).toMatchObject({
      kind: "failed",
      cause: "refused",
      detail: expect.stringContaining("registration has been deleted from the server"),
    });
  });

  test("by a runner that is too old fails for its version", async () => {
    const { runner } = bench.machine({ version: "2.300.0" });
    expect(await runner.register(await bench.request(1, 105))).toMatchObject({ kind: "failed", cause: "version" });
  });

  test("that GitHub's rate limit refuses with a bare 403 fails for that, and not for the machine or a missing right", async () => {
    const { runner } = bench.machine();
    const off = bench.github.faults.add({ kind: "secondary-limit", status: 403, route: "runner-registration" });
    const request = await bench.request(1, 108);
    expect(await runner.register(request)).toMatchObject({ kind: "failed", cause: "rate-limit" });
    off();
    expect(await runner.register(request)).toEqual({ kind: "registered" });
  });

  test("at a server that cannot be reached fails for the network", async () => {
    const { runner } = bench.machine();
    const request = await bench.request(1, 106);
    const url = "http://127.0.0.1:9/octo/app";
    const outcome = await runner.register({ ...request, url });
    expect(outcome).toMatchObject({ kind: "failed", cause: "network" });
  });
});

describe("a listener", () => {
  test("that dies is told of at once, with its exit code, and is resumed under the same registration", async () => {
    const { runner, folder, until } = bench.machine();
    const request = await bench.request(1, 201);
    await runner.register(request);
    const [listener] = await processesOf(join(folder, "roots", "1"));
    process.kill(listener?.pid ?? 0, "SIGKILL");
    expect(await until((state) => state.exitCode !== undefined)).toMatchObject({ exitCode: 137, configured: true });
    await bench.github.happened("runner.offline", (event) => event.runner?.name === request.name);
    expect(await runner.start(1)).toEqual({ kind: "registered" });
    queue(201);
    expect((await completed(201))?.conclusion).toBe("success");
  });

  test("whose registration is deleted under it ends with 1, and resuming says that it is gone for good", async () => {
    const { runner, until } = bench.machine();
    const request = await bench.request(1, 204);
    await runner.register(request);
    await bench.octokit.request("DELETE /repos/{owner}/{repo}/actions/runners/{runner_id}", {
      ...repo,
      runner_id: known(request.name)?.id ?? 0,
    });
    expect((await until(({ exitCode }) => exitCode !== undefined)).exitCode).toBe(1);
    expect(await runner.start(1)).toMatchObject({ kind: "failed", cause: "refused" });
  });

  test("that GitHub serves no longer ends with 7, and resuming says that it is the version", async () => {
    const { runner, until } = bench.machine();
    await runner.register(await bench.request(1, 203));
    const { oldestServed, pollMs } = bench.github.settings;
    bench.github.settings.oldestServed = "9.0.0";
    queue(203);
    const { exitCode } = await until((state) => state.exitCode !== undefined);
    Object.assign(bench.github.settings, { oldestServed, pollMs });
    expect(exitCode).toBe(7);
    expect(await runner.start(1)).toMatchObject({ kind: "failed", cause: "version" });
  });
});

describe("cleaning", () => {
  test("destroys the root, removes the registration from GitHub, and leaves nothing for the next run", async () => {
    const { runner, folder, until, events } = bench.machine();
    const request = await bench.request(1, 401);
    await runner.register(request);
    queue(401, 'echo PLANTED=1 >>"$(dirname $RUNNER_TEMP)/../runner/.env"; echo x >~/.bashrc; echo y >$TMPDIR/planted');
    await completed(401);
    await until(({ busy }) => !busy);
    await stopped(runner);
    await runner.clean(1, await bench.token("remove"));
    expect(await runner.state()).toMatchObject({ assignment: undefined, listener: "none", jobs: 1 });
    expect(await runner.register(await bench.request(2, 402))).toEqual({ kind: "registered" });
    queue(402, "env; ls -A $HOME $TMPDIR");
    const log = (await completed(402))?.log.join("\n");
    expect(log).not.toMatch(/PLANTED|planted|\.bashrc/);
    await runner.settled();
    expect(known(request.name)).toBeUndefined();
    expect(events.map(({ name }) => name)).toContain("runner.removed");
    expect(readdirSync(join(folder, "roots"))).toEqual(["2"]);
    expect(readdirSync(join(folder, "state")).sort()).toEqual(["registration-2.json", "runner.json"]);
  });

  test("removes the registration as it was before the first job, not the one that a job wrote over it", async () => {
    const { runner, folder, until } = bench.machine();
    const [victim, request] = [bench.machine(), await bench.request(1, 403)];
    await victim.runner.register(await bench.request(1, 404));
    await runner.register(request);
    queue(403, `cp ${victim.folder}/roots/1/runner/.runner ${folder}/roots/1/runner/.runner`);
    await completed(403);
    await until(({ busy }) => !busy);
    await stopped(runner);
    await runner.clean(1, await bench.token("remove"));
    await runner.settled();
    expect(known(request.name)).toBeUndefined();
    expect(known("test-i-404-1")).toBeDefined();
  });
});

test("the job-started hook fails a stranger's job before its first step, one that says `if: always()` too; its runner then serves its own run", async () => {
  const { runner, folder, until, events } = bench.machine();
  await runner.register(await bench.request(1, 501, { onlyRuns: ["501"] }));
  const steps = [{ run: `touch ${folder}/stolen` }, { run: `touch ${folder}/stolen`, always: true }];
  bench.github.queueRun({ ...repo, runId: 666, jobs: [{ name: "build", labels: ["501"], steps }] });
  const job = await completed(666);
  expect([job?.conclusion, existsSync(join(folder, "stolen"))]).toEqual(["failure", false]);
  expect(job?.log.join("\n")).toContain("This runner belongs to workflow run 501; this job is of run 666.");
  await until(({ busy, jobs, listener }) => !busy && jobs === 1 && listener === "online");
  expect(events.map(({ name }) => name)).toContain("job.refused");
  queue(501);
  expect((await completed(501))?.conclusion).toBe("success");
});
