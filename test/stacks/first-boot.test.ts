// User data: linted, valid to cloud-init, and played for real: cloud-init in a guest with systemd, up to a registered runner.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import example from "../../environments/example.ts";
import { limits } from "../../domain/limits.ts";
import { parseAgentEnvironment } from "../../entry/agent/agent-environment.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import type { Environment } from "../../stacks/environment/environment.ts";
import { agentEnvironment, bootFiles, scriptOf } from "../../stacks/constructs/first-boot-files.ts";
import { configHashes } from "../../stacks/constructs/launch-templates.ts";
import { guestMissing } from "../agent/systemd/guest-missing.ts";
import { needs } from "../tools.ts";
import { mimeUserData, userData, userDataLimit } from "../../stacks/constructs/user-data.ts";

const root = join(import.meta.dirname, "..", "..");
const files = readdirSync(join(root, "userdata")).map((name) => join(root, "userdata", name));
const scripts = files.filter((path) => path.endsWith(".sh"));
const environment = readEnvironment(example, "example");
/** As the defaults are. */
const machine = { settings: environment.defaults, architecture: "x64" } as const;

const folderOf = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "runpool-first-boot-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

test("shellcheck finds nothing in the scripts", (context) => {
  needs(context, "shellcheck");
  const checked = spawnSync("shellcheck", scripts, { encoding: "utf8" });
  expect(checked.stdout).toBe("");
  expect(checked.status).toBe(0);
});

test("the boot watchdog of a stock image waits as long as the limit says", () => {
  const script = readFileSync(join(root, "userdata", "boot-hook.sh"), "utf8");
  expect(script).toContain(`--on-active=${limits.bootWatchdogMs / 1000}s`);
});

test("every unit that the scripts name exists among the agent's", () => {
  const named = files.flatMap(
    (path) => readFileSync(path, "utf8").match(/\brunpool-[a-z-]+\.(?:service|timer|path)\b/g) ?? [],
  );
  const own = new Set(["runpool-first-boot.service", "runpool-first-boot-watchdog.timer", "runpool-ship-logs.service"]);
  for (const unit of named.filter((one) => !own.has(one)))
    expect(existsSync(join(root, "agent", "hosts", "systemd", "units", unit)), unit).toBe(true);
  expect(named).toContain("runpool-agent.service");
});

test("cloud-init finds the cloud-config valid", (context) => {
  needs(context, "cloud-init");
  const [, part = ""] = mimeUserData(environment, machine).split("#cloud-config\n");
  const file = join(folderOf(), "files.yaml");
  writeFileSync(file, `#cloud-config\n${part.split("\n--")[0]}\n`);
  const checked = spawnSync("cloud-init", ["schema", "--config-file", file], { encoding: "utf8" });
  expect(checked.stdout + checked.stderr).toContain("Valid");
});

test("the agent reads what user data tells it", () => {
  const ofTheUnit = { RUNPOOL_RUNNER: "r", RUNPOOL_STATE: "s", RUNPOOL_WORK: "w", RUNPOOL_HOOKS: "h" };
  const forge = { ...environment.forge, organisation: "octo-org", runnerGroup: "ours" };
  const told = [{ forge }, { anyRunsJobs: true, partitions: { web: ["octo-org/docs"] } }].map((changes) =>
    agentEnvironment({ ...environment, ...changes }, machine),
  );
  const parsed = parseAgentEnvironment({ ...told[0], ...ofTheUnit });
  const names = told.flatMap((variables) => Object.keys(variables)).filter((name) => name.startsWith("RUNPOOL_"));
  expect(Object.keys(parsed)).toEqual(expect.arrayContaining(names));
  expect(parsed).toMatchObject({
    RUNPOOL_ENVIRONMENT: "example",
    RUNPOOL_BOOT_MS: limits.bootMs,
    RUNPOOL_PRE_RUNNER: "/etc/runpool/pre-runner.sh",
  });
});

test("the pre-runner script's unit has the boot limit's own time, which the agent waits for", () => {
  const limitOf = (limit: object) => {
    const changed = { ...environment, limits: { ...environment.limits, ...limit } };
    const file = bootFiles(changed, machine).find(({ path }) => path.includes("runpool-prepare.service.d"));
    return [file?.content, agentEnvironment(changed, machine)["RUNPOOL_BOOT_MS"]];
  };
  expect(limitOf({})).toEqual([undefined, "600000"]);
  expect(limitOf({ boot: 840_000 })).toEqual(["[Service]\nTimeoutStartSec=720000ms\n", "840000"]);
  expect(limitOf({ boot: 300_000 })).toEqual(["[Service]\nTimeoutStartSec=180000ms\n", "300000"]);
  // Written after systemd has read its units.
  expect(scriptOf("first-boot.sh")).toMatch(
    /-e \/etc\/systemd\/system\/runpool-prepare\.service\.d\/limit\.conf \]; then changed=yes/,
  );
});

test("a shell reads every value of an environment file as it was given", () => {
  const url = 'http://user:p$a`s"s\\w@proxy.example.org:3128/%7B';
  const proxied = { ...environment, proxy: { url, noProxy: ["10.0.0.0/8"] } };
  const file = bootFiles(proxied, machine).find(({ path }) => path.endsWith("runner.env"));
  const path = join(folderOf(), "runner.env");
  writeFileSync(path, file?.content ?? "");
  const script = `set -eu; . "$1"; printf '%s\\n' "$HTTPS_PROXY" "$NO_PROXY"`;
  const { stdout } = spawnSync("/bin/sh", ["-c", script, "sh", path], { encoding: "utf8" });
  const dynamodb = "dynamodb.eu-central-1.amazonaws.com,.ddb.eu-central-1.amazonaws.com";
  expect(stdout).toBe(`${url}\n169.254.169.254,localhost,127.0.0.1,${dynamodb},10.0.0.0/8\n`);
});

test("what the VPC has a way to is asked past the proxy: DynamoDB, and the services whose endpoints were asked for", () => {
  const past = (network: Environment["network"]) =>
    agentEnvironment({ ...environment, network, proxy: { url: "http://proxy.example.org", noProxy: [] } }, machine)[
      "NO_PROXY"
    ];
  const own = { cidr: "10.80.0.0/16", zones: ["eu-central-1a"] };
  const dynamodb = "dynamodb.eu-central-1.amazonaws.com,.ddb.eu-central-1.amazonaws.com";
  const always = "169.254.169.254,localhost,127.0.0.1";
  expect(past({ kind: "public", ...own })).toBe(`${always},${dynamodb}`);
  expect(past({ kind: "private", nat: false, endpoints: ["ssm", "logs"], ...own })).toBe(
    `${always},${dynamodb},ssm.eu-central-1.amazonaws.com,logs.eu-central-1.amazonaws.com`,
  );
  // Of a network that exists nobody here knows.
  expect(past({ kind: "existing", subnets: [] })).toBe(always);
});

test("what is too long as it is, is compressed, and cloud-init gets every byte of it", () => {
  const privateCa = `-----BEGIN CERTIFICATE-----\n${"the same line again\n".repeat(1000)}`;
  const raw = Buffer.from(userData({ ...environment, privateCa }, machine), "base64");
  expect(raw.length).toBeLessThanOrEqual(userDataLimit);
  const unpacked = spawnSync("gzip", ["-dc"], { input: raw, maxBuffer: 2 ** 24 }).stdout.toString();
  expect(unpacked).toContain(Buffer.from(privateCa).toString("base64"));
});

test("a pre-runner script is not in user data, whatever its length; another one makes idle instances stale all the same", () => {
  const script = `#!/bin/bash\n${"echo a line of a hundred kilobytes\n".repeat(3000)}`;
  const settings = { ...environment.defaults, preRunner: { script, user: "root" as const } };
  const long = { ...environment, defaults: settings };
  expect(userData(long, { ...machine, settings })).toBe(userData(environment, machine));
  expect(configHashes(long).configHash).not.toBe(configHashes(environment).configHash);
});

test("systemd finds the unit that ships logs right", (context) => {
  needs(context, "systemd-analyze");
  const unit = join(folderOf(), "runpool-ship-logs.service");
  writeFileSync(unit, readFileSync(join(root, "userdata", "ship-logs.service"), "utf8"));
  const checked = spawnSync("systemd-analyze", ["verify", "--man=no", unit], { encoding: "utf8" });
  expect(checked.stderr.split("\n").filter((line) => line.includes("ship-logs"))).toEqual([]);
});

test("the CloudWatch agent is told one file, and the one stream that the instance's role may write", () => {
  const told = bootFiles({ ...environment, shipLogs: true }, machine).find(({ path }) => path.endsWith("agent.json"));
  expect(bootFiles(environment, machine).some(({ path }) => /cloudwatch|ship-logs/.test(path))).toBe(false);
  const { logs } = JSON.parse(told?.content ?? "{}") as {
    logs: { logs_collected: { files: { collect_list: unknown } } };
  };
  expect(logs.logs_collected.files.collect_list).toEqual([
    {
      file_path: "/var/log/runpool/instance.log",
      log_group_name: "/runpool/example/instances",
      log_stream_name: "{instance_id}/{ip_address}",
      timestamp_format: "%Y-%m-%dT%H:%M:%S%z",
    },
  ]);
  const unit = readFileSync(join(root, "userdata", "ship-logs.service"), "utf8");
  expect(unit).toContain(" >/var/log/runpool/instance.log'\n");
  const proxied = { ...environment, shipLogs: true, proxy: { url: "http://proxy.example.org:3128", noProxy: [] } };
  const ways = bootFiles(proxied, machine).find(({ path }) => path.endsWith("common-config.toml"))?.content;
  expect(ways).toContain('[proxy]\nhttp_proxy = "http://proxy.example.org:3128"\n');
  expect(ways).toContain('no_proxy = "169.254.169.254,');
});

/** What the guest found; skips where this machine cannot have one. */
async function played(scenario: string, context: TestContext): Promise<Record<string, unknown>> {
  const why = guestMissing("cloud-init");
  if (why !== undefined) context.skip(why);
  const folder = folderOf();
  const file = join(folder, "found.json");
  const guest = join(root, "test", "agent", "systemd", "with-systemd.sh");
  const inside = [process.execPath, join(import.meta.dirname, "first-boot-guest.ts"), scenario, file];
  const child = spawn("bash", [guest, ...inside], { env: { ...process.env, GUEST_BIND: folder } });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += String(part)));
  const code = await new Promise((done) => child.once("close", done));
  if (code === 77) context.skip(`no guest with systemd here: ${said.trim()}`);
  if (!existsSync(file)) throw new Error(`the guest ended with ${String(code)}: ${said}`);
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}
const guestTime = { timeout: 700_000 };

/** The stock image runs the script that is deployed, 100 KB long; the baked one what refresh has laid over it. */
const prepared = { stock: /^prepared for \/root\nall of 100\d{3} bytes$/m, baked: /^overlaid for \/tmp$/m };
/** The environment's word above the image's, and the group that makes jobs root. */
const particular = {
  told: ["/opt/of-the-environment", "kept", "/opt/hook.sh", "1001"],
  docker: true,
};
const bothSpellings = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];
for (const image of ["stock", "baked"] as const)
  test(`a ${image} image becomes a registered runner, before cloud-init's final stage`, guestTime, async (context) => {
    const found = await played(image, context);
    expect(found).toMatchObject({ outcome: "ready", runners: 1, timers: [true, true], finalStage: false });
    expect(found["prepared"]).toMatch(prepared[image]);
    expect(found["runner"]).toEqual(image === "baked" ? particular : undefined);
    if (image === "baked")
      for (const [unit, names] of Object.entries(found["proxies"] as Record<string, readonly string[]>))
        expect(names.toSorted(), unit).toEqual(bothSpellings);
    expect(found["shipped"]).toEqual(
      // The real CloudWatch agent is nowhere to be had offline: its control program is played, what it would tail is there.
      image === "baked"
        ? {
            told: "-a fetch-config -m ec2 -s -c file:/etc/runpool/cloudwatch-agent.json",
            names: "/runpool/laptop/instances",
            mode: "640 root cwagent",
            log: expect.stringMatching(/runpool-prepare.*overlaid for \/root[^]*agent\.registered|agent\./) as unknown,
          }
        : undefined,
    );
    expect(found["evicted"]).toEqual(image === "baked" ? ["its configuration is no longer the deployed one"] : []);
    expect(found["environment"]).toContain('RUNPOOL_ENVIRONMENT="laptop"\n');
    expect(String(found["journal"]).includes("Creating user 'runpool'")).toBe(image === "stock");
    // What the runner's .NET needs is asked for, and nothing that this boot stands on.
    if (image === "stock") expect(found["packages"]).toMatch(/update\n(?!.*cloud-init)[^]*install .*libicu72\n$/);
    expect(found["safe"]).toEqual(
      image === "stock"
        ? {
            upgrades: ["masked", "masked"],
            running: [false, false],
            periodic: 'APT::Periodic::Enable "0";',
            needrestart: "2\n",
            swap: "enabled",
            journal: "1",
          }
        : undefined,
    );
  });

test(
  "an archive with another checksum is not installed: the machine powers off, the watchdog armed meanwhile",
  guestTime,
  async (context) => {
    const found = await played("damaged", context);
    expect(found).toMatchObject({ agent: false, watchdog: true });
    expect(found["journal"]).toMatch(/first boot failed with status 1; powering off/);
  },
);
