// The options that say which run a command is about, as GitHub's jobs know it.
import type { Option } from "./command.ts";

export const runIdOption: Option = {
  name: "run-id",
  value: "ID",
  variables: ["GITHUB_RUN_ID"],
  help: "the workflow run",
};
export const attemptOption: Option = {
  name: "attempt",
  value: "N",
  variables: ["GITHUB_RUN_ATTEMPT"],
  help: "its attempt",
};
export const repositoryOption: Option = {
  name: "repository",
  value: "OWNER/REPO",
  variables: ["GITHUB_REPOSITORY"],
  help: "its repository",
};
export const tokenOption: Option = {
  name: "github-token",
  variables: ["GITHUB_TOKEN"],
  secret: true,
  help: "a token that may administer the repository's runners",
};
