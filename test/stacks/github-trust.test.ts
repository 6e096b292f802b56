// Whose tokens a role is taken by: subjects as GitHub writes them, of our repositories and of strangers'.
import { describe, expect, test } from "vitest";
import type { EnvironmentFile } from "../../stacks/environment.ts";
import { readEnvironment } from "../../stacks/check-environment.ts";
import { githubEnvironmentOf, refOf, trustWorkflows, workflowsOf } from "../../stacks/github-trust.ts";
import { like } from "./evaluate-policy.ts";
import { refusals } from "./refusals.ts";
import { exampleWith } from "./synthesized.ts";

const repositories = ["octo-org/octo-repo"];
const read = (forge: Partial<EnvironmentFile["forge"]> = {}) =>
  readEnvironment(exampleWith({ forge: { repositories, ...forge } }), "example");

/** Whether a role that these subjects may take is given to the bearer of a token. */
const isTaken = (subjects: readonly string[], subject: string): boolean =>
  subjects.some((pattern) => like(subject, pattern));

describe("by default, of a repository by its names, with and without the numbers behind them", () => {
  const subjects = workflowsOf(read());
  test.each([
    "repo:octo-org/octo-repo:ref:refs/heads/main",
    "repo:octo-org/octo-repo:ref:refs/tags/v1",
    "repo:octo-org/octo-repo:pull_request",
    "repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main",
    "repo:octo-org@123456/octo-repo@456789:ref:refs/heads/gh-readonly-queue/main/pr-1-abc",
    "repo:octo-org@123456/octo-repo@456789:pull_request",
  ])("%s is let in", (subject) => {
    expect(isTaken(subjects, subject)).toBe(true);
  });
  test.each([
    "repo:octo-org/octo-repo:environment:production",
    "repo:octo-org@1/octo-repo@2:environment:production",
    "repo:octo-org-evil/octo-repo:ref:refs/heads/main",
    "repo:octo-org-evil@1/octo-repo@2:ref:refs/heads/main",
    "repo:octo-org/octo-repo-evil:ref:refs/heads/main",
    "repo:octo-org@1/octo-repo-evil@2:pull_request",
    "repo:octo-org@1/other@2:ref:refs/heads/octo-org@1/octo-repo@2",
    "repo:octo-org@1/other@2:environment:/octo-repo@2%3Apull_request",
    "repo:evil@1/octo-repo@2:pull_request",
  ])("%s is not", (subject) => {
    expect(isTaken(subjects, subject)).toBe(false);
  });
});

test("with its numbers in the file a repository is trusted by them alone, also where it deploys or bakes", () => {
  const environment = read({ repositoryIds: { "octo-org/octo-repo": "12/34" } });
  expect(workflowsOf(environment)).toEqual([
    "repo:octo-org@12/octo-repo@34:ref:refs/*",
    "repo:octo-org@12/octo-repo@34:pull_request",
  ]);
  expect(refOf(environment, "octo-org/octo-repo", "refs/heads/main")).toEqual([
    "repo:octo-org@12/octo-repo@34:ref:refs/heads/main",
  ]);
  expect(githubEnvironmentOf(environment, "octo-org/octo-repo", "prod")).toEqual([
    "repo:octo-org@12/octo-repo@34:environment:prod",
  ]);
});

test("an own server's tokens name no numbers, so none are trusted there", () => {
  const own = { serverUrl: "https://ghes.example.org" };
  expect(workflowsOf(read(own)).join(" ")).not.toContain("@");
  const said = { ...own, repositories, repositoryIds: { "octo-org/octo-repo": "12/34" } };
  expect(refusals(exampleWith({ forge: said }))).toEqual([
    "x: forge.repositoryIds.octo-org/octo-repo: is said in vain: tokens of an Enterprise Server name no numbers",
  ]);
});

test("numbers of a repository that nothing names, and what are none, are refused", () => {
  const wrong = (repositoryIds: Record<string, string>) =>
    refusals(exampleWith({ forge: { repositories, repositoryIds } }));
  expect(wrong({ "octo-org/other": "12/34" })).toEqual([
    expect.stringMatching(/^x: forge\.repositoryIds\.octo-org\/other: is a repository that neither/),
  ]);
  for (const ids of ["12", "12/*", "*/34", "12/34/56", ""])
    expect(wrong({ "octo-org/octo-repo": ids })[0]).toMatch(/^x: forge\.repositoryIds\.octo-org\/octo-repo: must be/);
});

test("numbers make room for more repositories", () => {
  const many = Array.from({ length: 14 }, (_, at) => `octo-org/repository-${at}`);
  const repositoryIds = Object.fromEntries(many.map((name, at) => [name, `123456/${456_789 + at}`]));
  expect(refusals(exampleWith({ forge: { repositories: many } }))).toEqual([
    expect.stringContaining("say forge.repositoryIds"),
  ]);
  const environment = read({ repositories: many, repositoryIds });
  expect(trustWorkflows(environment, workflowsOf(environment)).length).toBeLessThan(2048);
});
