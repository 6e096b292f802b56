// The recipe as data: versions, checksums, sources, variants; nothing unverified gets into an image.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { operatingSystems } from "../../domain/machine-class.ts";
import { sourceTable, tableText, type Versions } from "../../control/operate/images/source-table.ts";
import { runnerAge } from "../../control/operate/images/runner-age.ts";
import { imageLimits } from "../../domain/image.ts";
import { version as agentVersion } from "../../domain/version.ts";
import { makePayload } from "../../build/payload.ts";
import { readRecipe } from "../../build/recipe.ts";

import { recipeFolder } from "./stand-ins.ts";

const recipe = readRecipe(recipeFolder);
const sum = (digit: string): string => digit.repeat(64);
const known: Versions = Object.fromEntries(
  Object.keys(recipe.sources).map((name, at) => [
    name,
    { version: `1.${at}`, sha256: { x64: sum(String(at)), arm64: sum(String(at + 5)) } },
  ]),
);
const tableOf = (variant: string, versions: Versions) => {
  const found = recipe.variants[variant];
  if (found === undefined) throw new Error(variant);
  return sourceTable(variant, found, { versions, sources: recipe.sources, agentVersion: "0.1.0" });
};

test("there is a variant for each system and architecture, and an environment can have each", () => {
  expect(Object.keys(recipe.variants)).toEqual(
    ["ubuntu-24.04", "amazon-linux-2023"].flatMap((system) => [`${system}-x64`, `${system}-arm64`]),
  );
  const systems = new Set<string>(Object.keys(operatingSystems));
  for (const [name, { architecture, operatingSystem }] of Object.entries(recipe.variants)) {
    expect(systems.has(operatingSystem), operatingSystem).toBe(true);
    expect(name).toBe(`${operatingSystem}-${architecture}`);
  }
});

test("a variant's table has each source with its architecture's checksum, and what its packages bring is not fetched", () => {
  const ubuntu = tableOf("ubuntu-24.04-arm64", known);
  const rows = ubuntu.ok ? ubuntu.rows : [];
  expect(rows.map(({ name }) => name)).toEqual(["variant", "agent", "runner", "node", "cloudwatch-agent", "ssm-agent"]);
  expect(rows.find(({ name }) => name === "runner")).toEqual({
    name: "runner",
    version: "1.0",
    sha256: sum("5"),
    url: "https://github.com/actions/runner/releases/download/v1.0/actions-runner-linux-arm64-1.0.tar.gz",
  });
  expect(rows.find(({ name }) => name === "ssm-agent")?.url).toContain("/debian_arm64/");
  const amazon = tableOf("amazon-linux-2023-x64", known);
  expect(amazon.ok && amazon.rows.map(({ name }) => name)).toEqual(["variant", "agent", "runner", "node"]);
  expect(tableText(rows).split("\n")).toHaveLength(rows.length + 1);
});

test("a missing version or checksum is a problem each, and the build is refused before anything is made", async () => {
  const lacking = {
    ...known,
    node: { version: "1.1", sha256: { x64: null, arm64: sum("1") } },
    "ssm-agent": { version: null },
  };
  expect(tableOf("ubuntu-24.04-x64", lacking)).toEqual({
    ok: false,
    problems: ["node 1.1 has no checksum for x64", "ssm-agent has no version"],
  });
  expect(tableOf("ubuntu-24.04-arm64", lacking)).toMatchObject({ problems: ["ssm-agent has no version"] });
  const folder = mkdtempSync(join(tmpdir(), "recipe-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const wanted = { recipe: { ...recipe, versions: lacking }, variant: "ubuntu-24.04-x64", agent: "none" };
  await expect(makePayload(folder, wanted)).rejects.toThrow(
    /node 1.1 has no checksum for x64\n.*\nrun ami\/propose-updates.sh/,
  );
  expect(readdirSync(folder)).toEqual([]);
});

test("with the repository's own versions Amazon Linux can be baked as it is; Ubuntu lacks what AWS states no checksum of, and nothing else", () => {
  for (const architecture of ["x64", "arm64"]) {
    expect(tableOf(`amazon-linux-2023-${architecture}`, recipe.versions)).toMatchObject({ ok: true });
    const ubuntu = tableOf(`ubuntu-24.04-${architecture}`, recipe.versions);
    if (!ubuntu.ok) for (const problem of ubuntu.problems) expect(problem).toMatch(/^(ssm|cloudwatch)-agent /);
  }
});

test("no checksum of the repository's own is made up: each is a publisher's, or not there", () => {
  for (const [name, { sha256 }] of Object.entries(recipe.versions))
    for (const value of Object.values(sha256 ?? {}))
      if (value !== null) expect(new Set(value).size, name).toBeGreaterThan(8);
});

test("one file names all that an image is made of: what is fetched by version and checksum, the rest by where it comes from", () => {
  const { versions, sources } = recipe;
  expect(Object.keys(versions).toSorted()).toEqual([...Object.keys(sources), "agent", "docker"].toSorted());
  expect(versions["agent"]?.version).toBe(agentVersion);
  for (const [name, { sha256, from }] of Object.entries(versions))
    if (name in sources) expect(Object.keys(sha256 ?? {}), name).toEqual(["x64", "arm64"]);
    else expect(from, name).toMatch(/\w{4}/);
});

test("a local folder's own versions count in place of the repository's", () => {
  const folder = mkdtempSync(join(tmpdir(), "recipe-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(readRecipe(recipeFolder, folder).versions).toEqual(recipe.versions);
  writeFileSync(join(folder, "versions.json"), JSON.stringify({ node: { version: "9" } }));
  expect(readRecipe(recipeFolder, folder).versions).toEqual({ node: { version: "9" } });
  writeFileSync(
    join(folder, "versions.json"),
    JSON.stringify({ node: { version: "9", sha256: { x64: "abc", arm64: null } } }),
  );
  expect(() => readRecipe(recipeFolder, folder)).toThrow(/node\.sha256\.x64: a SHA-256 is 64/);
});

const scripts = readdirSync(join(recipeFolder, "install")).filter((name) => name.endsWith(".sh"));

test("install scripts are small, each step is taken by all.sh, and no other address than the table's is fetched", () => {
  const text = (name: string): string => readFileSync(join(recipeFolder, "install", name), "utf8");
  const steps = /for step in ([^;]+);/.exec(text("all.sh"))?.[1]?.split(" ") ?? [];
  expect(steps.at(-1)).toBe("clean");
  expect(steps.toSorted()).toEqual(
    scripts
      .filter(
        (name) =>
          !["all.sh", "apt-care.sh", "distro.sh", "fetch.sh", "last-clean.sh", "stop-logs.sh", "upgrades.sh"].includes(
            name,
          ),
      )
      .map((name) => name.slice(0, -3))
      .toSorted(),
  );
  for (const folder of ["install", "spec", "units"])
    for (const name of readdirSync(join(recipeFolder, folder)).filter((one) => one.endsWith(".sh"))) {
      const script = readFileSync(join(recipeFolder, folder, name), "utf8");
      expect(script.split("\n").length - 1, name).toBeLessThanOrEqual(40);
      if (name !== "fetch.sh") expect(script, name).not.toMatch(/\bcurl -|\bwget -|https?:\/\//);
    }
});

test("every unit that is kept from starting at boot has a reason, and none is the project's own", () => {
  const lines = readFileSync(join(recipeFolder, "install", "boot-time.tsv"), "utf8")
    .trimEnd()
    .split("\n")
    .slice(1);
  expect(lines.length).toBeGreaterThan(20);
  for (const line of lines)
    expect(line).toMatch(/^(?!runpool|cloud-init|systemd-network|dbus)[\w.@-]+\.(service|timer|socket)\t\S.{5,}$/);
});

const minute = 60_000;
const now = Date.UTC(2026, 5, 1);
const releasedAgo = (ms: number) => [
  { version: "2.340.0", publishedAt: now },
  { version: "2.337.1", publishedAt: now - ms },
  { version: "2.336.0", publishedAt: now - 90 * 24 * 60 * minute },
];

test.each([
  ["behind", 1],
  ["behind", imageLimits.runnerWarnMs - 1],
  ["warn", imageLimits.runnerWarnMs],
  ["alarm", imageLimits.runnerAlarmMs],
  ["evict", imageLimits.runnerEvictMs],
  ["evict", imageLimits.runnerRefusedMs + 1],
] as const)("a runner is at %s when a newer one came out %i ms ago", (kind, ms) => {
  const age = runnerAge("2.336.0", releasedAgo(ms), now);
  expect(age).toMatchObject({ kind, newer: { version: "2.337.1" }, leftMs: imageLimits.runnerRefusedMs - ms });
});

test("the newest runner is fresh, versions are compared by number, and the limits leave time to act", () => {
  expect(runnerAge("2.340.0", releasedAgo(0), now)).toEqual({ kind: "fresh" });
  expect(runnerAge("2.1000.0", releasedAgo(0), now)).toEqual({ kind: "fresh" });
  const { runnerWarnMs, runnerAlarmMs, runnerEvictMs, runnerRefusedMs } = imageLimits;
  expect([runnerWarnMs, runnerAlarmMs, runnerEvictMs].every((ms) => ms < runnerRefusedMs)).toBe(true);
  expect(runnerWarnMs).toBeLessThan(runnerAlarmMs);
  expect(runnerAlarmMs).toBeLessThan(runnerEvictMs);
});

test("swap is weighed against the disk as the environment wants it: after the stage of cloud-init that grows it, by either name", () => {
  const unit = readFileSync(join(recipeFolder, "units", "runpool-swap.service"), "utf8");
  const after = [...unit.matchAll(/^After=(.*)$/gm)].flatMap(([, names = ""]) => names.split(" "));
  expect(after).toEqual(expect.arrayContaining(["cloud-init.service", "cloud-init-network.service"]));
  // Ordered before swap.target it would come before sysinit.target, and so before that stage.
  expect(unit).not.toMatch(/^Before=.*swap\.target|^DefaultDependencies=no/m);
});
