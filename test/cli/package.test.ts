// The package that `npm i -g` installs: the same bytes twice, without dependencies, and of use where nothing else is.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../entry/cli/commands.ts";
import { pack, stage } from "../../build/package.ts";
import { oldestNode, problemOfNode } from "../../entry/cli/node-version.ts";
import { hear, type Ended } from "../child.ts";
import { openCliBench, type CliBench } from "./bench.ts";

const folder = mkdtempSync(join(tmpdir(), "runpool-package-"));
const staged = join(folder, "staged");
/** Nothing of this checkout: this Node, and the system's own programs. */
const bare = { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, HOME: folder };
let tarball = "";
beforeAll(async () => {
  await stage(staged);
  tarball = await pack(staged, join(folder, "first"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sumOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
const manifestOf = (path: string) =>
  JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Record<string, unknown>;

test("staged and packed again it has the same bytes", async () => {
  const again = join(folder, "again");
  await stage(again);
  expect(sumOf(await pack(again, join(folder, "second")))).toBe(sumOf(tarball));
});

test("it has no dependency, nothing of the infrastructure, and the licence of everything that it holds", () => {
  const { version, engines } = manifestOf(process.cwd()) as { version: string; engines: object };
  expect(manifestOf(staged)).toEqual({
    name: "runpool",
    version,
    description: expect.any(String) as string,
    license: "MIT",
    type: "module",
    bin: { runpool: "cli/cli.mjs" },
    engines,
  });
  expect(readdirSync(staged).sort()).toEqual([
    "LICENSE",
    "README.md",
    "THIRD-PARTY-NOTICES",
    "cli",
    "local",
    "package.json",
  ]);
  const notices = readFileSync(join(staged, "THIRD-PARTY-NOTICES"), "utf8");
  for (const name of ["@aws-sdk/client-dynamodb", "@octokit/core", "zod", "systemd-notify"])
    expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, "m"));
  expect(notices).not.toMatch(/^(cdktf|esbuild|typescript) /m);
  expect(statSync(tarball).size).toBeLessThan(1_500_000);
});

test("a Node that is too old is told so before anything is tried", () => {
  expect(["22.18.0", "22.20.1", "24.0.0", "26.1.0"].map(problemOfNode)).toEqual(Array(4).fill(undefined));
  expect(problemOfNode("20.20.2")).toBe("runpool needs Node 22.18 or newer; this is 20.20.2");
  expect(problemOfNode("22.17.9")).toContain("22.17.9");
  expect(manifestOf(staged)).toMatchObject({ engines: { node: `>=${oldestNode}` } });
});

describe("installed offline into a prefix of its own", () => {
  const program = join(folder, "prefix", "bin", "runpool");
  let bench: CliBench;
  beforeAll(async () => {
    const install = ["install", "--global", "--offline", "--no-audit", "--no-fund", "--prefix", join(folder, "prefix")];
    execFileSync("npm", [...install, "--cache", join(folder, "cache"), tarball], { env: bare, stdio: "pipe" });
    bench = await openCliBench();
  });
  afterAll(() => bench.close());

  const begin = (args: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
    spawn(program, args, { cwd: folder, env: { ...bare, ...variables }, stdio: ["ignore", "pipe", "pipe"] });
  const run = (...given: Parameters<typeof begin>): Promise<Ended> => hear(begin(...given)).ended;

  test("it is there alone, and says its version and its help", async () => {
    expect(readdirSync(join(folder, "prefix", "lib", "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
      "runpool",
    ]);
    const { version } = manifestOf(process.cwd());
    expect(await run(["version"])).toEqual({ code: 0, out: `${String(version)}\n`, err: "" });
    const { code, out } = await run(["--help"]);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(`  ${name} `);
  });

  test("what is compiled of it is kept in the user's cache directory, and nowhere in CI", async () => {
    const homes = ["laptop", "hosted"].map((name) => join(folder, name));
    for (const home of homes) mkdirSync(home);
    const [laptop = "", hosted = ""] = homes;
    expect((await run(["version"], { HOME: laptop })).code).toBe(0);
    expect((await run(["version"], { HOME: hosted, CI: "true" })).code).toBe(0);
    expect(readdirSync(join(laptop, ".cache", "runpool"))).toHaveLength(1);
    expect(readdirSync(hosted)).toEqual([]);
  });

  test("status and logs do what they do in a checkout", async () => {
    await bench.record({ instanceId: "i-0ccccccccccccccc1" });
    const { code, out, err } = await run(["status"], bench.variables);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^dev in eu-west-1: 1 instance$/m);
    const logs = await run(["logs", "i-0ccccccccccccccc1"], bench.variables);
    expect([logs.code, logs.err]).toEqual([1, expect.stringContaining("ships no logs")]);
  });

  test("local plays its runs by the agent, the stack and the runner that the package holds, and ends clean when interrupted", async () => {
    const child = begin(["local", "--plain"]);
    const { says, ended } = hear(child);
    await says(/^ +[\d.]+s {2}1001 +ready in /m);
    child.kill("SIGINT");
    const { code, out } = await ended;
    expect(out).toContain("Interrupted; nothing is left.");
    expect(code).toBe(130);
  });
});
