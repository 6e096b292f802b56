// `runpool migrate` on YAML as people write it: quoted keys, folded values, anchors, CRLF, a last line without an end.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { migrationOf } from "../../entry/cli/migrate/migration.ts";

const action = "octo-org/runpool@v1";
const old = "fleet-actions/ec2-runner-pool-manager@v1";
const path = "odd.yml";
const head = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n";

function migrated(text: string) {
  const migration = migrationOf([{ path, text }], { action, environment: "dev", repository: undefined });
  if (migration === undefined) throw new Error("no step of the old system was found");
  return migration;
}

/** The file once git has applied the diff. */
function appliedBy(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "runpool-migrate-odd-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, path), text);
  const lines = migrated(text).diffs.flatMap((diff) => diff.lines);
  const { status, stderr } = spawnSync("git", ["apply", "--whitespace=nowarn", "-"], {
    cwd: folder,
    input: lines.map((line) => `${line}\n`).join(""),
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  return readFileSync(join(folder, path), "utf8");
}

interface Workflow {
  readonly jobs: { readonly a: { readonly steps: readonly { readonly uses: string; readonly with: object }[] } };
}
const stepsOf = (text: string) => (parse(text) as Workflow).jobs.a.steps;

test.each([
  ["quoted keys", `      - "uses": "${old}"\n        'with':\n          'mode': 'release'\n          "echo": hello\n`],
  ["a blank before the colon", `      - uses : ${old} # v1\n        with:\n          mode : release\n`],
  ["a folded value", `      - uses: >-\n          ${old}\n        with:\n          mode: release\n`],
  ["a name first", `      - name: "uses: it"\n        uses: ${old}\n        with:\n          mode: release\n`],
  ["a last line without an end", `      - uses: ${old}\n        with:\n          mode: release`],
  ["one that goes", `      - uses: ${old}\n        with:\n          mode: release\n          echo: x`],
  ["one that stays", `      - uses: ${old}\n        with:\n          mode: release\n          run-id: 1\n`],
])("%s: git takes the diff, and the step is runpool's", (_what, steps) => {
  const [step] = stepsOf(appliedBy(head + steps));
  expect(step?.uses).toBe(action);
  expect(step?.with).toMatchObject({ mode: "release", environment: "dev" });
  expect(step?.with).not.toHaveProperty("echo");
});

test("CRLF: the diff applies, and what is new ends as the file does", () => {
  const steps = `      - uses: ${old} # old\n        with:\n          mode: refresh\n          # the image\n          ami: ami-0123456789abcdef0\n          pre-runner-script: |\n            echo a\n            echo b\n`;
  const text = appliedBy((head + steps).replaceAll("\n", "\r\n"));
  expect(text).not.toMatch(/[^\r]\n/);
  expect(stepsOf(text)).toEqual([{ uses: action, with: { mode: "refresh", environment: "dev" } }]);
});

test("anchors: inputs that steps share are changed once, an aliased `uses` is named, a step by alias comes along", () => {
  const shared = `      - &first\n        uses: ${old}\n        with: &common\n          mode: provision\n          echo: x\n      - uses: ${old}\n        with: *common\n      - *first\n`;
  const step = { uses: action, with: { mode: "provision", environment: "dev" } };
  expect(stepsOf(appliedBy(head + shared))).toEqual([step, step, step]);
  const aliased = `      - uses: &ours ${old}\n        with: { mode: release }\n      - uses: *ours\n        with:\n          mode: release\n`;
  const { notes } = migrated(head + aliased);
  expect(notes).toContainEqual({ path, line: 8, text: `write uses: ${action}` });
  expect(stepsOf(appliedBy(head + aliased)).map(({ uses }) => uses)).toEqual([action, action]);
});

test("where something else needs what has to go, the file is left to a person", () => {
  const steps = `      - uses: ${old}\n        with:\n          mode: refresh\n          ami: &image ami-0123456789abcdef0\n      - run: echo $AMI\n        env: { AMI: *image }\n`;
  const { diffs, notes } = migrated(head + steps);
  expect(diffs).toEqual([]);
  expect(notes).toContainEqual({ path, line: 6, text: expect.stringMatching(/by hand: .*image/) as string });
});

test.each([
  ['["${{ github.run_id }}", xlarge]', "write runs-on: ${{ github.run_id }}-xlarge"],
  [
    '["${{github.run_id}}", "xlarge", "arm64"]',
    'runs-on: ["${{ github.run_id }}-xlarge", "${{ github.run_id }}-arm64"]',
  ],
  ["[self-hosted, '${{ github.run_id }}']", "write runs-on: ${{ github.run_id }}"],
  ["{ labels: ['${{ github.run_id }}', gpu] }", "write runs-on: ${{ github.run_id }}-gpu"],
])("runs-on: %s says what to write, since no runner has the other labels by themselves", (runsOn, instead) => {
  const text = `${head}      - uses: ${old}\n        with:\n          mode: release\n  b:\n    runs-on: ${runsOn}\n`;
  const found = migrated(text).notes.filter(({ line }) => line === 10);
  expect(found.map((note) => note.text)).toEqual([expect.stringContaining(instead)]);
});

test("runs-on of the run id alone, or of GitHub's own runners, needs no change", () => {
  const jobs = "  b:\n    runs-on: ${{ github.run_id }}\n  c:\n    runs-on: [self-hosted, linux]\n";
  const { notes } = migrated(`${head}      - uses: ${old}\n        with:\n          mode: release\n${jobs}`);
  expect(notes).toEqual([]);
});
