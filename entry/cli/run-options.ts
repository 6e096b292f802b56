// The options that say which run a command is about, as GitHub's jobs know it.
import type { Option } from "./command.ts";

export const runIdOption = {
  name: "run-id",
  value: "ID",
  variables: ["GITHUB_RUN_ID"],
  help: "id of the workflow run",
} as const satisfies Option;
export const attemptOption = {
  name: "attempt",
  value: "N",
  variables: ["GITHUB_RUN_ATTEMPT"],
  help: "attempt of the run",
} as const satisfies Option;
export const repositoryOption = {
  name: "repository",
  value: "OWNER/REPO",
  variables: ["GITHUB_REPOSITORY"],
  help: "repository of the run",
} as const satisfies Option;
export const tokenOption = {
  name: "github-token",
  variables: ["GITHUB_TOKEN"],
  secret: true,
  help: "a token that may administer the repository's runners",
} as const satisfies Option;
