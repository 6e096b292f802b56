// What an environment says of runners, hooks and jobs reaches the files that a machine boots with, or is refused.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import example from "../../environments/example.ts";
import type { Whole } from "../../cloud/aws/stored-shape.ts";
import { forgeScopeOf, partitionOf, registrationScope, type ForgeHome } from "../../domain/configuration.ts";
import { forgeHome, parseAgentEnvironment } from "../../entry/agent/agent-environment.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";
import { forgeOf } from "../../stacks/environment/defaults.ts";
import { agentEnvironment, bootFiles, forgeVariables } from "../../stacks/constructs/first-boot-files.ts";
import { mimeUserData } from "../../stacks/constructs/user-data.ts";
import { needs } from "../tools.ts";
import { machines } from "./synthesized.ts";

const environmentWith = (fields: Partial<EnvironmentFile>) => readEnvironment({ ...example, ...fields }, "example");

/** An environment, and of it a machine as its defaults are. */
const booting = (fields: Partial<EnvironmentFile>) => {
  const environment = environmentWith(fields);
  return [environment, { settings: environment.defaults, architecture: "x64" }] as const;
};

/** What a shell reads from a boot file. */
function readByShell(fields: Partial<EnvironmentFile>, name: string, variables: readonly string[]): readonly string[] {
  const file = bootFiles(...booting(fields)).find(({ path }) => path.endsWith(`/${name}`));
  const folder = mkdtempSync(join(tmpdir(), "runpool-settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, file?.content ?? "");
  const say = variables.map((variable) => `printf '%s\\n' "\${${variable}-unset}"`).join("; ");
  return spawnSync("/bin/sh", ["-c", `. "$1"; ${say}`, "sh", path], { encoding: "utf8" })
    .stdout.split("\n")
    .slice(0, -1);
}

const ofTheUnit = { RUNPOOL_RUNNER: "r", RUNPOOL_STATE: "s", RUNPOOL_WORK: "w", RUNPOOL_HOOKS: "h" };
const agentOf = (fields: Partial<EnvironmentFile>) =>
  parseAgentEnvironment({ ...agentEnvironment(...booting(fields)), ...ofTheUnit });

test("the agent takes jobs of no run but its own, unless the environment says that any may come", () => {
  expect(agentOf({})).toMatchObject({ RUNPOOL_ANY_RUNS_JOBS: "false" });
  expect(agentOf({ anyRunsJobs: true })).toMatchObject({ RUNPOOL_ANY_RUNS_JOBS: "true" });
});

/** One of each kind: at repositories, in named partitions, at an organisation, at an enterprise's own server. */
const [repository = ""] = example.forge.repositories;
const [owner = ""] = repository.split("/");
test.each([
  [{}],
  [{ partitions: { web: [repository] } }],
  [{ forge: { repositories: [repository], organisation: owner, runnerGroup: "CI's own" } }],
  [{ forge: { repositories: [repository], enterprise: "big", serverUrl: "https://ghes.example/" } }],
] satisfies [Partial<EnvironmentFile>][])(
  "with %j the agent may register where a provision tells it to, and in the group",
  (fields) => {
    const environment = environmentWith(fields);
    const deployed = { forge: forgeOf(environment.forge), partitions: environment.partitions };
    const agent = agentOf(fields);
    expect(forgeHome(agent)).toEqual(expect.objectContaining({ serverUrl: deployed.forge.serverUrl }));
    expect(agent.RUNPOOL_RUNNER_GROUP).toBe(environment.forge.runnerGroup ?? "");
    for (const one of environment.forge.repositories)
      expect(registrationScope(forgeHome(agent), partitionOf(deployed, one))).toBe(forgeScopeOf(deployed, one));
  },
);

test("all that user data says of where to register is what the agent reads", () => {
  const home: Whole<ForgeHome> = {
    serverUrl: "https://ghes.example",
    scope: "big",
    owners: { web: "acme", app: "us" },
  };
  const read = parseAgentEnvironment({ RUNPOOL_ENVIRONMENT: "dev", ...forgeVariables(home), ...ofTheUnit });
  expect(forgeHome(read)).toEqual(home);
});

test("runner and hooks are told what the operator says, below the ways out of the machine", () => {
  const fields = {
    runnerEnvironment: {
      RUNNER_TOOL_CACHE: "/opt/tools",
      RUNPOOL_HOOK_STARTED: "/opt/hook.sh",
      GREETING: `a "b" $c \\d`,
    },
    proxy: { url: "http://proxy.example.org:3128" },
  };
  const names = ["RUNNER_TOOL_CACHE", "RUNPOOL_HOOK_STARTED", "GREETING", "HTTPS_PROXY"];
  expect(readByShell(fields, "runner.env", names)).toEqual([
    "/opt/tools",
    "/opt/hook.sh",
    `a "b" $c \\d`,
    "http://proxy.example.org:3128",
  ]);
});

const spellings = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"];

test.each(["agent.env", "runner.env", "prepare.env"])("%s names the proxy in both spellings", (file) => {
  const proxy = { url: "http://proxy.example.org:3128", noProxy: ["intranet"] };
  const [, , , , upper, lower, ...rest] = readByShell({ proxy }, file, spellings);
  expect(readByShell({ proxy }, file, spellings).slice(0, 4)).toEqual(Array.from({ length: 4 }, () => proxy.url));
  expect(upper).toMatch(/^169\.254\.169\.254,localhost,.*,intranet$/);
  expect([lower, ...rest]).toEqual([upper]);
});

test("curl, and with it git, and wget go through the proxy by what a job is told, for http and https", async (context) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.headers["user-agent"]?.split(/[/ ]/)[0] ?? ""} ${request.url ?? ""}`);
    response.writeHead(502).end();
  });
  server.on("connect", (request, socket) => {
    asked.push(`${request.headers["user-agent"]?.split(/[/ ]/)[0] ?? ""} ${request.url ?? ""}`);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const file = bootFiles(...booting({ proxy: { url } })).find(({ path }) => path.endsWith("/runner.env"));
  const folder = mkdtempSync(join(tmpdir(), "runpool-settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "runner.env"), file?.content ?? "");
  needs(context, "curl", "wget");
  const script = `set -a; . ./runner.env
    for scheme in http https; do
      curl -s $scheme://host.invalid/; git ls-remote -q $scheme://host.invalid/; wget -q -t 1 -O - $scheme://host.invalid/
    done 2>/dev/null; true`;
  const env = { PATH: process.env["PATH"], HOME: folder };
  await new Promise((done) => spawn("/bin/sh", ["-c", script], { cwd: folder, env }).once("close", done));
  expect(asked.map((line) => line.toLowerCase()).toSorted()).toEqual([
    "curl host.invalid:443",
    "curl http://host.invalid/",
    "git host.invalid:443",
    "git http://host.invalid/info/refs?service=git-upload-pack",
    "wget host.invalid:443",
    "wget http://host.invalid/",
  ]);
});

test("docker and Session Manager's agent are told of the proxy by their units, and docker tells containers where jobs use it", () => {
  const proxy = { url: "http://proxy.example.org:3128", noProxy: ["intranet"] };
  const filesOf = (fields: Partial<EnvironmentFile>) =>
    Object.fromEntries(bootFiles(...booting(fields)).map(({ path, content }) => [path, content]));
  const { "/etc/runpool/docker-config.json": config, ...files } = filesOf({ proxy, ...machines({ docker: true }) });
  for (const unit of ["docker", "amazon-ssm-agent", "snap.amazon-ssm-agent.amazon-ssm-agent"])
    expect(files[`/etc/systemd/system/${unit}.service.d/runpool-proxy.conf`]).toBe(
      "[Service]\nEnvironmentFile=-/etc/runpool/prepare.env\n",
    );
  expect(JSON.parse(config ?? "")).toEqual({
    proxies: {
      default: {
        httpProxy: proxy.url,
        httpsProxy: proxy.url,
        noProxy: expect.stringMatching(/^169\.254.*intranet$/) as unknown,
      },
    },
  });
  expect(Object.keys(filesOf(machines({ docker: true }))).filter((path) => /proxy|docker/.test(path))).toEqual([]);
});

test("the pre-runner script finds the ways out of the machine too, and nothing that is for runners", () => {
  const fields = { runnerEnvironment: { GREETING: "a" }, proxy: { url: "http://proxy.example.org:3128" } };
  const names = ["HTTPS_PROXY", "GREETING"];
  expect(readByShell(fields, "prepare.env", names)).toEqual(["http://proxy.example.org:3128", "unset"]);
});

test("what an image has in runner.env stays, whatever its last line ends with: the environment's lines are added", () => {
  const files = JSON.parse(mimeUserData(...booting({})).split(/#cloud-config\n|\n--/)[3] ?? "") as {
    write_files: readonly { path: string; append?: boolean; content: string }[];
  };
  const added = files.write_files.filter(({ append }) => append === true);
  expect(added.map(({ path }) => path)).toEqual(["/etc/runpool/runner.env"]);
  expect(Buffer.from(added[0]?.content ?? "", "base64").toString()).toMatch(/^\n/);
});

test("the first boot is told of jobs' docker and of who runs the pre-runner script, the agent of neither", () => {
  const names = ["RUNPOOL_DOCKER_FOR_JOBS", "RUNPOOL_PRE_RUNNER_USER"];
  expect(readByShell({}, "first-boot.env", names)).toEqual(["0", "root"]);
  expect(readByShell(machines({ docker: true, preRunner: { user: "job" } }), "first-boot.env", names)).toEqual([
    "1",
    "job",
  ]);
  expect(readByShell(machines({ docker: true }), "agent.env", ["RUNPOOL_DOCKER"])).toEqual(["unset"]);
});

test.each<[Partial<EnvironmentFile>, RegExp]>([
  [{ runnerEnvironment: { "A-B": "x" } }, /runnerEnvironment\.A-B: is not a valid variable name/],
  [{ runnerEnvironment: { A: "x\ny" } }, /runnerEnvironment\.A: contains line breaks/],
  [{ runnerEnvironment: { https_proxy: "x" } }, /is set by the field proxy/],
  [{ runnerEnvironment: { NODE_EXTRA_CA_CERTS: "/x" } }, /is set by the field privateCa/],
  [{ runnerEnvironment: { HOME: "/x" } }, /is set by runpool for each assignment/],
  [{ runnerEnvironment: { RUNPOOL_ONLY_RUNS: "1" } }, /is reserved by runpool/],
  [{ runnerEnvironment: { ACTIONS_RUNNER_HOOK_JOB_STARTED: "/x" } }, /is reserved by runpool/],
  [{ runnerEnvironment: { GITHUB_TOKEN: "x" } }, /is set by GitHub's runner/],
  [{ runnerEnvironment: { RUNPOOL_HOOK_STARTED: "hook.sh" } }, /must be an absolute path/],
  [{ runnerEnvironment: { RUNNER_TOOL_CACHE: "/var/lib/runpool/tools" } }, /is not visible to jobs/],
  ...[
    "PATH",
    "BASH_ENV",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "NODE_OPTIONS",
    "GCONV_PATH",
    "SHELLOPTS",
    "PYTHONPATH",
    "PERL5OPT",
    "RUBYOPT",
  ].map((name): [Partial<EnvironmentFile>, RegExp] => [
    { runnerEnvironment: { [name]: "/x" } },
    /decides which code programs run/,
  ]),
  [{ runnerEnvironment: { DOTNET_STARTUP_HOOKS: "/x" } }, /decides which code programs run/],
  [{ runnerEnvironment: { EXIT_CODE: "exited" } }, /is set by systemd/],
  [{ runnerEnvironment: { A: "x".repeat(5000) } }, /runnerEnvironment: has 5001 characters/],
  [
    { forge: { ...example.forge, runnerGroup: "ours" } },
    /forge\.runnerGroup: runners of ".*" register at the repository/,
  ],
  [{ forge: { ...example.forge, runnerGroup: " ours\n" } }, /forge\.runnerGroup: must be a runner group's name/],
])("%j is refused, by its path", (fields, words) => {
  expect(() => environmentWith(fields)).toThrow(words);
});
