// Inside the guest: the embedded cloud, and this very machine as its one EC2 instance with the real units and the real bundle.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Imds } from "../../../sim/imds/imds.ts";
import { openImds } from "../../../sim/imds/imds.ts";
import { installRunnerStandIn } from "../../../sim/runner/install.ts";
import type { RawRequest } from "../../../domain/request.ts";
import type { InstanceRecord, Signal } from "../../../domain/record.ts";
import { refresh } from "../../../control/refresh/refresh.ts";
import { wordsOfReason } from "../../../entry/words/reasons.ts";
import type { ControlWorld } from "../../../control/world.ts";
import { controlWorld } from "../../../entry/control-world.ts";
import { hostClock } from "../../../entry/host-clock.ts";
import { buildAgent } from "../../../entry/laptop/agent-bundle.ts";
import {
  credentials,
  forgeToken,
  openEmbeddedCloud,
  place,
  repository,
  type EmbeddedCloud,
} from "../../../entry/laptop/embedded-cloud.ts";
import { layUnits } from "../../../build/payload.ts";
import { provisionRun, releaseRun } from "../../../entry/laptop/runs.ts";
import type { Job } from "../../../sim/github/model.ts";
import { writtenRecord } from "../../sim/written-record.ts";
import { quickPace } from "../../sim/runner-bench.ts";

const execute = promisify(execFile);

/** How a unit's journal, or all of it, is read. */
const journalOptions = ["--no-pager", "--output=cat"];

export interface StageWish {
  readonly preRunner?: string;
  /** Drop-ins by unit, as text. */
  readonly dropIns?: Readonly<Record<string, string>>;
  /** Further lines of /etc/runpool/agent.env. */
  readonly agentEnvironment?: string;
  readonly idleMs?: number;
  /** Further files, by path; executable. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Stage {
  readonly cloud: EmbeddedCloud;
  readonly world: ControlWorld;
  /** Runs a command to its end and gives its output; a failure throws with its words. */
  run(...command: readonly string[]): Promise<string>;
  /** As `run`, by another user; gives the code too. */
  as(user: string, script: string): Promise<{ code: number; out: string }>;
  provision(runId: string, more?: Partial<RawRequest>): Promise<void>;
  /** Queues a job; resolves when it has ended. */
  job(runId: string, script: string, label?: string): Promise<Job>;
  /** Resolves when a job is in progress, as GitHub knows it: the record says so only with the next heartbeat. */
  jobBegun(): Promise<void>;
  release(runId: string): Promise<void>;
  /** What has been written of the machine: its state, and of the agent's own words the last of each, which a condemnation takes out of the record. */
  written(): Written;
  /** The only record. */
  record(): Promise<InstanceRecord>;
  /** Looks every 50 ms until `found` gives something; throws with `what` after `limitMs`. */
  until<T>(what: string, found: () => Promise<T | undefined>, limitMs?: number): Promise<T>;
  journal(...options: readonly string[]): Promise<string>;
}

export interface Written {
  readonly state?: string;
  readonly signal?: Signal;
  readonly retired: boolean;
}

export const run: Stage["run"] = async (command = "", ...rest) =>
  (await execute(command, rest, { maxBuffer: 2 ** 28 })).stdout;

/** Installs runner, bundle and units as an image does, and arms what a boot arms. */
export async function installUnits(wish: StageWish): Promise<void> {
  const folder = await mkdtemp("/var/tmp/stage-");
  const runner = join(folder, "runner");
  installRunnerStandIn(runner, { node: "/usr/lib/runpool/node", pace: quickPace });
  await mkdir("/etc/runpool", { recursive: true });
  await writeFile("/etc/runpool/pre-runner.sh", wish.preRunner ?? "");
  for (const [name, text] of Object.entries(wish.files ?? {})) {
    await mkdir(dirname(name), { recursive: true });
    await writeFile(name, text, { mode: 0o755 });
  }
  await layUnits(join(folder, "units"));
  await run("bash", join(folder, "units", "install.sh"), await buildAgent(folder), process.execPath, runner);
  for (const [unit, text] of Object.entries(wish.dropIns ?? {})) {
    await mkdir(`/etc/systemd/system/${unit}.d`, { recursive: true });
    await writeFile(`/etc/systemd/system/${unit}.d/test.conf`, text);
  }
  await run("systemctl", "daemon-reload");
  await run("systemctl", "start", "runpool-boot-watchdog.timer", "runpool-firewall.service", "runpool-request.path");
  await run("systemctl", "start", "runpool-deadline.timer");
}

/** Instance metadata where a real machine has it. */
async function serveMetadata(imds: Imds): Promise<void> {
  const { hostname, port } = new URL(imds.url);
  const server = createServer((from) => {
    const to = connect(Number(port), hostname);
    from.pipe(to).pipe(from);
    from.on("error", () => to.destroy());
    to.on("error", () => from.destroy());
  });
  await new Promise<void>((done) => server.listen(80, "169.254.169.254", done));
}

/** "Boots" the one machine when the embedded EC2 launches it. */
async function boot(cloud: EmbeddedCloud, id: string, wish: StageWish): Promise<void> {
  const machine = cloud.ec2.machine(id);
  if (machine === undefined) throw new Error(`no machine ${id}`);
  await serveMetadata(await openImds({ machine, clock: hostClock }));
  const lines = [
    `AWS_ENDPOINT_URL=${cloud.aws.url}`,
    `AWS_REGION=${place.region}`,
    `RUNPOOL_ENVIRONMENT=${place.environment}`,
    `RUNPOOL_FORGE_SERVER=${cloud.github.url}`,
    wish.agentEnvironment ?? "",
  ];
  await writeFile("/etc/runpool/agent.env", `${lines.join("\n")}\n`);
  await run("systemctl", "start", "--no-block", "runpool-agent.service");
}

/** Hears every write of a record, so that none is missed between two looks. */
function listen(cloud: EmbeddedCloud): () => Written {
  let written: Written = { retired: false };
  cloud.dynamodb.onChange(({ after }) => {
    const record = writtenRecord(after);
    if (record === undefined) return;
    const signal = record.signal ?? written.signal;
    const retired = written.retired || record.retiredAt !== undefined;
    written = { state: record.state, retired, ...(signal === undefined ? {} : { signal }) };
  });
  return () => written;
}

export async function openStage(wish: StageWish = {}): Promise<Stage> {
  await installUnits(wish);
  const cloud = await openEmbeddedCloud({ idleMs: wish.idleMs ?? 600_000, bootMs: 0 });
  // There is one machine here; another one that is launched in its place never comes up.
  let booted = false;
  cloud.ec2.hooks.onLaunch = ({ id }) => {
    if (!booted) void boot(cloud, id, wish);
    booted = true;
  };
  const written = listen(cloud);
  const aws = { endpoint: cloud.aws.url, credentials };
  const forge = { kind: "token", token: forgeToken } as const;
  const world = controlWorld({ ...place, forge, aws, log: { event: () => undefined } });
  await refresh(world);
  const [owner = "", repo = ""] = repository.split("/");
  const until: Stage["until"] = async (what, found, limitMs = 120_000) => {
    const last = hostClock.now() + limitMs;
    for (;;) {
      const value = await found();
      if (value !== undefined) return value;
      if (hostClock.now() >= last) throw new Error(`not within ${limitMs} ms: ${what}`);
      await hostClock.sleep(50);
    }
  };
  return {
    cloud,
    world,
    run,
    until,
    written,
    as: async (user, script) => {
      const command = ["--reuid", user, "--regid", user, "--clear-groups", "--", "bash", "-c", script];
      return await execute("setpriv", command).then(
        ({ stdout }) => ({ code: 0, out: stdout }),
        (error: { code: number; stdout: string; stderr: string }) => ({
          code: error.code,
          out: error.stdout + error.stderr,
        }),
      );
    },
    provision: async (runId, more) => {
      const outcome = await provisionRun(world, { runId, instanceCount: "1", ...more }, new AbortController().signal);
      if (outcome.kind !== "ready") throw new Error(`run ${runId}: ${outcome.reasons.map(wordsOfReason).join("; ")}`);
    },
    job: async (runId, script, label = runId) => {
      const jobs = [{ name: "build", labels: [label], script }];
      const { jobs: all } = cloud.github.queueRun({ owner, repo, runId: Number(runId), jobs });
      const queued = all.at(-1);
      const { job } = await cloud.github.happened("job.completed", (event) => event.job?.id === queued?.id);
      if (job === undefined) throw new Error("no job");
      return job;
    },
    jobBegun: async () => {
      const begun = () => cloud.github.jobs().some(({ status }) => status === "in_progress");
      await until("a job in progress", async () => begun() || undefined);
    },
    release: async (runId) => {
      const { pooled, left } = await releaseRun(world, runId);
      if (pooled.length !== 1) throw new Error(`run ${runId} was not released: ${JSON.stringify(left)}`);
    },
    record: async () => {
      const { items } = await world.instances.all();
      if (items[0] === undefined) throw new Error("no record");
      return items[0];
    },
    journal: (...options) => run("journalctl", ...journalOptions, ...options),
  };
}

/** A line of the agent's log, without the facts of its event. */
export interface AgentLine {
  readonly event: string;
  readonly at: string;
  readonly instance?: string;
  readonly run?: string;
  readonly assignment?: number;
}

/** The agent's events, in order. */
export const linesIn = (journal: string): readonly AgentLine[] =>
  journal
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as AgentLine);

export const eventsIn = (journal: string): readonly string[] => linesIn(journal).map(({ event }) => event);
