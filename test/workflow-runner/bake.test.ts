// examples/images/bake.yml, job by job: what follows what, and what a failure keeps from being published. npm and gh are listeners: that each call is
// understood, test/cli/example-calls.test.ts shows, and what it does, test/ami.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import { needs } from "../tools.ts";
import { projectRoot } from "./action-file.ts";
import { keptOf, results, runWorkflow, type Attempt, type RunEnd, type Stage } from "./play.ts";
import { readWorkflow } from "./workflow.ts";

const workflow = readWorkflow(readFileSync(join(projectRoot, "examples/images/bake.yml"), "utf8"));
const daily = { runId: "1", attempt: 1, schedule: "41 5 * * *" };
const weekly = { runId: "2", attempt: 1, schedule: "17 3 * * 1" };
const variants = ["ubuntu-24.04-x64", "ubuntu-24.04-arm64"] as const;

/** NPM_FAILS: a pattern of the calls that fail. */
const npm = (log: string): string => `#!/bin/sh
printf '%s\\n' "$*" >>'${log}'
case "$*" in $NPM_FAILS) exit 1 ;; esac
case "$*" in
*' ami propose '*) echo '{"node":"newer"}' >ami/versions.json && echo 'node is newer' ;;
*' ami bake '*--json) printf '{"imageId":"ami-of-%s"}\\n' "$8" ;;
esac
`;
const gh = (log: string): string => `#!/bin/sh
printf 'gh %s\\n' "$*" >>'${log}'
`;

/** A bare repository whose `main` holds what the jobs touch. */
function openOrigin(folder: string) {
  const [path, tree] = [join(folder, "origin.git"), join(folder, "tree")];
  const who = {
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@b.c",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@b.c",
  };
  const git = (...words: readonly string[]): string =>
    execFileSync("git", words, {
      env: { PATH: process.env["PATH"], HOME: folder, ...who },
      encoding: "utf8",
      stdio: "pipe",
    });
  const inside = (...words: readonly string[]): string => git(`--git-dir=${path}`, ...words);
  mkdirSync(join(tree, "ami"), { recursive: true });
  cpSync(join(projectRoot, "ami/propose-updates.sh"), join(tree, "ami/propose-updates.sh"));
  writeFileSync(join(tree, "ami/versions.json"), "{}\n");
  git("init", "--quiet", "--bare", "--initial-branch=main", path);
  inside(`--work-tree=${tree}`, "add", "--all");
  inside(`--work-tree=${tree}`, "commit", "--quiet", "-m", "all");
  return { inside, checkOut: (workspace: string) => void git("clone", "--quiet", `file://${path}`, workspace) };
}

function openMachine(context: TestContext) {
  needs(context, "jq");
  const folder = mkdtempSync(join(tmpdir(), "bake-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [programs, log, artifacts] = [join(folder, "programs"), join(folder, "calls"), join(folder, "artifacts")];
  mkdirSync(programs);
  for (const [name, text] of Object.entries({ npm: npm(log), gh: gh(log) }))
    writeFileSync(join(programs, name), text, { mode: 0o755 });
  const origin = openOrigin(folder);
  const stage: Stage = {
    repository: "acme/images",
    workspaces: folder,
    secrets: { GITHUB_TOKEN: "a-token" },
    actions: {
      "actions/checkout": { does: origin.checkOut },
      "actions/setup-node": {},
      "aws-actions/configure-aws-credentials": {},
      "actions/upload-artifact": {
        does: (workspace, { name = "", path = "" }) =>
          cpSync(join(workspace, path), join(artifacts, name), { recursive: true }),
      },
      "actions/download-artifact": {
        does: (workspace, { name = "", path = "" }) =>
          cpSync(join(artifacts, name), join(workspace, path), { recursive: true }),
      },
    },
  };
  return {
    origin,
    /** A run, and what it has called of the command line and of GitHub's. */
    play: async (run: Attempt, { fails = "", kept = {} }: { fails?: string; kept?: RunEnd } = {}) => {
      writeFileSync(log, "");
      const variables = { PATH: `${programs}:${process.env["PATH"]}`, HOME: folder, NPM_FAILS: fails };
      const ends = await runWorkflow({ ...stage, variables }, workflow, run, kept);
      const lines = readFileSync(log, "utf8").split("\n");
      const calls = lines.flatMap((line) => /^(?:run -s runpool -- |(?=gh ))(.*)$/.exec(line)?.[1] ?? []);
      return { ends, calls };
    },
  };
}

const imageCalls = (calls: readonly string[], variant: string): readonly string[] =>
  calls.filter((call) => call.includes(variant)).map((call) => call.replace(/ --subnet.*/, ""));

test("each day: the images' age is judged, and newer versions are proposed once", async (context) => {
  const { origin, play } = openMachine(context);
  const { ends, calls } = await play(daily, { fails: "*--dry-run" });
  expect(results(ends), JSON.stringify(ends)).toEqual({
    validate: "failure",
    image: "skipped",
    prune: "skipped",
    age: "success",
    ask: "success",
    propose: "success",
  });
  expect(calls.filter((call) => !call.includes("--dry-run"))).toEqual(
    expect.arrayContaining([
      "ami age --evict",
      "ami propose --write",
      "gh pr create --title Newer versions in the images --body-file proposal/proposal.txt",
    ]),
  );
  expect(origin.inside("show", "ami-versions:ami/versions.json")).toBe('{"node":"newer"}\n');
  // Merged, there is nothing newer.
  origin.inside("update-ref", "refs/heads/main", "refs/heads/ami-versions");
  const next = await play(daily);
  expect(results(next.ends)).toMatchObject({ ask: "success", propose: "success" });
  expect(next.calls.filter((call) => call.startsWith("gh "))).toEqual([]);
});

test("each week: an image that cannot be baked, or fails its test, is not published; run again, both are", async (context) => {
  const { play } = openMachine(context);
  const [first, second] = variants;
  const failed = await play(weekly, { fails: `*bake --variant ${first} --subnet*` });
  expect(results(failed.ends), JSON.stringify(failed.ends)).toEqual({
    validate: "success",
    image: "failure",
    prune: "skipped",
    age: "skipped",
    ask: "skipped",
    propose: "skipped",
  });
  const dry = (variant: string): string => `ami bake --variant ${variant} --dry-run`;
  const whole = (variant: string) => [
    `ami bake --variant ${variant}`,
    `ami test --image ami-of-${variant}`,
    `ami publish --image ami-of-${variant}`,
  ];
  expect(imageCalls(failed.calls, first)).toEqual([dry(first), ...whole(first).slice(0, 1)]);
  expect(imageCalls(failed.calls, second)).toEqual([dry(second), ...whole(second)]);
  const untested = await play(weekly, { fails: `*test --image ami-of-${second}` });
  expect(results(untested.ends)).toMatchObject({ image: "failure", prune: "skipped" });
  expect(imageCalls(untested.calls, second)).toEqual([dry(second), ...whole(second).slice(0, 2)]);

  const again = await play({ ...weekly, attempt: 2 }, { kept: keptOf(workflow, failed.ends) });
  expect(results(again.ends)).toMatchObject({ validate: "success", image: "success", prune: "success" });
  for (const variant of variants) expect(imageCalls(again.calls, variant)).toEqual(whole(variant));
  expect(again.calls.at(-1)).toBe("ami prune --keep 3");
});

test("an image that cannot be validated is not baked", async (context) => {
  const { play } = openMachine(context);
  const { ends, calls } = await play(weekly, { fails: `*${variants[0]} --dry-run` });
  expect(results(ends)).toMatchObject({ validate: "failure", image: "skipped", prune: "skipped" });
  expect(calls.filter((call) => !call.includes("--dry-run"))).toEqual([]);
});
