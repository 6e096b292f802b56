// `runpool migrate`: what it prints is a file that the stacks take once it is filled in, and a diff that git takes.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { readInputs } from "../../entry/action/inputs.ts";
import type { Migration } from "../../entry/cli/migrate/migration.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import { operationalOf } from "../../stacks/environment/operational.ts";
import { start } from "./bench.ts";

const refresh = `name: Refresh
on: workflow_dispatch
env:
  SUBNETS: subnet-0a1b2c3d4e5f60001 subnet-0a1b2c3d4e5f60002
jobs:
  refresh_job:
    runs-on: ubuntu-latest
    steps:
      - name: Configure AWS Credentials
        uses: aws-actions/configure-aws-credentials@main
        with:
          aws-access-key-id: \${{ secrets.AWS_ACCESS_KEY }}
          aws-region: us-east-1
      - name: Refresh Mode
        uses: fleet-actions/ec2-runner-pool-manager@main # newest
        with:
          mode: refresh
          # Github Personal Access Token
          github-token: \${{ secrets.GH_PAT }}
          # EC2 Machine Image
          ami: ami-0a1b2c3d4e5f60001
          iam-instance-profile: your-instance-profile
          security-group-ids: sg-0a1b2c3d4e5f60001
          subnet-ids: \${{ env.SUBNETS }}
          table-name: runners
          idle-time-sec: 300
          max-runtime-min: \${{ vars.MAX_RUNTIME }}
          instance-tenancy: dedicated
          resource-class-config: '{ "small": { "cpu": "2", "mmem": 2048 } }'
          pre-runner-script: |
            yum install -y docker
            echo "\`date\` \${HOME} \\\\"
          actions-runner-version: 2.336.0

      - run: echo done
`;
const ci = `on: push
jobs:
  provision:
    runs-on: ubuntu-latest
    steps:
      - uses: fleet-actions/ec2-runner-pool-manager@v1
        with: { mode: provision, aws-region: us-east-1, table-name: runners }
  release:
    runs-on: ubuntu-latest
    steps:
      - uses: acme/ec2-runner-pool-manager@0761d3c8 # v1.2
        with:
          mode: release
          table-name: runners
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "runpool-migrate-"));
  mkdirSync(join(folder, "workflows"));
  writeFileSync(join(folder, "workflows", "refresh.yml"), refresh);
  writeFileSync(join(folder, "workflows", "ci.yml"), ci);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const migrate = (...args: readonly string[]) => start(["migrate", ...args], {}, folder).ended;
const migration = async (...args: readonly string[]): Promise<Migration> =>
  JSON.parse((await migrate(...args, "--json")).out) as Migration;

const fillings: readonly (readonly [RegExp, string])[] = [
  [/FILL IN: the account's twelve digits/, "111122223333"],
  [/FILL IN: OWNER\/REPOSITORY[^"]*/, "octo-org/octo-repo"],
  [/FILL IN: amazon-linux-2023[^"]*/, "ubuntu-24.04"],
  [/FILL IN: its availability zone/, "us-east-1a"],
  [/FILL IN: its availability zone/, "us-east-1b"],
  [/FILL IN: its VPC's id/g, "vpc-0a1b2c3d4e5f60001"],
];
async function environmentOf(text: string): Promise<unknown> {
  const path = join(folder, `environment-${text.length}.ts`);
  writeFileSync(path, text);
  return ((await import(path)) as { default: unknown }).default;
}

test("the environment's file is taken by the stacks once it is filled in, and not before", async () => {
  const { environmentFile, placeholders } = await migration("workflows", "-e", "ci");
  expect([environmentFile.path, placeholders]).toEqual([
    "environments/ci.ts",
    expect.arrayContaining(["its VPC's id"]),
  ]);
  const raw = await environmentOf(environmentFile.text);
  expect(() => readEnvironment(raw, "ci")).toThrow(/account: must be the twelve digits/);
  const filled = fillings.reduce((text, [what, value]) => text.replace(what, value), environmentFile.text);
  expect(filled).not.toContain("FILL IN:");
  const environment = readEnvironment(await environmentOf(filled), "ci");
  expect(environment).toMatchObject({
    name: "ci",
    region: "us-east-1",
    network: { subnets: [{ id: "subnet-0a1b2c3d4e5f60001" }, { id: "subnet-0a1b2c3d4e5f60002" }] },
    images: { x64: { id: "ami-0a1b2c3d4e5f60001" } },
    preRunnerScript: '#!/bin/bash\nyum install -y docker\necho "`date` ${HOME} \\\\"\n',
    runnerVersion: "2.336.0",
  });
  expect(operationalOf(environment)).toMatchObject({
    idleMs: 300_000,
    resourceClasses: { small: { cpu: 2, mmem: 2048 } },
  });
});

test("the diff is one that git applies; the steps are then ones that the action takes without a remark", async () => {
  const { code, out, err } = await migrate("workflows", "-e", "ci", "--diff", "--action", "octo-org/pool@v3");
  expect(code).toBe(0);
  expect(err).not.toContain("+++");
  const applied = mkdtempSync(join(folder, "applied-"));
  mkdirSync(join(applied, "workflows"));
  for (const [name, text] of [
    ["refresh.yml", refresh],
    ["ci.yml", ci],
  ] as const)
    writeFileSync(join(applied, "workflows", name), text);
  const git = spawnSync("git", ["apply"], {
    cwd: applied,
    input: out,
    encoding: "utf8",
    env: { ...process.env, GIT_CEILING_DIRECTORIES: folder },
  });
  expect([git.status, git.stderr]).toEqual([0, ""]);
  const workflow = (name: string) =>
    parse(readFileSync(join(applied, "workflows", name), "utf8")) as {
      jobs: Record<string, { steps: { uses?: string; with?: Record<string, unknown> }[] }>;
    };
  const [signIn, step] = workflow("refresh.yml").jobs["refresh_job"]?.steps ?? [];
  expect(signIn?.uses).toBe("aws-actions/configure-aws-credentials@main");
  expect(step?.uses).toBe("octo-org/pool@v3");
  expect(Object.keys(step?.with ?? {})).toEqual([
    "mode",
    "environment",
    "github-token",
    "max-runtime-min",
    "instance-tenancy",
  ]);
  const { notices } = readInputs((name) => String((step?.with?.[name] as string | number | undefined) ?? ""), {});
  expect(notices).toEqual([]);
  expect(workflow("ci.yml").jobs["release"]?.steps[0]).toEqual({
    uses: "octo-org/pool@v3",
    with: { mode: "release", environment: "ci" },
  });
});

test("what a person decides is named with its line: unknown inputs, expressions, what the stack makes itself", async () => {
  const { notes } = await migration("workflows", "-e", "ci");
  const said = notes.map(({ path, line, text }) => `${path}:${line}: ${text}`);
  const wanted = [
    /ci.yml:6: add the input environment: ci/,
    /ci.yml:7: take table-name out: /,
    /refresh.yml:10: the deployment makes a role for this: .*runpool-ci-provision/,
    /refresh.yml:19: github-token: refresh runs as a lambda/,
    /refresh.yml:22: iam-instance-profile: the stack makes a profile/,
    /refresh.yml:23: security-group-ids: the stack makes a security group/,
    /refresh.yml:27: max-runtime-min is \$\{\{ vars.MAX_RUNTIME \}\}, which no file says: it stays in the step/,
    /refresh.yml:28: instance-tenancy is an input of neither system/,
  ];
  expect(said).toEqual(wanted.map((pattern) => expect.stringMatching(pattern) as string));
});

test("values that are no values are named and left to be filled in, two refresh steps that differ are told apart", async () => {
  const bad = refresh
    .replace("ami-0a1b2c3d4e5f60001", "ami-mine")
    .replace("idle-time-sec: 300", "idle-time-sec: soon")
    .replace('"cpu": "2"', '"cpu": "two"')
    .replace(
      "      - run: echo done",
      refresh.slice(refresh.indexOf("      - name: Refresh Mode")).replace("2.336.0", "2.335.0"),
    );
  writeFileSync(join(folder, "bad.yml"), bad);
  const { environmentFile, notes } = await migration("bad.yml", "--repository", "octo-org/octo-repo");
  expect(environmentFile.path).toBe("environments/prod.ts");
  expect(environmentFile.text).toContain('repositories: ["octo-org/octo-repo"]');
  expect(environmentFile.text).toContain(`images: { x64: { id: "FILL IN: the AMI's id" } }`);
  const texts = notes.map(({ line, text }) => `${line} ${text}`);
  expect(texts).toContainEqual(expect.stringMatching(/^21 ami names "ami-mine", which is none of AWS's ids: write it/));
  expect(texts).toContainEqual(expect.stringMatching(/^26 idle-time-sec is "soon"; it is a whole number of seconds/));
  expect(texts).toContainEqual(expect.stringMatching(/^29 resource-class-config cannot be taken over: .*cpu is NaN/));
  expect(texts).toContainEqual(
    expect.stringMatching(/actions-runner-version differs from bad.yml:33, which was taken/),
  );
});

test("on the terminal the file is on stdout alone, so that it can be redirected, and the rest on stderr", async () => {
  const { out, err } = await migrate(join("workflows", "refresh.yml"));
  expect(out).toMatch(
    /^\/\/ The environment "prod", from what workflows\/refresh.yml said[^]*satisfies EnvironmentFile;\n$/,
  );
  expect(err).toMatch(/^--- a\/workflows\/refresh.yml$/m);
  expect(err).toMatch(/^environments\/prod.ts: 7 values to fill in\./m);
});

test("what is no workflow of it, or no YAML, or not there, exits 2 and says which", async () => {
  writeFileSync(join(folder, "other.yml"), "on: push\njobs: {}\n");
  writeFileSync(join(folder, "broken.yml"), "on: push\njobs:\n  a: [\n");
  const all = await Promise.all(["other.yml", "broken.yml", "absent.yml"].map((path) => migrate(path)));
  expect(all.map(({ code }) => code)).toEqual([2, 2, 2]);
  expect(all.map(({ err }) => err.split("\n")[0])).toEqual([
    "runpool: other.yml has no step that uses fleet-actions/ec2-runner-pool-manager",
    expect.stringMatching(/^runpool: broken.yml, line [34]: /),
    "runpool: absent.yml cannot be read: ENOENT: no such file or directory",
  ]);
});
