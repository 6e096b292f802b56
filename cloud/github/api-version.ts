// The version of GitHub's REST API that our calls are written for.

/** GitHub REST, "API Versions": without this header GitHub serves its default version, which it may change. */
export const apiVersion = { "x-github-api-version": "2022-11-28" } as const;
