// What a job of examples/images/bake.yml finds on GitHub's machine: a repository to check out, and programs; those that reach beyond the machine are stand-ins.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { missing, onPath } from "../tools.ts";
import { projectRoot } from "./action-file.ts";
import type { HostedMachine } from "./stage.ts";

/** Why the jobs cannot be played on the machine of the test; undefined where they can. */
export const hostedMissing = (): string | undefined => missing("git", "jq", "npm", "flock");

const person = { name: "nobody", email: "nobody@example.org" };
const identity = {
  GIT_AUTHOR_NAME: person.name,
  GIT_AUTHOR_EMAIL: person.email,
  GIT_COMMITTER_NAME: person.name,
  GIT_COMMITTER_EMAIL: person.email,
};

/** A bare repository whose `main` is this checkout as it lies there, uncommitted work too. */
function openOrigin(folder: string, home: string) {
  const path = join(folder, "origin.git");
  const git = (...words: readonly string[]): string =>
    execFileSync("git", words, {
      cwd: projectRoot,
      env: { PATH: process.env["PATH"], HOME: home, ...identity },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const inside = (...words: readonly string[]): string => git(`--git-dir=${path}`, ...words);
  git("init", "--quiet", "--bare", "--initial-branch=main", path);
  inside(`--work-tree=${projectRoot}`, "add", "--all");
  inside(`--work-tree=${projectRoot}`, "commit", "--quiet", "-m", "all");
  return {
    checkOut: (workspace: string) => void git("clone", "--quiet", `file://${path}`, workspace),
    /** What `git show` says, e.g. of `ami-versions:ami/versions.json`. */
    show: (what: string) => inside("show", what),
    /** As a person's merge of a pull request. */
    merge: (branch: string) => void inside("update-ref", "refs/heads/main", `refs/heads/${branch}`),
  };
}

/**
 * Installing is a link to what is installed here. What is built depends on nothing but the code (test/stacks/inventory.test.ts), and takes seconds of all
 * processors: the first job builds, the others are given the same. Everything else is npm's own.
 */
const npm = (real: string, folder: string): string => `#!/bin/sh
case "$*" in
ci*) test -f package-lock.json && ln -s '${join(projectRoot, "node_modules")}' node_modules ;;
'run build')
  exec 9>'${folder}/building'
  flock 9
  if [ -d '${folder}/built' ]; then cp -r '${folder}/built' dist; else '${real}' run build && cp -r dist '${folder}/built'; fi
  ;;
*) exec '${real}' "$@" ;;
esac
`;
const packer = `#!/bin/sh
exec '${process.execPath}' '${join(import.meta.dirname, "packer-stand-in.ts")}' "$@"
`;
const gh = (log: string): string => `#!/bin/sh
printf '%s\\n' "$*" >>'${log}'
`;

export function openBakeMachine(folder: string, variables: Readonly<Record<string, string>>) {
  const [programs, home] = [join(folder, "programs"), join(folder, "home")];
  for (const one of [programs, home]) mkdirSync(one);
  const log = join(folder, "gh-calls");
  writeFileSync(log, "");
  const scripts = { npm: npm(onPath("npm") ?? "", folder), packer, gh: gh(log) };
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(programs, name), text);
    chmodSync(join(programs, name), 0o755);
  }
  // setup-node's.
  symlinkSync(process.execPath, join(programs, "node"));
  const machine: HostedMachine = { programs, variables: { HOME: home, ...variables } };
  return {
    machine,
    origin: openOrigin(folder, home),
    /** What GitHub's own command line was called with, a line a call. */
    ghCalls: () => readFileSync(log, "utf8"),
  };
}
