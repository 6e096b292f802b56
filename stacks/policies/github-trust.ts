// Which workflows may take a role: of GitHub's OIDC tokens the issuer, the subject, and what further claims must say.
import { wholeOwner } from "../../domain/configuration.ts";
import { stackNames } from "../arns.ts";
import type { Environment } from "../environment/environment.ts";
import { policy, type TrustStatement } from "./policy.ts";

type Forge = Environment["forge"];

/**
 * The issuer's host and path: of github.com, of ghe.com's tenants, of an own server (GitHub docs, "OpenID Connect reference"). An enterprise
 * may have asked for one of its own.
 */
export function oidcIssuer({ serverUrl, enterpriseIssuer }: Pick<Forge, "serverUrl" | "enterpriseIssuer">): string {
  const { host } = new URL(serverUrl);
  const path = enterpriseIssuer === undefined ? "" : `/${enterpriseIssuer}`;
  if (host === "github.com") return `token.actions.githubusercontent.com${path}`;
  return host.endsWith(".ghe.com") ? `token.actions.${host}${path}` : `${host}/_services/token`;
}

/** Its tokens name no numbers, and of them STS knows `aud` and `sub` alone. */
export const isOwnServer = (forge: Pick<Forge, "serverUrl">): boolean =>
  oidcIssuer({ serverUrl: forge.serverUrl, enterpriseIssuer: undefined }).endsWith("/_services/token");

/** Made by the account stack, or given: one per account and issuer. */
const oidcProviderArn = ({ given, awsPartition, account, forge }: Environment): string =>
  given.oidcProviderArn ?? `arn:${awsPartition}:iam::${account}:oidc-provider/${oidcIssuer(forge)}`;

/**
 * What STS knows of a token of github.com, an enterprise's issuer there, or ghe.com besides `aud` and `sub` (Service Authorization
 * Reference, "Condition keys for AWS Security Token Service"). `repository_owner` is not among it, nor is anything of an own server.
 */
type Claim = "environment" | "job_workflow_ref" | "ref" | "repository" | "repository_id" | "repository_owner_id";
type Claims = Readonly<Partial<Record<Claim, readonly string[]>>>;

/** Tokens that a role is given for: one of the subjects (`*` only where the claims say the rest), and every claim as it is here. */
export interface Trusted {
  readonly subjects: readonly string[];
  readonly claims?: Claims;
  /** Claims by patterns. */
  readonly like?: Claims;
}

export function trustWorkflows(environment: Environment, trusted: readonly Trusted[]): string {
  const issuer = oidcIssuer(environment.forge);
  const keys = (claims: Claims): Record<string, readonly string[]> =>
    Object.fromEntries(Object.entries(claims).map(([claim, values]) => [`${issuer}:${claim}`, values]));
  return policy(
    trusted.map(({ subjects, claims = {}, like = {} }, at): TrustStatement => {
      const sub = { [`${issuer}:sub`]: subjects };
      const exact = subjects.every((subject) => !subject.includes("*"));
      const patterns = { ...(exact ? {} : sub), ...keys(like) };
      return {
        Sid: `Workflows${at === 0 ? "" : at + 1}`,
        Effect: "Allow",
        Principal: { Federated: oidcProviderArn(environment) },
        Action: ["sts:AssumeRoleWithWebIdentity"],
        Condition: {
          StringEquals: { [`${issuer}:aud`]: "sts.amazonaws.com", ...(exact ? sub : {}), ...keys(claims) },
          ...(Object.keys(patterns).length === 0 ? {} : { StringLike: patterns }),
        },
      };
    }),
  );
}

/** Where a workflow runs, as its subject ends by default, and as a claim says it. Of an environment's name a subject has ":" as "%3A". */
interface Context {
  readonly subjects: readonly string[];
  readonly claims?: Claims;
  readonly like?: Claims;
}
const refsOf = (refs: readonly string[]): Context => ({
  subjects: refs.map((ref) => `ref:${ref}`),
  claims: { ref: refs },
});
const environmentsOf = (names: readonly string[]): Context => ({
  subjects: names.map((name) => `environment:${name.replaceAll(":", "%3A")}`),
  claims: { environment: names },
});
const everyRef: Context = { subjects: ["ref:refs/*"], like: { ref: ["refs/heads/*", "refs/tags/*"] } };
const everyPullRequest: Context = { subjects: ["pull_request"], like: { ref: ["refs/pull/*"] } };

/**
 * Runs of forks cannot have `id-token: write`, so they get no token and no role. Those of Dependabot have it where the workflow's
 * `permissions` say so, and their subject is any pull request's: this trust cannot tell them apart, only the workflow can (docs/forks.md;
 * GitHub docs, "Permissions for the GITHUB_TOKEN" and "Dependabot on GitHub Actions").
 */
export function provisionContexts({ provisionFrom }: Pick<Environment, "provisionFrom">): readonly Context[] {
  const { refs, pullRequests = refs === undefined, environments } = provisionFrom;
  const ofRefs = refs === undefined ? [everyRef] : refs.length === 0 ? [] : [refsOf(refs)];
  return [
    ...ofRefs,
    ...(pullRequests ? [everyPullRequest] : []),
    ...(environments.length === 0 ? [] : [environmentsOf(environments)]),
  ];
}

/** Beginnings of subjects, what they do not say by themselves, and the claims that name the repositories whatever the subject. */
interface Repositories {
  readonly named: readonly string[];
  /** Where nothing but the beginning can be relied on, that is all that is asked. */
  readonly whatever?: true;
  readonly claims: Claims;
  readonly pins: Claims;
}

/** A repository by its ids, which are never reused; at an own server by its name, which nobody else can claim there. */
function exactly({ forge }: Environment, repository: string): string | undefined {
  if (isOwnServer(forge)) return `repo:${repository}`;
  const [owner = "", name = ""] = repository.split("/");
  const [ownerId, id] = forge.repositoryIds[repository]?.split("/") ?? [];
  return id === undefined ? undefined : `repo:${owner}@${ownerId}/${name}@${id}`;
}

/**
 * Repositories that are known by their numbers, by their names, or by their owner. github.com names a repository in a subject by its names,
 * and, where it was made, renamed or transferred since 15 July 2026 or has asked for it, with the numbers of owner and repository (GitHub
 * docs, "Immutable subject claims").
 *
 * An administrator of another repository of the same owner chooses what its subjects say behind `repo:` and the names: another order, and
 * texts such as the workflow's name. A `*` before the end of a subject is met by such texts as well; so wherever there is one, a claim that
 * GitHub alone writes says which repository, or whose, it has to be (docs/decisions/0020).
 */
function repositoriesOf(environment: Environment, served: readonly string[]): readonly Repositories[] {
  const { forge } = environment;
  const owners = served.filter((one) => wholeOwner(one) !== undefined);
  const exact = served.flatMap((one) => (wholeOwner(one) === undefined ? (exactly(environment, one) ?? []) : []));
  const numbered = served.filter((one) => forge.repositoryIds[one]?.includes("/"));
  const names = served.filter((one) => wholeOwner(one) === undefined && exactly(environment, one) === undefined);
  const own = isOwnServer(forge);
  const ownerIds = owners.flatMap((one) => forge.repositoryIds[one] ?? []);
  const groups: readonly Repositories[] = [
    {
      named: exact,
      claims: {},
      pins: own ? {} : { repository_id: numbered.map((one) => forge.repositoryIds[one]?.split("/")[1] ?? "") },
    },
    {
      named: [...new Set(names.map((one) => one.split("/")[0]))].flatMap((owner) => [
        `repo:${owner}/*`,
        `repo:${owner}@*/*`,
      ]),
      claims: { repository: names },
      pins: { repository: names },
    },
    own
      ? { named: owners.map((one) => `repo:${one}`), whatever: true, claims: {}, pins: {} }
      : {
          named: owners.flatMap((one) => [`repo:${one}`, `repo:${wholeOwner(one)}@${forge.repositoryIds[one]}/*`]),
          claims: { repository_owner_id: ownerIds },
          pins: { repository_owner_id: ownerIds },
        },
  ];
  return groups.filter(({ named }) => named.length > 0);
}

/** Who provisions and releases, of these of the environment's repositories. */
export function trustedToProvision(environment: Environment, served: readonly string[]): readonly Trusted[] {
  const { workflows, subjects, refs, pullRequests, environments } = environment.provisionFrom;
  const contexts = provisionContexts(environment);
  const within: Claims = workflows === undefined ? {} : { job_workflow_ref: workflows };
  const repositories = repositoriesOf(environment, served);
  if (subjects === undefined) {
    const tails = contexts.flatMap((context) => context.subjects);
    return repositories.map(({ named, whatever, claims }) => ({
      subjects: whatever ? named : named.flatMap((one) => tails.map((tail) => `${one}:${tail}`)),
      claims: { ...claims, ...within },
    }));
  }
  // A subject of somebody's own making says of the ref and the environment what it likes: the claims do.
  const narrowed = refs !== undefined || pullRequests !== undefined || environments.length > 0;
  return repositories.flatMap(({ pins }) =>
    (narrowed ? contexts : [{ like: {} }]).map(({ claims, like }: Partial<Context>) => ({
      subjects,
      claims: { ...pins, ...claims, ...within },
      ...(like === undefined ? {} : { like }),
    })),
  );
}

/** The jobs of one repository in one context; subjects of a template besides, bound to both by claims. */
function trustedJobs(
  environment: Environment,
  repository: string,
  context: Context,
  subjects: readonly string[],
): readonly Trusted[] {
  const named = exactly(environment, repository);
  if (named === undefined)
    throw new Error(`no numbers of ${repository}: checked before (stacks/environment/check-trust.ts)`);
  const pins: Claims = isOwnServer(environment.forge)
    ? {}
    : { repository_id: [environment.forge.repositoryIds[repository]?.split("/")[1] ?? ""], ...context.claims };
  return [
    { subjects: context.subjects.map((subject) => `${named}:${subject}`) },
    ...(subjects.length === 0 ? [] : [{ subjects, claims: pins }]),
  ];
}

/** Jobs that name the GitHub environment: its protection rules then decide who may. */
export const trustedToDeploy = (environment: Environment, from: NonNullable<Environment["deployFrom"]>) =>
  trustedJobs(environment, from.repository, environmentsOf([from.githubEnvironment]), from.subjects);

/** Workflows of one branch or tag, scheduled ones among them. */
export const trustedToBake = (environment: Environment, from: NonNullable<Environment["imagesFrom"]>) =>
  trustedJobs(environment, from.repository, refsOf([from.ref]), from.subjects);

/** IAM User Guide, "IAM and AWS STS quotas": characters of a trust policy, which an account may have raised to 4,096. */
export const mostOfTrust = 2048;

/** A role that provisions and releases, and whose workflows take it. */
export interface ProvisionRole {
  readonly name: string;
  readonly served: readonly string[];
}

/**
 * As many roles as the repositories' trust needs, filled in the order of the file: one that is added at its end moves none of the others.
 * A repository whose owner is served as a whole needs no trust of its own.
 */
export function provisionRoles(environment: Environment): readonly ProvisionRole[] {
  const { repositories } = environment.forge;
  const trustedAlone = repositories.filter(
    (one) => wholeOwner(one) !== undefined || !repositories.includes(ownerOf(one)),
  );
  const groups: string[][] = [[]];
  for (const one of trustedAlone) {
    const last = groups.at(-1) as string[];
    const fits = trustWorkflows(environment, trustedToProvision(environment, [...last, one])).length <= mostOfTrust;
    if (fits || last.length === 0) last.push(one);
    else groups.push([one]);
  }
  const name = stackNames(environment.name).provisionRole;
  return groups.map((served, at) => ({ name: at === 0 ? name : `${name}-${at + 1}`, served }));
}

const ownerOf = (repository: string): string => `${repository.split("/")[0]}/*`;

/** By repository, and by `OWNER/*`, the name of the role that its workflows take. */
export function provisionRoleNames(environment: Environment): Readonly<Record<string, string>> {
  const names = new Map(provisionRoles(environment).flatMap(({ name, served }) => served.map((one) => [one, name])));
  return Object.fromEntries(
    environment.forge.repositories.map((one) => [one, names.get(one) ?? names.get(ownerOf(one)) ?? ""]),
  );
}
