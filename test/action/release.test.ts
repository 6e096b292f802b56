// A release's layout, made from a scratch repository: the action's commit runs the action, and the same source gives the same bytes.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle, executables } from "../../build/bundles.ts";
import { projectRoot, readActionFile } from "../workflow-runner/action-file.ts";
import { buildAction } from "./action-bench.ts";

const scratch = mkdtempSync(join(tmpdir(), "runpool-release-"));
const repository = join(scratch, "repository");
const who = { GIT_AUTHOR_NAME: "t", GIT_AUTHOR_EMAIL: "t@t", GIT_COMMITTER_NAME: "t", GIT_COMMITTER_EMAIL: "t@t" };
const sh = (program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, {
    cwd: repository,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: scratch, ...who },
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { version: string };
const release = (out: string): string => sh(join(projectRoot, ".ci/release.sh"), version, join(scratch, out));

beforeAll(async () => {
  mkdirSync(repository);
  for (const file of ["action.yml", "LICENSE", "README.md", ".gitignore", "package.json"])
    copyFileSync(join(projectRoot, file), join(repository, file));
  cpSync(join(projectRoot, ".github/workflows"), join(repository, ".github/workflows"), { recursive: true });
  const built = await buildAction();
  cpSync(join(built.folder, "dist"), join(repository, "dist"), { recursive: true });
  await built.remove();
  mkdirSync(join(repository, "dist", "npm"));
  for (const architecture of ["x64", "arm64"]) {
    mkdirSync(join(repository, "dist", "stock", architecture), { recursive: true });
    writeFileSync(join(repository, "dist", "stock", architecture, "install.sh"), architecture);
  }
  writeFileSync(join(repository, "dist", "npm", `runpool-${version}.tgz`), "the command line's package");
  sh("git", "init", "-q", "-b", "main");
  sh("git", "add", ".");
  sh("git", "commit", "-q", "-m", "source");
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("the action's commit holds what runs it, the workflows as they are and nothing else, and leaves the branch alone", () => {
  const before = sh("git", "rev-parse", "HEAD");
  const commit = release("one");
  const files = sh("git", "ls-tree", "-r", "--name-only", commit).split("\n");
  expect(files.filter((file) => !/^dist\/action\/[\w-]+\.mjs$/.test(file)).toSorted()).toEqual([
    ...sh("git", "ls-files", ".github/workflows").split("\n"),
    "LICENSE",
    "README.md",
    "action.yml",
  ]);
  const { runs } = readActionFile();
  expect(files).toContain(runs.main);
  expect(files).toContain(runs.post);
  expect(sh("git", "rev-parse", `${commit}^`)).toBe(before);
  // A push that changes or deletes a workflow is refused to the token of a workflow.
  expect(sh("git", "diff", "--name-only", before, commit, "--", ".github")).toBe("");
  expect(sh("git", "rev-parse", "HEAD")).toBe(before);
  expect(sh("git", "status", "--porcelain")).toBe("");
});

test("the same source gives the same commit and the same archive", () => {
  expect(release("two")).toBe(release("three"));
  const archive = (out: string) => readFileSync(join(scratch, out, `runpool-${version}.tar.gz`));
  expect(archive("two").equals(archive("three"))).toBe(true);
  expect(sh("sh", "-c", `cd ${join(scratch, "two")} && sha256sum --check SHA256SUMS`)).toBe(
    [`${version}.tar.gz`, `stock-${version}-arm64.tar.gz`, `stock-${version}-x64.tar.gz`, `${version}.tgz`]
      .map((name) => `runpool-${name}: OK`)
      .join("\n"),
  );
  // As an environment's `install` wants it: install.sh at its top.
  const stock = join(scratch, "two", `runpool-stock-${version}-arm64.tar.gz`);
  expect(sh("tar", "-xzOf", stock, "./install.sh")).toBe("arm64");
  const listed = sh("tar", "tzf", join(scratch, "two", `runpool-${version}.tar.gz`));
  expect(["action/action.mjs", "npm", "stock"].map((path) => listed.includes(`dist/${path}`))).toEqual([
    true,
    false,
    false,
  ]);
});

const verify = (out: string): string => sh(join(projectRoot, ".ci/verify-release.sh"), version, join(scratch, out));

/** A release whose commit is another, with its archives and checksums as they are: what a package run by the build could bring about. */
function releaseWith(out: string, commit: string): void {
  cpSync(join(scratch, "verified"), join(scratch, out), { recursive: true });
  sh("git", "update-ref", "refs/runpool/release", commit);
  sh("git", "bundle", "create", "--quiet", join(scratch, out, "action.bundle"), "HEAD..refs/runpool/release");
  sh("git", "update-ref", "-d", "refs/runpool/release");
}
/** The action's commit with one more file, or another in one's place. */
function committedWith(path: string, text: string): string {
  const index = { GIT_INDEX_FILE: join(scratch, "changed.index") };
  const blob = execFileSync("git", ["hash-object", "-w", "--stdin"], {
    cwd: repository,
    input: text,
    encoding: "utf8",
  });
  const git = (...args: readonly string[]): string =>
    execFileSync("git", args, { cwd: repository, encoding: "utf8", env: { ...process.env, ...who, ...index } }).trim();
  git("read-tree", honest);
  git("update-index", "--add", "--cacheinfo", `100644,${blob.trim()},${path}`);
  return git("commit-tree", git("write-tree"), "-p", "HEAD", "-m", "runpool");
}

let honest = "";
test("a job that built nothing verifies a release against its own source", () => {
  honest = release("verified");
  expect(verify("verified")).toBe(honest);
});

test.each([
  ["a workflow", ".github/workflows/ci.yml", "on: push"],
  ["action.yml", "action.yml", "runs: { using: docker }"],
  ["a file beside them", "dist/evil.mjs", "1"],
  ["a file of the source", "entry/cli/cli.ts", "1"],
])("a release that changes %s is refused", (name, path, text) => {
  const out = `changed-${name.replaceAll(/\W/g, "-")}`;
  releaseWith(out, committedWith(path, text));
  expect(() => verify(out)).toThrow(/refused: /);
});

test("a release that follows another commit is refused, and one that lacks the bundle", () => {
  releaseWith("orphan", sh("git", "commit-tree", `${honest}^{tree}`, "-m", "runpool"));
  expect(() => verify("orphan")).toThrow(/does not follow/);
  releaseWith("bare", sh("git", "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "runpool"));
  expect(() => verify("bare")).toThrow(/refused: the action's commit (holds|lacks)/);
});

test("a release whose archive was changed, or with a file more, is refused", () => {
  releaseWith("archive", honest);
  writeFileSync(join(scratch, "archive", `runpool-${version}.tgz`), "another");
  expect(() => verify("archive")).toThrow(/SHA256SUMS/);
  releaseWith("more", honest);
  writeFileSync(join(scratch, "more", "runpool-9.9.9.tgz"), "another");
  expect(() => verify("more")).toThrow(/other files/);
});

test("without a build, or without the package, there is no release", () => {
  rmSync(join(repository, "dist", "npm"), { recursive: true });
  expect(() => release("four")).toThrow(/npm run build:package/);
  rmSync(join(repository, "dist"), { recursive: true });
  expect(() => release("four")).toThrow(/npm run build/);
});

test("the action's bundle is reproducible, and carries neither an HTTP client of its own nor a path of this machine", async () => {
  const action = executables().find(({ name }) => name === "action");
  if (action === undefined) throw new Error("this checkout has no action");
  const texts = async (folder: string): Promise<readonly string[]> => {
    await bundle(action, join(scratch, folder));
    const files = readdirSync(join(scratch, folder, "action")).toSorted();
    return files.map((file) => `${file}\n${readFileSync(join(scratch, folder, "action", file), "utf8")}`);
  };
  const first = await texts("built-one");
  expect(await texts("built-two")).toEqual(first);
  const text = first.join("\n");
  expect(text).not.toContain(projectRoot);
  // What @actions/core would bring, were it loaded whole.
  for (const foreign of ["ACTIONS_ID_TOKEN_REQUEST_URL", "tunnelingAgent", "undici"])
    expect(text.includes(foreign), foreign).toBe(false);
});
