// The stand-in for bin/Runner.Listener: configure, remove and run, with the exit codes of Constants.cs:164-177 (Runner.ReturnCode).
import { spawn } from "node:child_process";
import { join } from "node:path";
import { readFileSync, writeFileSync } from "node:fs";
import { readCommandLine } from "./command-line.mjs";
import { configure, unconfigure } from "./configure.mjs";
import { createSession, endSession, ListenerEnd, nextMessage } from "./messages.mjs";
import * as runner from "./root.mjs";
import { call } from "./wire.mjs";

const { say, sayError, stamp } = runner;

/** Results by the worker's exit code, in the words of the real terminal line (TaskResultUtil.cs: 100 and up). */
const results = new Map([
  [100, "Succeeded"],
  [102, "Failed"],
  [103, "Canceled"],
]);

/**
 * Starts one worker process for one job, as a child under the real name. Resolves with its result; where it died, with what it had said on
 * stderr, which becomes the job's error (JobDispatcher.cs, RunAsync: `workerOutput`).
 */
function startWorker(job, settings, trace) {
  const path = join(runner.bin, "worker.mjs");
  const child = spawn(process.execPath, [path, "spawnclient"], {
    argv0: join(runner.bin, "Runner.Worker"),
    cwd: runner.root,
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  let words = "";
  child.stderr.on("data", (part) => (words += part));
  trace(`Worker process ${child.pid} for job ${job.id}`);
  const ended = new Promise((resolve) => {
    child.once("close", (code) => resolve({ result: results.get(code ?? -1), words: words.trim() }));
    child.once("error", (error) => {
      trace(`Worker: ${error.message}`);
      resolve({ words: error.message });
    });
  });
  child.send({ type: "job", job, settings }, (error) => error && trace(`Worker: ${error.message}`));
  return { ended, tell: (type) => child.connected && child.send({ type }) };
}

/** Replaces this version by the one that the server wants, as SelfUpdater.cs does by download; false where `bin` cannot be written. */
function update(version, trace) {
  const path = join(runner.bin, "stand-in.json");
  try {
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), version }));
    writeFileSync(join(runner.root, "update.finished"), "");
    say(
      `Runner update in progress, do not shutdown runner.\nDownloading ${version} runner\nRunner will exit shortly for update, should be back online within 10 seconds.`,
    );
    return true;
  } catch (error) {
    trace(`Update to ${version} failed: ${error.message}`);
    return false;
  }
}

/** Takes messages until told to stop. Answers the exit code. */
async function listen(session, settings, shutdown, trace) {
  const once = settings.Ephemeral === true;
  const stop = new AbortController();
  shutdown.addEventListener("abort", () => stop.abort());
  let worker;
  let served = false;
  const take = async ({ jobId, dispatchId }) => {
    const base = `${session.base}/jobs/${jobId}`;
    const { authorization } = session;
    const handed = await call("POST", `${base}/acquire`, { authorization, body: { dispatchId } }).catch((error) =>
      trace(error.message),
    );
    // A job handed to a listener that is stopping is not begun: GitHub queues it again.
    if (handed === undefined || stop.signal.aborted) return;
    const job = { ...handed.body, server: session.server };
    say(`${stamp()}: Running job: ${job.name}`);
    worker = startWorker(job, settings, trace);
    const { result, words } = await worker.ended;
    if (result === undefined) {
      const body = { dispatchId, ...(words === "" ? {} : { words }) };
      await call("POST", `${base}/abandon`, { authorization, body }).catch((error) => trace(error.message));
    }
    say(`${stamp()}: Job ${job.name} completed with result: ${result ?? "Failed"}`);
    worker = undefined;
    if (once) {
      served = true;
      stop.abort();
    }
  };
  let job = Promise.resolve();
  let code = 0;
  try {
    while (!stop.signal.aborted) {
      const message = await nextMessage(session, () => (worker ? "Busy" : "Online"), stop.signal);
      trace(`Message ${message?.id} ${message?.type}`);
      if (message?.type === "RunnerJobRequest") job = job.then(() => take(message.body));
      if (message?.type === "JobCancellation") worker?.tell("cancel");
      if (message?.type === "RunnerRefresh" && worker === undefined && update(message.body.targetVersion, trace)) {
        code = once ? 4 : 3;
        break;
      }
    }
  } catch (error) {
    // An ephemeral runner is deleted at the server with its job, often before the worker has ended.
    await job;
    if (!served) throw error;
  } finally {
    // No drain: a stopping listener has told its worker to cancel, and only waits for it to say so.
    worker?.tell("shutdown");
    await job;
    await endSession(session);
    if (once && served) runner.deleteLocalConfig(say);
  }
  return code;
}

function unpackJit(encoded) {
  const files = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
  for (const [name, content] of Object.entries(files)) runner.saveRaw(name, Buffer.from(content, "base64"));
}

/** With a just-in-time configuration also without the command `run`: then the files are written, and no more (Runner.cs:250-286 and 348-352). */
async function run(line, trace) {
  const jit = line.text("jitconfig");
  if (jit !== "") {
    try {
      unpackJit(jit);
    } catch (error) {
      throw new ListenerEnd(1, error.message);
    }
  }
  // LoadSettings, ConfigurationManager.cs:75; the code, Program.cs:148-153.
  if (!runner.isConfigured())
    throw new ListenerEnd(1, "An error occurred: Not configured. Run config.(sh/cmd) to configure the runner.");
  const settings = runner.loadSettings();
  if (line.command !== "run") {
    say("\nCommands:\n ./config.sh         Configures the runner\n ./run.sh            Runs the runner interactively.");
    return 0;
  }
  const shutdown = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      if (!shutdown.signal.aborted) say("Exiting...");
      shutdown.abort();
    });
  }
  const session = await createSession(settings, shutdown.signal);
  say(`Current runner version: '${runner.standIn.version}'`);
  say(`${stamp()}: Listening for Jobs`);
  return listen(session, settings, shutdown.signal, trace);
}

async function main() {
  runner.takeName("Runner.Listener");
  runner.loadEnvironment();
  const line = readCommandLine(process.argv.slice(2));
  const trace = runner.openDiagnostics("Runner");
  trace(`Version: ${runner.standIn.version}`);
  // Program.cs:120-133.
  if (line.unknown.length > 0) {
    const what = line.command === "" ? "This command does not recognize the" : "Unrecognized";
    const which = line.command === "" ? "" : ` for command ${line.command}`;
    sayError(
      `${what} command-line input arguments${which}: '${line.unknown.join(", ")}'. For usage refer to: .\\config.cmd --help or ./config.sh --help`,
    );
  }
  if (line.flag("version")) return say(runner.standIn.version) && 0;
  const inConfiguration = {
    configure,
    remove: line.flag("local") ? async () => runner.deleteLocalConfig(say) : unconfigure,
  }[line.command];
  try {
    if (inConfiguration === undefined) return await run(line, trace);
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
    await inConfiguration(line);
    return 0;
  } catch (error) {
    trace(error.stack ?? error.message);
    if (error.message !== "") sayError(error.message);
    // Configuration ends with 1 whatever failed (Runner.cs, ExecuteCommand); running with 2 when it is worth another try (Program.cs:168-173).
    return error instanceof ListenerEnd ? error.code : inConfiguration === undefined ? 2 : 1;
  }
}

process.exitCode = await main();
process.exit();
