// The life of a registration and its listener: one-job runners, ghosts, death and freezing, deletion, old versions, exit codes.
import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBench, quickPace, repo } from "./runner-bench.ts";
import type { Bench } from "./runner-bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ disconnectMs: 400, dispatchMs: 1_500, jobLostMs: 50 });
});
afterAll(() => bench.close());

const known = (name: string) => bench.github.runners().find((runner) => runner.name === name);
const of = (runId: number) => (event: { job?: { run: { runId: number } } }) => event.job?.run.runId === runId;
const named = (name: string) => (event: { runner?: { name: string } }) => event.runner?.name === name;
const queue = (runId: number, script = "true") =>
  bench.github.queueRun({ ...repo, runId, jobs: [{ name: "build", labels: [String(runId)], script }] });
const endless = "while :; do sleep 0.05; done";
const dispatchedTo = async (runId: number) => (await bench.github.happened("job.dispatched", of(runId))).runner?.name;

describe("a one-job runner", () => {
  test("made with --ephemeral disappears with its job, at GitHub and in its folder, and exits with 0", async () => {
    const { ended, folder } = await bench.listening("ephemeral", "4001", ["--ephemeral"]);
    queue(4001);
    queue(4001, "echo second");
    expect((await ended).code).toBe(0);
    expect(known("ephemeral")).toBeUndefined();
    expect(existsSync(join(folder, ".runner"))).toBe(false);
    expect(
      bench.github
        .jobs()
        .filter((job) => job.run.runId === 4001)
        .map((job) => job.status),
    ).toEqual(["completed", "queued"]);
  });

  test("made with a just-in-time configuration needs no config.sh", async () => {
    const wanted = { ...repo, name: "jit", runner_group_id: 1, labels: ["4002"], work_folder: "_elsewhere" };
    const { data, status } = await bench.octokit.request(
      "POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig",
      wanted,
    );
    expect([status, data.runner.status, known("jit")?.ephemeral]).toEqual([201, "offline", true]);
    const again = bench.octokit.request("POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig", wanted);
    await expect(again).rejects.toMatchObject({ status: 409 });
    const folder = bench.folder();
    const { ended } = bench.start(folder, "run.sh", ["--jitconfig", data.encoded_jit_config]);
    queue(4002, "pwd");
    const { job } = await bench.github.happened("job.completed", of(4002));
    expect(job?.log).toContain(join(folder, "_elsewhere/app/app"));
    expect([(await ended).code, known("jit")]).toEqual([0, undefined]);
  });

  test("is unpacked by a just-in-time configuration without the command to run, and then runs without it", async () => {
    const wanted = { ...repo, name: "unpacked", runner_group_id: 1, labels: ["4014"], work_folder: "_work" };
    const { data } = await bench.octokit.request(
      "POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig",
      wanted,
    );
    const folder = bench.folder();
    const input = { ACTIONS_RUNNER_INPUT_JITCONFIG: data.encoded_jit_config };
    const unpacked = await bench.start(folder, "bin/Runner.Listener", [], input).ended;
    expect([unpacked.code, known("unpacked")?.status]).toEqual([0, "offline"]);
    expect(unpacked.out).toContain("Commands:");
    const { ended } = bench.start(folder, "bin/Runner.Listener", ["run"]);
    queue(4014);
    expect((await bench.github.happened("job.completed", of(4014))).job?.conclusion).toBe("success");
    expect([(await ended).code, known("unpacked")]).toEqual([0, undefined]);
  });
});

test("a root that shares another folder's bin has its own registration, work folder and logs", async () => {
  const [installed, root] = [bench.folder(), bench.folder()];
  rmSync(join(root, "bin"), { recursive: true });
  symlinkSync(join(installed, "bin"), join(root, "bin"));
  const args = [
    "configure",
    "--unattended",
    "--url",
    bench.url,
    "--token",
    await bench.token(),
    "--name",
    "shared",
    "--labels",
    "4012",
  ];
  expect((await bench.start(root, "bin/Runner.Listener", args).ended).code).toBe(0);
  bench.start(root, "bin/Runner.Listener", ["run"]);
  queue(4012, "pwd");
  expect((await bench.github.happened("job.completed", of(4012))).job?.log).toContain(join(root, "_work/app/app"));
  expect([
    existsSync(join(root, ".runner")),
    existsSync(join(installed, ".runner")),
    existsSync(join(installed, "_diag")),
  ]).toEqual([true, false, false]);
});

describe("a listener that dies", () => {
  test("leaves its runner offline after a short silence, as a ghost that stays", async () => {
    const { child } = await bench.listening("killed", "4003");
    child.kill("SIGKILL");
    await bench.github.happened("runner.offline", named("killed"));
    queue(4003);
    expect([known("killed")?.status, bench.github.jobs().at(-1)?.status]).toEqual(["offline", "queued"]);
  });

  test("with a job fails that job once its lock has run out, and its worker is gone", async () => {
    const { child } = await bench.listening("killed-busy", "4004");
    queue(4004, `echo $PPID; ${endless}`);
    await bench.github.happened("job.started", of(4004));
    child.kill("SIGKILL");
    const { job } = await bench.github.happened("job.completed", of(4004));
    expect(job?.conclusion).toBe("failure");
    expect(job?.log.at(-1)).toContain("lost communication with the server");
    expect(known("killed-busy")?.jobId).toBeUndefined();
  });

  test("is forgotten by GitHub after 14 days", async () => {
    const { child } = await bench.listening("old-ghost", "4005");
    child.kill("SIGKILL");
    await bench.github.happened("runner.offline", named("old-ghost"));
    bench.skip(15 * 24 * 3_600_000);
    const { data } = await bench.octokit.request("GET /repos/{owner}/{repo}/actions/runners", {
      ...repo,
      name: "old-ghost",
    });
    bench.skip(-15 * 24 * 3_600_000);
    expect(data.total_count).toBe(0);
  });
});

describe("a frozen listener", () => {
  test("does not keep a job that it cannot start: another runner gets it, and the thawed one does not run it", async () => {
    const frozen = await bench.listening("frozen", "4006");
    frozen.child.kill("SIGSTOP");
    queue(4006, `echo "$RUNNER_NAME"`);
    expect(await dispatchedTo(4006)).toBe("frozen");
    const deletion = bench.octokit.request("DELETE /repos/{owner}/{repo}/actions/runners/{runner_id}", {
      ...repo,
      runner_id: known("frozen")?.id ?? 0,
    });
    await expect(deletion).rejects.toMatchObject({ status: 422 });
    await bench.listening("awake", "4006");
    const { job } = await bench.github.happened("job.completed", of(4006));
    expect([job?.runner?.name, job?.dispatches, job?.conclusion]).toEqual(["awake", 2, "success"]);
    frozen.child.kill("SIGCONT");
    await bench.github.happened("runner.offline", named("frozen"));
    frozen.child.kill("SIGTERM");
    expect((await frozen.ended).out).not.toContain("Running job");
  });

  test("that is killed hands its job back within the silence", async () => {
    const frozen = await bench.listening("frozen-killed", "4007");
    frozen.child.kill("SIGSTOP");
    queue(4007);
    expect(await dispatchedTo(4007)).toBe("frozen-killed");
    frozen.child.kill("SIGKILL");
    await bench.github.happened("job.requeued", of(4007));
    await bench.listening("successor", "4007");
    expect((await bench.github.happened("job.completed", of(4007))).job?.runner?.name).toBe("successor");
  });
});

describe("exit codes", () => {
  test("5 when another listener holds the session", async () => {
    const { folder } = await bench.listening("twice", "4008");
    const { code, err } = await bench.start(folder, "bin/Runner.Listener", ["run"]).ended;
    expect(code).toBe(5);
    expect(err).toContain("A session for this runner already exists.");
    const masked = await bench.start(folder, "run.sh").ended;
    expect([masked.code, masked.out]).toEqual([0, expect.stringContaining("exit with Session Conflict error")]);
  });

  test("1 when not configured, which run.sh hides", async () => {
    const plain = await bench.start(bench.folder(), "bin/Runner.Listener", ["run"]).ended;
    expect([plain.code, plain.err]).toEqual([
      1,
      "An error occurred: Not configured. Run config.(sh/cmd) to configure the runner.\n",
    ]);
    const masked = await bench.start(bench.folder(), "run.sh").ended;
    expect([masked.code, masked.out]).toEqual([0, expect.stringContaining("exit with terminated error")]);
  });

  test("1 when the registration is deleted under a listener, and again when it is started anew", async () => {
    const { ended, folder } = await bench.listening("deleted", "4009");
    await bench.octokit.request("DELETE /repos/{owner}/{repo}/actions/runners/{runner_id}", {
      ...repo,
      runner_id: known("deleted")?.id ?? 0,
    });
    const { code, err } = await ended;
    expect([code, err]).toEqual([
      1,
      expect.stringContaining("An error occurred: The runner registration has been deleted."),
    ]);
    const again = await bench.start(folder, "bin/Runner.Listener", ["run"]).ended;
    expect([again.code, again.err]).toEqual([
      1,
      expect.stringContaining("The runner registration has been deleted from the server, please re-configure."),
    ]);
  });

  test("2 when another listener has taken over its session, and that one goes on", async () => {
    const { pollMs } = bench.github.settings;
    bench.github.settings.pollMs = 200;
    const { child, ended, folder } = await bench.listening("taken-over", "4013");
    child.kill("SIGSTOP");
    await bench.github.happened("runner.offline", named("taken-over"));
    bench.start(folder, "bin/Runner.Listener", ["run"]);
    queue(4013);
    expect((await bench.github.happened("job.completed", of(4013))).job?.conclusion).toBe("success");
    child.kill("SIGCONT");
    expect((await ended).code).toBe(2);
    expect(known("taken-over")?.status).toBe("online");
    bench.github.settings.pollMs = pollMs;
  });

  test("7 for a version too old where that is asked for, else 1, and run.sh shows neither as its own", async () => {
    const folder = bench.folder({ version: "2.330.0", pace: quickPace });
    await bench.configured(folder, "--name", "deprecated", "--disableupdate");
    bench.github.settings.oldestServed = "2.331.0";
    const plain = await bench.start(folder, "bin/Runner.Listener", ["run"]).ended;
    const asked = await bench.start(folder, "bin/Runner.Listener", ["run"], {
      ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE: "1",
    }).ended;
    const wrapped = await bench.start(folder, "run.sh", [], { ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE: "1" })
      .ended;
    bench.github.settings.oldestServed = "2.329.0";
    expect([plain.code, asked.code, wrapped.code]).toEqual([1, 7, 0]);
    expect(plain.err).toBe("An error occurred: Runner version v2.330.0 is deprecated and cannot receive messages.\n");
    expect(wrapped.out).toContain("deprecated version exit code: 7");
  });

  test("3 for an update, after which run.sh starts the new version and it takes jobs", async () => {
    const folder = bench.folder({ version: "2.335.0", pace: quickPace });
    await bench.configured(folder, "--name", "updating", "--labels", "4010");
    expect((await bench.start(folder, "bin/Runner.Listener", ["run"]).ended).code).toBe(3);
    expect(JSON.parse(readFileSync(join(folder, "bin/stand-in.json"), "utf8"))).toMatchObject({ version: "2.336.0" });
    bench.start(folder, "run.sh");
    queue(4010);
    expect((await bench.github.happened("job.completed", of(4010))).job?.log[0]).toContain("2.336.0");
  });
});

test("a listener survives a GitHub that stumbles, and takes a job afterwards", async () => {
  await bench.listening("stubborn", "4011");
  bench.github.faults.add({ kind: "server-error", status: 502, route: "/message", times: 3 });
  bench.github.faults.add({ kind: "lost-reply", route: "/complete", times: 1 });
  queue(4011);
  expect((await bench.github.happened("job.completed", of(4011))).job?.conclusion).toBe("success");
  queue(4011);
  const second = bench.github.jobs().at(-1);
  await bench.github.happened("job.completed", (event) => event.job === second);
  expect(second?.conclusion).toBe("success");
});
