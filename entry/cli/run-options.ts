// The options that say which run a command is about, as GitHub's jobs know it.
import type { Option } from "./command.ts";

export const runIdOption: Option = {
  name: "run-id",
  value: "ID",
  variables: ["GITHUB_RUN_ID"],
  help: "id of the workflow run",
};
export const attemptOption: Option = {
  name: "attempt",
  value: "N",
  variables: ["GITHUB_RUN_ATTEMPT"],
  help: "attempt of the run",
};
export const repositoryOption: Option = {
  name: "repository",
  value: "OWNER/REPO",
  variables: ["GITHUB_REPOSITORY"],
  help: "repository of the run",
};
export const tokenOption: Option = {
  name: "github-token",
  variables: ["GITHUB_TOKEN"],
  secret: true,
  help: "a token that may administer the repository's runners",
};
