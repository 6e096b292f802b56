// Runs in the guest: cloud-init boots this machine with the user data of a launch template, as the one instance of the embedded cloud.
import { wordsOfCause } from "../../entry/words/reasons.ts";
import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { openImds } from "../../sim/imds/imds.ts";
import { installRunnerStandIn } from "../../sim/runner/install.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import type { ControlWorld } from "../../control/world.ts";
import type { InputName } from "../../entry/action/inputs.ts";
import { readOverlayInputs } from "../../entry/action/overlay-inputs.ts";
import { controlWorld } from "../../entry/control-world.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { stageStock } from "../../build/stock-archive.ts";
import { buildAgent } from "../../entry/laptop/agent-bundle.ts";
import { credentials, forgeToken, openEmbeddedCloud, place } from "../../entry/laptop/embedded-cloud.ts";
import { provisionRun, releaseRun } from "../../entry/laptop/runs.ts";
import { layUnits } from "../../build/payload.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import type { Environment } from "../../stacks/environment/environment.ts";
import { userData } from "../../stacks/constructs/user-data.ts";
import example from "../../environments/example.ts";
import { makeDownloads } from "../ami/stand-ins.ts";
import { quickPace } from "../sim/runner-bench.ts";

const execute = promisify(execFile);
const run = async (command: string, ...rest: readonly string[]): Promise<string> =>
  (await execute(command, rest, { maxBuffer: 2 ** 28 })).stdout;
const quietly = (command: string, ...rest: readonly string[]): Promise<string> => run(command, ...rest).catch(String);

/** The agent's units with their install.sh, which is what an image has. */
async function pack(folder: string): Promise<string> {
  const content = join(folder, "runpool");
  await layUnits(content);
  await cp(await buildAgent(folder), join(content, "agent.mjs"));
  await cp(process.execPath, join(content, "node"), { dereference: true });
  installRunnerStandIn(join(content, "runner"), { node: "/usr/lib/runpool/node", pace: quickPace });
  return content;
}

/** What a release publishes for stock images, fetching from stand-ins; the guest's package manager has nothing to fetch from. */
async function packStock(folder: string): Promise<string> {
  const [content, downloads] = [join(folder, "stock"), join(folder, "downloads")];
  await mkdir(downloads);
  makeDownloads(downloads);
  const architecture = process.arch === "arm64" ? "arm64" : "x64";
  await stageStock(content, architecture, { agent: await buildAgent(folder), downloads });
  for (const [name, script] of Object.entries({
    "apt-get": 'echo "$@" >>/var/log/asked-of-apt',
    "apt-cache": "echo libicu72 -",
  }))
    await writeFile(`/usr/local/bin/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return content;
}

/** `image`: the guest's root has been made by ami/install, nothing is installed here. */
/** What keeps a job alive on a baked image, and has to on a stock one. */
const asSafeAsBaked = async () => ({
  upgrades: (
    await quietly(
      "systemctl",
      "show",
      "--property=UnitFileState",
      "--value",
      "apt-daily.timer",
      "apt-daily-upgrade.timer",
    )
  )
    .trim()
    .split(/\n+/),
  running: [await isActive("apt-daily.timer"), await isActive("apt-daily-upgrade.timer")],
  periodic: (await quietly("apt-config", "dump", "APT::Periodic::Enable")).trim(),
  needrestart: await quietly("grep", "-c", "^[$]nrconf{override_rc}", "/etc/needrestart/conf.d/runpool.conf"),
  swap: (await quietly("systemctl", "is-enabled", "runpool-swap.service")).trim(),
  journal: (await quietly("grep", "-c", "^SystemMaxUse=", "/etc/systemd/journald.conf.d/runpool.conf")).trim(),
});

const scenarios = ["stock", "baked", "damaged", "image"] as const;
type Scenario = (typeof scenarios)[number];

/** A hundred kilobytes, which no user data holds. */
const deployedScript = [
  "#!/bin/bash",
  ...Array.from({ length: 2_500 }, (_, line) => `# what makes it long, line ${line}`.padEnd(39, ".")),
  "echo prepared for ${HOME:-nobody}",
  'echo all of "$(wc -c <"$0")" bytes',
  "",
].join("\n");
const overlaidScript = "#!/bin/bash\necho overlaid for ${HOME:-nobody}\n";

/** What most environments leave as it is. */
const particular = {
  shipLogs: true,
  defaults: { ...example.defaults, docker: true, preRunner: { user: "job" } },
  sessionAccess: true,
  // Nothing asks it here: what the guest serves is on its loopback.
  proxy: { url: "http://proxy.example.org:3128" },
  runnerEnvironment: { RUNNER_TOOL_CACHE: "/opt/of-the-environment", RUNPOOL_HOOK_STARTED: "/opt/hook.sh" },
} as const;

/** Services of an image that start before cloud-init has written what they are told: docker's, and Session Manager's agent. */
const early = ["docker.service", "amazon-ssm-agent.service"] as const;

/** An image with docker, and with words of its own to runners. */
async function furnishImage(): Promise<void> {
  await run("groupadd", "--system", "docker");
  const unit = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";
  for (const name of early) await writeFile(`/etc/systemd/system/${name}`, unit);
  await run("systemctl", "daemon-reload");
  await run("systemctl", "start", ...early);
  await writeFile("/etc/runpool/runner.env", "RUNNER_TOOL_CACHE=/opt/of-the-image\nOF_THE_IMAGE=kept");
}

/** The variables of a unit's process, as they really are. */
async function variablesOf(unit: string): Promise<readonly string[]> {
  const pid = (await run("systemctl", "show", "-P", "MainPID", unit)).trim();
  return (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0");
}

/** The proxy's variables of each process that goes out of the machine. */
async function proxiesNow(): Promise<object> {
  const found: Record<string, readonly string[]> = {};
  for (const unit of ["runpool-agent.service", "runpool-runner@1.service", ...early])
    found[unit] = (await variablesOf(unit))
      .filter((pair) => /^(https?|no)_proxy=/i.test(pair))
      .map((pair) => pair.replace(/=.*/, ""));
  return found;
}

/** What the runner's process really has: variables by name, and whether it is in docker's group. */
async function runnerNow(): Promise<object> {
  const pid = (await run("systemctl", "show", "-P", "MainPID", "runpool-runner@1.service")).trim();
  const variables = (await variablesOf("runpool-runner@1.service")).map((pair) => pair.split("="));
  const [, , docker] = (await run("getent", "group", "docker")).split(":");
  const groups =
    /^Groups:(.*)$/m
      .exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]
      ?.trim()
      .split(" ") ?? [];
  const names = ["RUNNER_TOOL_CACHE", "OF_THE_IMAGE", "RUNPOOL_HOOK_STARTED", "RUNPOOL_ONLY_RUNS"];
  const told = names.map((name) => variables.find(([known]) => known === name)?.[1]);
  return { told, docker: docker !== undefined && groups.includes(docker) };
}

async function environmentOf(scenario: Scenario, folder: string, content: string): Promise<Environment> {
  const file = { ...example, name: place.environment, ...(scenario === "baked" ? particular : {}) };
  const environment = readEnvironment(file, scenario);
  if (scenario === "image") return environment;
  if (scenario === "baked") {
    await run("bash", join(content, "install.sh"));
    await playCloudWatchAgent();
    await furnishImage();
    return environment;
  }
  const archive = join(folder, "runpool.tar.gz");
  await run("tar", "-czf", archive, "-C", content, ".");
  const sha256 = createHash("sha256")
    .update(await readFile(archive))
    .digest("hex");
  const claimed = scenario === "stock" ? sha256 : sha256.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
  // The guest has no network, so the archive lies on its disk; a file's scheme is what the description alone refuses.
  const install = { x64: { url: `file://${archive}`, sha256: claimed } };
  return { ...environment, defaults: { ...environment.defaults, install } };
}

async function seed(text: string, instanceId: string): Promise<void> {
  const folder = "/var/lib/cloud/seed/nocloud-net";
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "user-data"), text);
  await writeFile(join(folder, "meta-data"), `instance-id: ${instanceId}\n`);
  await mkdir("/etc/cloud/cloud.cfg.d", { recursive: true });
  // An image names its datasource; what ds-identify has made of that at boot would stand above the seed.
  await rm("/run/cloud-init/cloud.cfg", { force: true });
  await writeFile("/etc/cloud/cloud.cfg.d/99-test.cfg", "datasource_list: [NoCloud]\nnetwork: {config: disabled}\n");
}

/** Instance metadata where a real machine has it. */
async function serveMetadata(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const server = createServer((from) => {
    const to = connect(Number(port), hostname);
    from.pipe(to).pipe(from);
    from.on("error", () => to.destroy());
    to.on("error", () => from.destroy());
  });
  await new Promise<void>((done) => server.listen(80, "169.254.169.254", done));
}

async function until(what: string, found: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const last = hostClock.now() + limitMs;
  while (!(await found())) {
    if (hostClock.now() > last) throw new Error(`not within ${limitMs} ms: ${what}`);
    await hostClock.sleep(50);
  }
}

const journal = (): Promise<string> => quietly("journalctl", "--no-pager", "-o", "cat", "-u", "runpool-first-boot");
const isActive = async (unit: string): Promise<boolean> =>
  (await quietly("systemctl", "is-active", unit)).trim() === "active";

/** The image's own spec, on the running machine: what it says, whatever its exit code. */
const specNow = (): Promise<string> => run("bash", "-c", "bash /usr/lib/runpool/spec/check.sh booted || true");

const cloudWatch = "/opt/aws/amazon-cloudwatch-agent/bin";

/** The CloudWatch agent's control program in name: it notes what it is told, and reads the file as JSON. */
async function playCloudWatchAgent(): Promise<void> {
  await run("groupadd", "--system", "cwagent");
  await mkdir(cloudWatch, { recursive: true });
  const script = `#!/bin/sh\necho "$@" >${cloudWatch}/told\n/usr/lib/runpool/node -p 'JSON.parse(fs.readFileSync("/etc/runpool/cloudwatch-agent.json")).logs.logs_collected.files.collect_list[0].log_group_name' >${cloudWatch}/names\n`;
  await writeFile(`${cloudWatch}/amazon-cloudwatch-agent-ctl`, script, { mode: 0o755 });
}

/** What it was told, and what lies in the file that it would ship. */
async function shipped(): Promise<object> {
  const log = "/var/log/runpool/instance.log";
  const read = (file: string): Promise<string> => readFile(file, "utf8").catch(() => "");
  await until("the log is written", async () => (await read(log)).includes("registered"));
  const [told, names] = [await read(`${cloudWatch}/told`), await read(`${cloudWatch}/names`)];
  const mode = (await run("stat", "-c", "%a %U %G", log)).trim();
  return { told: told.trim(), names: names.trim(), mode, log: await read(log) };
}

/** As the action's mode refresh does it. */
async function layOver(world: ControlWorld, script: string): Promise<void> {
  const given = (name: InputName): string => (name === "pre-runner-script" ? script : "");
  const { overlay, changed } = readOverlayInputs(given, await world.settings.load());
  if (changed.join() !== "preRunnerScript") throw new Error(`changed is ${changed.join()}`);
  await world.settings.writeOverlay(overlay);
}

/** Why a refresh would end the instance, once it is idle and the script is another one. */
async function evictedByAnother(world: ControlWorld): Promise<readonly string[]> {
  await releaseRun(world, "1001");
  const before = await refresh(world, { dryRun: true });
  await layOver(world, `${overlaidScript}echo more\n`);
  const after = await refresh(world, { dryRun: true });
  return [...before.findings, ...after.findings].map(({ why }) => wordsOfCause(why));
}

async function play(scenario: Scenario): Promise<unknown> {
  const folder = await mkdtemp("/var/tmp/first-boot-");
  const content = scenario === "image" ? "" : scenario === "baked" ? await pack(folder) : await packStock(folder);
  const environment = await environmentOf(scenario, folder, content);
  const operational = { preRunnerScript: deployedScript };
  const cloud = await openEmbeddedCloud({ idleMs: 600_000, bootMs: 0, operational });
  await run("systemctl", "set-environment", `AWS_ENDPOINT_URL=${cloud.aws.url}`);
  // So that the machine outlives its own end, and can tell of it.
  if (scenario === "damaged") await run("systemctl", "mask", "--runtime", "poweroff.target");
  const boot = async (id: string): Promise<void> => {
    const machine = cloud.ec2.machine(id);
    if (machine === undefined) throw new Error(`no machine ${id}`);
    await serveMetadata((await openImds({ machine, clock: hostClock })).url);
    // The stand-in has no https, which the description alone refuses.
    const here = { ...environment, forge: { ...environment.forge, serverUrl: cloud.github.url } };
    await seed(Buffer.from(userData(here, { settings: here.defaults, architecture: "x64" }), "base64").toString(), id);
    await run("systemctl", "start", "cloud-init.service");
  };
  cloud.ec2.hooks.onLaunch = ({ id }) => void boot(id);
  const aws = { endpoint: cloud.aws.url, credentials };
  const forge = { kind: "token", token: forgeToken } as const;
  const world = controlWorld({ ...place, forge, aws, log: { event: () => undefined } });
  await refresh(world);
  if (scenario === "baked") await layOver(world, overlaidScript);
  const stop = new AbortController();
  const provisioning = provisionRun(world, { runId: "1001", instanceCount: "1" }, stop.signal);
  if (scenario === "damaged") {
    await until("the first boot fails", async () => (await journal()).includes("powering off"));

    const found = { journal: await journal(), agent: await isActive("runpool-agent.service") };
    return { ...found, watchdog: await isActive("runpool-first-boot-watchdog.timer") };
  }
  const outcome = await provisioning;
  const runners = cloud.github.runners().length;
  return {
    outcome: outcome.kind,
    runners,
    ...(scenario === "baked"
      ? { runner: await runnerNow(), proxies: await proxiesNow(), shipped: await shipped() }
      : {}),
    evicted: scenario === "baked" ? await evictedByAnother(world) : [],
    journal: await journal(),
    timers: [await isActive("runpool-boot-watchdog.timer"), await isActive("runpool-deadline.timer")],
    environment: await readFile("/etc/runpool/agent.env", "utf8"),
    ...(scenario === "stock"
      ? { packages: await readFile("/var/log/asked-of-apt", "utf8"), safe: await asSafeAsBaked() }
      : {}),
    prepared: await quietly("journalctl", "--no-pager", "-o", "cat", "-t", "runpool-prepare"),
    finalStage: await isActive("cloud-final.service"),
    cloudInit: await quietly("grep", "-E", "WARN|ERROR", "/var/log/cloud-init.log"),
    ...(scenario === "image" ? { spec: await specNow(), blame: await quietly("systemd-analyze", "blame") } : {}),
  };
}

const [name = "", file = ""] = process.argv.slice(2);
const scenario = scenarios.find((one) => one === name);
if (scenario === undefined) throw new Error(`no scenario "${name}"`);
const found = await play(scenario).catch((error: unknown) => ({ problem: String((error as Error).stack) }));
await writeFile(file, JSON.stringify(found));
process.exit(0);
