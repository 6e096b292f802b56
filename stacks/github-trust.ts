// Which workflows may take a role: GitHub's OIDC provider, named repositories, and what of them.
import type { Environment } from "./environment.ts";
import { policy } from "./policy.ts";

/** The issuer's host and path: of github.com, of ghe.com's tenants, of an own server (GitHub docs, "OpenID Connect"). */
export function oidcIssuer(serverUrl: string): string {
  const { host } = new URL(serverUrl);
  if (host === "github.com") return "token.actions.githubusercontent.com";
  return host.endsWith(".ghe.com") ? `token.actions.${host}` : `${host}/_services/token`;
}

/** Made by the account stack, or given: one per account and issuer. */
const oidcProviderArn = ({ given, awsPartition, account, forge }: Environment): string =>
  given.oidcProviderArn ?? `arn:${awsPartition}:iam::${account}:oidc-provider/${oidcIssuer(forge.serverUrl)}`;

/**
 * Every branch and tag of a repository, and its pull requests. Runs of forks cannot have `id-token: write`, so they get no token and
 * no role. Those of Dependabot have it where the workflow's `permissions` say so, and their subject is any pull request's: this trust
 * cannot tell them apart, only the workflow can (docs/forks.md; GitHub docs, "Permissions for the GITHUB_TOKEN" and "Dependabot on
 * GitHub Actions").
 */
export const workflowsOf = (repository: string): readonly string[] => [
  `repo:${repository}:ref:refs/*`,
  `repo:${repository}:pull_request`,
];

/** Jobs that name a GitHub environment: its protection rules then decide who may. */
export const githubEnvironmentOf = (repository: string, name: string): readonly string[] => [
  `repo:${repository}:environment:${name}`,
];

/** Workflows of one branch or tag, scheduled ones among them. */
export const refOf = (repository: string, ref: string): readonly string[] => [`repo:${repository}:ref:${ref}`];

export function trustWorkflows(environment: Environment, subjects: readonly string[]): string {
  const issuer = oidcIssuer(environment.forge.serverUrl);
  return policy([
    {
      Sid: "Workflows",
      Effect: "Allow",
      Principal: { Federated: oidcProviderArn(environment) },
      Action: ["sts:AssumeRoleWithWebIdentity"],
      Condition: {
        StringEquals: { [`${issuer}:aud`]: "sts.amazonaws.com" },
        StringLike: { [`${issuer}:sub`]: subjects },
      },
    },
  ]);
}
