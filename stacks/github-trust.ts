// Which workflows may take a role: GitHub's OIDC provider, named repositories, and what of them.
import type { Environment } from "./environment.ts";
import { policy } from "./policy.ts";

/** The issuer's host and path: of github.com, of ghe.com's tenants, of an own server (GitHub docs, "OpenID Connect"). */
export function oidcIssuer(serverUrl: string): string {
  const { host } = new URL(serverUrl);
  if (host === "github.com") return "token.actions.githubusercontent.com";
  return host.endsWith(".ghe.com") ? `token.actions.${host}` : `${host}/_services/token`;
}

export const isOwnServer = (serverUrl: string): boolean => oidcIssuer(serverUrl).endsWith("/_services/token");

/** Made by the account stack, or given: one per account and issuer. */
const oidcProviderArn = ({ given, awsPartition, account, forge }: Environment): string =>
  given.oidcProviderArn ?? `arn:${awsPartition}:iam::${account}:oidc-provider/${oidcIssuer(forge.serverUrl)}`;

/**
 * A repository as the subjects of its tokens name it: by its names, and, where it was made, renamed or transferred at github.com since
 * 15 July 2026 or has asked for it, with the numbers of owner and repository behind them (GitHub changelog, "Immutable subject claims for
 * GitHub Actions OIDC tokens"; not at Enterprise Servers). No name holds "@", "/" or ":", so `@*` is nothing but a number. Where the file
 * says the numbers they alone are trusted.
 */
function namedInSubjects({ forge }: Environment, repository: string): readonly string[] {
  const [owner = "", name = ""] = repository.split("/");
  const ids = forge.repositoryIds[repository]?.split("/");
  if (ids !== undefined) return [`${owner}@${ids[0]}/${name}@${ids[1]}`];
  return isOwnServer(forge.serverUrl) ? [repository] : [repository, `${owner}@*/${name}@*`];
}

const subjectsOf = (environment: Environment, repository: string, ...of: readonly string[]): readonly string[] =>
  namedInSubjects(environment, repository).flatMap((named) => of.map((one) => `repo:${named}:${one}`));

/**
 * Every branch and tag of the environment's repositories, and their pull requests. Runs of forks cannot have `id-token: write`, so they get
 * no token and no role. Those of Dependabot have it where the workflow's `permissions` say so, and their subject is any pull request's:
 * this trust cannot tell them apart, only the workflow can (docs/forks.md; GitHub docs, "Permissions for the GITHUB_TOKEN" and "Dependabot
 * on GitHub Actions").
 */
export const workflowsOf = (environment: Environment): readonly string[] =>
  environment.forge.repositories.flatMap((repository) =>
    subjectsOf(environment, repository, "ref:refs/*", "pull_request"),
  );

/** Jobs that name a GitHub environment: its protection rules then decide who may. Of its name GitHub writes ":" as "%3A". */
export const githubEnvironmentOf = (environment: Environment, repository: string, name: string): readonly string[] =>
  subjectsOf(environment, repository, `environment:${name.replaceAll(":", "%3A")}`);

/** Workflows of one branch or tag, scheduled ones among them. */
export const refOf = (environment: Environment, repository: string, ref: string): readonly string[] =>
  subjectsOf(environment, repository, `ref:${ref}`);

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
