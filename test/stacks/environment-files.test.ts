// Environment files in three forms, wherever they lie; those of schema 1; and the commands that read them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { classOf } from "../../domain/configuration.ts";
import { synthesizeBy } from "../../entry/cli/synth.ts";
import { readEnvironment, readEnvironments } from "../../stacks/environment/check-environment.ts";
import { defaultsOf } from "../../stacks/environment/defaults.ts";
import { loadEnvironment, writtenAs } from "../../stacks/environment/load.ts";
import { EnvironmentRefused } from "../../stacks/environment/refused.ts";
import { isSchema1, translated } from "../../stacks/environment/schema-1.ts";

const root = join(import.meta.dirname, "..", "..");
const examples = join(root, "examples", "environments");

const folderOf = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "runpool-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};
const fileOf = (name: string, text: string): string => {
  const path = join(folderOf(), name);
  writeFileSync(path, text);
  return path;
};

test("the example is the same environment in each of its three forms", async () => {
  const names = readdirSync(examples);
  expect(names.toSorted()).toEqual(["small.json", "small.ts", "small.yaml"]);
  const read = await Promise.all(
    names.map(async (name) => readEnvironment(await loadEnvironment(join(examples, name)), name)),
  );
  for (const one of read) expect(one).toEqual(read[0]);
  expect(read[0]?.classes["large-docker"]).toMatchObject({ docker: true, maxUses: 1, cpu: 2 });
});

test("what cannot be read as a file is refused by its path, with the place of a slip", async () => {
  const said = async (path: string): Promise<string> =>
    await loadEnvironment(path).then(
      () => "",
      (error: unknown) => (error instanceof EnvironmentRefused ? error.message : expect.fail(String(error))),
    );
  expect(await said(join(folderOf(), "none.yaml"))).toMatch(/none\.yaml: does not exist$/);
  expect(await said(fileOf("a.toml", ""))).toMatch(/a\.toml: has an unsupported extension: use \.ts, /);
  expect(await said(fileOf("a.json", '{ "name": '))).toMatch(/a\.json: cannot be read: .* line 1/);
  expect(await said(fileOf("a.yaml", "name: [a\nregion: b"))).toMatch(/a\.yaml: cannot be read: .* line 2/);
  expect(await said(fileOf("a.ts", "export default nothing;"))).toMatch(/a\.ts: cannot be run: nothing is not defined/);
  expect(await said(fileOf("bom.json", '\uFEFF{ "schema": 2 }'))).toBe("");
});

test("digits that YAML takes for a number are asked for in quotes", async () => {
  const path = fileOf("a.yaml", "schema: 2\naccount: 111122223333\n");
  expect(() => readEnvironments({})).not.toThrow();
  const file = await loadEnvironment(path);
  expect(() => readEnvironment(file, "a")).toThrow(
    /^a: account: must be a string, not a number: write "111122223333" in quotes$/m,
  );
});

/** Today's samples as they were written before machine classes. */
const old = {
  dev: {
    name: "dev",
    account: "111122223333",
    region: "eu-central-1",
    network: { kind: "public", cidr: "10.81.0.0/20", zones: ["eu-central-1a", "eu-central-1b"] },
    forge: { repositories: ["octo-org/octo-repo"] },
    resourceClasses: { large: { cpu: 2, mmem: 4096 }, xlarge: { cpu: 4, mmem: 8192 } },
    architectures: ["x64"],
    operatingSystem: "amazon-linux-2023",
    images: { x64: { pipeline: true } },
    limits: { maxInstances: 10 },
    sessionAccess: true,
    logRetentionDays: 7,
  },
  full: {
    schema: 1,
    name: "full",
    account: "111122223333",
    region: "eu-central-1",
    awsPartition: "aws",
    network: { kind: "public", cidr: "10.80.0.0/16", zones: ["eu-central-1a"] },
    forge: { kind: "github", repositories: ["octo-org/octo-repo"], organisation: "octo-org" },
    architectures: ["x64", "arm64"],
    operatingSystem: "ubuntu-24.04",
    images: { x64: { id: "ami-0a1b2c3d4e5f60001" }, arm64: { id: "ami-0a1b2c3d4e5f60002" } },
    install: { x64: { url: "https://example.org/stock.tar.gz", sha256: "0".repeat(64) } },
    disk: { sizeGiB: 80, sizeGiBByClass: { large: 120 } },
    limits: {
      idleMs: 300_000,
      maxRuntimeMs: 5_400_000,
      bootMs: 660_000,
      provisionMs: 900_000,
      maxAgeMs: 7_200_000,
      maxUses: 5,
      maxInstances: 40,
    },
    preRunnerScript: "#!/bin/bash\ntrue\n",
    preRunnerUser: "job",
    dockerForJobs: true,
    spotMaxPrices: { xlarge: 0.25 },
    runnerVersion: "2.336.0",
    furtherRuns: [],
    labels: ["gpu"],
    idleFloors: { "large/x64": 1 },
  },
};

test("a file of schema 1 is refused with what it says in schema 2, which is taken as it stands in each form", async () => {
  for (const [name, file] of Object.entries(old)) {
    expect(isSchema1(file)).toBe(true);
    const refusal = ((): EnvironmentRefused => {
      try {
        readEnvironment(file, name);
      } catch (error) {
        if (error instanceof EnvironmentRefused) return error;
      }
      return expect.fail("it was taken");
    })();
    expect(refusal.problems).toEqual([expect.stringMatching(/^\w+: schema: is 1, and this runpool reads schema 2/)]);
    const content = refusal.translations[name] ?? {};
    const environment = readEnvironment(content, name);
    for (const form of ["a.ts", "a.yaml", "a.json"]) {
      const path = fileOf(form, writtenAs(form, content));
      expect(readEnvironment(await loadEnvironment(path), name)).toEqual(environment);
    }
  }
});

test("and nothing that it says is lost", () => {
  const environment = readEnvironment(translated(old.full), "full");
  expect(environment).toMatchObject({
    awsPartition: "aws",
    forge: { organisation: "octo-org" },
    defaults: {
      operatingSystem: "ubuntu-24.04",
      image: old.full.images,
      install: old.full.install,
      docker: true,
      preRunner: { script: "#!/bin/bash\ntrue\n", user: "job" },
      maxUses: 5,
      maxRuntime: 5_400_000,
      disk: { sizeGiB: 80 },
    },
    limits: { idle: 300_000, boot: 660_000, provision: 900_000, maxAge: 7_200_000, maxInstances: 40 },
    labels: ["gpu"],
    idleFloors: { "large/x64": 1 },
  });
  expect(Object.keys(environment.classes)).toHaveLength(7);
  expect([environment.classes["large"]?.disk.sizeGiB, environment.classes["xlarge"]?.spotMaxPrice]).toEqual([
    120, 0.25,
  ]);
});

test("what is wrong in a file of schema 1 is said in the same round, by the fields of schema 2", () => {
  expect(() => readEnvironment({ ...old.dev, name: "Dev", limits: { idleMs: "soon" } }, "dev")).toThrow(
    /^dev: schema: is 1.*\ndev: limits\.idle: must be a duration.*\ndev: name: "Dev" must be/,
  );
});

test("a field of schema 1 in a file of schema 2 is told its new place", () => {
  expect(() => readEnvironment({ ...translated(old.dev), dockerForJobs: true }, "dev")).toThrow(
    "dev: dockerForJobs: is a field of schema 1: write defaults.docker",
  );
});

test("all files are read before any is refused", () => {
  const wrong = { ...translated(old.dev), name: "Dev" };
  expect(() => readEnvironments({ one: wrong, two: wrong })).toThrow(/^one: name: .*\ntwo: name: /);
});

test("synthesis takes files from anywhere, several at once, and leaves those of the checkout alone", () => {
  const [folder, out] = [folderOf(), folderOf()];
  writeFileSync(join(folder, "mine.yaml"), writtenAs("mine.yaml", { ...translated(old.dev), name: "mine" }));
  writeFileSync(join(folder, "other.json"), writtenAs("other.json", { ...translated(old.dev), name: "other" }));
  const synth = (...words: string[]) =>
    spawnSync(process.execPath, [join(root, "stacks", "main.ts"), ...words], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, INIT_CWD: folder },
    });
  const done = synth("-f", "mine.yaml", "-f", join(folder, "other.json"), out);
  expect(done.status, done.stderr).toBe(0);
  expect(
    readdirSync(join(out, "stacks"))
      .filter((name) => name.endsWith("-pool"))
      .toSorted(),
  ).toEqual(["mine-pool", "other-pool"]);
  writeFileSync(join(folder, "old.yaml"), writtenAs("old.yaml", old.dev));
  const refused = synth("-f", "old.yaml", "-f", "gone.yaml", join(out, "none"));
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("gone.yaml: does not exist");
  const schema1 = synth("-f", "old.yaml", join(out, "none"));
  expect([schema1.status, existsSync(join(out, "none"))]).toEqual([2, false]);
  const [, printed = ""] = schema1.stderr.split("in schema 2, without its comments:\n");
  expect(parse(printed)).toEqual(translated(old.dev));
  // The same from the command line.
  const cli = spawnSync(process.execPath, [join(root, "entry", "cli", "cli.ts"), "synth", "-f", "old.yaml"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect([cli.status, cli.stderr]).toEqual([2, expect.stringContaining("old: schema: is 1")]);
});

test("a command line without the stacks says so, and what to do", async () => {
  const words = ["-f", join(examples, "small.yaml")];
  await expect(synthesizeBy(join(folderOf(), "stacks", "main.ts"), words)).rejects.toThrow(
    /without the stacks: synthesize in a checkout of runpool v.*npm run synth -- -f FILE/,
  );
});

test("what a class says itself is deployed, and nothing of what it has from the defaults", () => {
  const environment = readEnvironment(
    {
      ...translated(old.dev),
      classes: {
        large: {},
        docker: {
          cpu: 2,
          mmem: 4096,
          docker: true,
          image: { x64: { id: "ami-0a1b2c3d4e5f60009" } },
          usageClass: "on-demand",
        },
      },
    },
    "dev",
  );
  const stored = defaultsOf(environment, {
    queues: {},
    templates: {},
    subnets: [],
    configHash: "1",
    classHashes: { docker: "2" },
  });
  expect(stored.classes).toEqual({
    docker: {
      configHash: "2",
      usageClass: "on-demand",
      maxUses: 1,
      imageParameters: { x64: "/runpool/dev/ami/docker/x64" },
    },
  });
  expect(classOf(stored, "large").imageParameters).toEqual({ x64: "/runpool/dev/ami/x64" });
});
