// The stand-in for bin/Runner.Worker: one process for one job, child of the listener. Hooks and steps are really run, by bash in the work folder.
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { bin, mask, masked, openDiagnostics, root, standIn, takeName } from "./root.mjs";
import { killOrphans, readAssignments, runScript } from "./steps.mjs";
import { call, HttpFailure, pause } from "./wire.mjs";

const exitCodes = { success: 100, failure: 102, cancelled: 103 };
const fileCommands = ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"];

/** Goes on past what cannot be deleted (TempDirectoryManager.cs, InitializeTempDirectory). */
function emptyFolder(folder) {
  for (const entry of existsSync(folder) ? readdirSync(folder) : []) {
    try {
      rmSync(join(folder, entry), { recursive: true, force: true });
    } catch {
      // A container's, say: another user's.
    }
  }
}

/** The job's folders under the work folder: `_work/<repo>/<repo>`, `_temp` (emptied), `_tool`, `_actions`. */
function makeFolders(settings, repo) {
  const work = resolve(root, settings.WorkFolder);
  const folders = {
    work,
    pipeline: join(work, repo),
    workspace: join(work, repo, repo),
    temp: join(work, "_temp"),
    tool: join(work, "_tool"),
    actions: join(work, "_actions"),
  };
  emptyFolder(folders.temp);
  for (const folder of [...Object.values(folders), join(folders.temp, "_runner_file_commands")])
    mkdirSync(folder, { recursive: true });
  return folders;
}

/** What a job finds in its environment besides what the listener's own environment holds (GitHub Docs, Variables reference). */
const jobEnvironment = (job, settings, folders, trackingId) => ({
  CI: "true",
  GITHUB_ACTIONS: "true",
  GITHUB_RUN_ID: String(job.run.id),
  GITHUB_RUN_ATTEMPT: String(job.run.attempt),
  GITHUB_RUN_NUMBER: String(job.run.number ?? job.run.id % 100_000),
  GITHUB_WORKFLOW: job.run.workflow,
  GITHUB_JOB: job.name,
  GITHUB_REPOSITORY: `${job.repository.owner}/${job.repository.name}`,
  GITHUB_REPOSITORY_OWNER: job.repository.owner,
  GITHUB_SERVER_URL: job.serverUrl,
  GITHUB_API_URL: `${job.serverUrl}/api/v3`,
  GITHUB_EVENT_NAME: "workflow_dispatch",
  GITHUB_WORKSPACE: folders.workspace,
  RUNNER_NAME: settings.AgentName,
  RUNNER_OS: "Linux",
  RUNNER_ARCH: process.arch === "arm64" ? "ARM64" : "X64",
  RUNNER_ENVIRONMENT: "self-hosted",
  RUNNER_TEMP: folders.temp,
  RUNNER_TOOL_CACHE: process.env.RUNNER_TOOL_CACHE ?? folders.tool,
  RUNNER_WORKSPACE: folders.pipeline,
  RUNNER_TRACKING_ID: trackingId,
});

/** Sends log lines in order, a batch at a time; a log that cannot be sent does not fail the job. */
function openLog(report) {
  let waiting = [];
  let sending = Promise.resolve();
  const flush = () => {
    sending = sending.then(async () => {
      const lines = waiting;
      waiting = [];
      if (lines.length > 0) await report("log", { lines }).catch(() => undefined);
    });
    return sending;
  };
  return { write: (line) => waiting.push(masked(line)) === 1 && setTimeout(flush, 100).unref(), flush };
}

/** Runs one hook or step with fresh file commands, and takes over what it wrote there. Answers its exit code. */
async function runOne(context, { path, env }) {
  const { folders, extra, prepended } = context;
  const files = Object.fromEntries(
    fileCommands.map((name) => [
      name,
      join(folders.temp, "_runner_file_commands", `${name.toLowerCase()}_${randomUUID()}`),
    ]),
  );
  for (const file of Object.values(files)) writeFileSync(file, "");
  const PATH = [...prepended]
    .reverse()
    .concat(process.env.PATH ?? "")
    .join(":");
  const all = { ...process.env, ...extra, PATH, ...context.env, ...files, ...env };
  const code = await runScript({
    path,
    env: all,
    cwd: folders.workspace,
    cancelled: context.cancelled,
    pace: standIn,
    log: context.log,
  });
  const read = (name) => (existsSync(files[name]) ? readFileSync(files[name], "utf8") : "");
  Object.assign(extra, readAssignments(read("GITHUB_ENV")));
  prepended.push(...read("GITHUB_PATH").split("\n").filter(Boolean));
  return code;
}

/** A hook of the administrator: absolute path of a .sh, run to its end; a missing or failing one fails the job (JobHookProvider.cs). */
async function runHook(context, variable, name) {
  const path = process.env[variable] ?? "";
  if (path === "") return true;
  context.log(`A ${name} has been configured by the self-hosted runner administrator`);
  context.log(`##[group]Run '${path}'`);
  context.log("##[endgroup]");
  if (!existsSync(path)) {
    context.log("##[error]File doesn't exist");
    return false;
  }
  const code = await runOne({ ...context, cancelled: new AbortController().signal }, { path, env: {} });
  if (code !== 0) context.log(`##[error]Process completed with exit code ${code}.`);
  return code === 0;
}

/** The hook is a step like any other (JobExtension.cs, InitializeJob): where it fails, those with `if: always()` run (StepsRunner.cs). */
async function runSteps(context, steps, admitted) {
  const results = [];
  let failed = !admitted;
  for (const [index, step] of steps.entries()) {
    const skipped = (failed && !step.always) || context.cancelled.aborted;
    let conclusion = "skipped";
    if (!skipped) {
      const path = join(context.folders.temp, `${randomUUID()}.sh`);
      writeFileSync(path, step.run);
      context.log(`##[group]${step.name}`);
      const code = await runOne(context, { path, env: step.env });
      context.log("##[endgroup]");
      conclusion = context.cancelled.aborted ? "cancelled" : code === 0 ? "success" : "failure";
      if (conclusion === "failure") context.log(`##[error]Process completed with exit code ${code}.`);
      if (conclusion === "cancelled") context.log("##[error]The operation was canceled.");
    }
    failed ||= conclusion === "failure";
    results.push({ number: index + 1, name: step.name, conclusion });
  }
  return { results, failed };
}

/** Says how the job ended, with some patience for a server that does not answer. */
async function complete(report, conclusion, steps) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await report("complete", { conclusion, steps });
    } catch (error) {
      if (error instanceof HttpFailure && error.status < 429) return undefined;
      if (attempt === 5) throw error;
      await pause(1_000 * attempt);
    }
  }
}

/** Runs the job to its end and answers the process's exit code; undefined when the server gave the job to another runner. */
async function runJob({ job, settings }, cancelled, trace) {
  mask(job.token);
  const report = (what, body) =>
    call("POST", `${job.server}/jobs/${job.id}/${what}`, { authorization: `Job ${job.token}`, body });
  const folders = makeFolders(settings, job.repository.name);
  const log = openLog(report);
  const env = jobEnvironment(job, settings, folders, trackingId);
  const context = { folders, env, extra: {}, prepended: [], cancelled, log: log.write };
  const started = await report("start").catch((error) => trace(`Not started: ${error.message}`));
  if (started === undefined) return undefined;
  trace(`Job ${job.name} started, worker of ${basename(bin)}`);
  log.write(`Current runner version: '${standIn.version}'`);
  log.write(`Runner name: '${settings.AgentName}'`);
  const admitted = await runHook(context, "ACTIONS_RUNNER_HOOK_JOB_STARTED", "job started hook");
  const { results, failed } = await runSteps(context, job.steps, admitted);
  const leftWell = await runHook(context, "ACTIONS_RUNNER_HOOK_JOB_COMPLETED", "job completed hook");
  log.write("Cleaning up orphan processes");
  killOrphans(trackingId, log.write);
  const conclusion = failed || !leftWell ? "failure" : cancelled.aborted ? "cancelled" : "success";
  await log.flush();
  await complete(report, conclusion, results);
  return exitCodes[conclusion];
}

takeName("Runner.Worker");
/** Marks every process of this job. */
const trackingId = `github_${randomUUID()}`;
const cancel = new AbortController();
const trace = openDiagnostics("Worker");
// Ctrl-C reaches the whole group; the listener decides. TERM to the worker itself is a shutdown, as there (Worker.cs).
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => cancel.abort());
process.on("disconnect", () => {
  // The listener was killed: nobody is left to answer for this job.
  killOrphans(trackingId, trace);
  process.exit(1);
});
process.on("message", (message) => {
  if (message.type !== "job") return cancel.abort();
  runJob(message, cancel.signal, trace).then(
    (code) => process.exit(code ?? 1),
    (error) => {
      trace(error.stack ?? error.message);
      process.exit(1);
    },
  );
});
