// GitHub's OIDC tokens as a workflow gets them, with any template for their subject, and STS, which gives a role for them or not.
import { isAllowed, type PolicyStatement } from "./evaluate-policy.ts";

export interface Token {
  readonly iss: string;
  readonly claims: Readonly<Record<string, string>>;
}

/** Where a token is from, and what the people of its repository have chosen. */
export interface Origin {
  /** `OWNER/REPOSITORY`. */
  readonly repository: string;
  readonly ownerId?: string;
  readonly id?: string;
  readonly ref?: string;
  readonly event?: "push" | "pull_request";
  /** The GitHub environment of the job. */
  readonly environment?: string;
  /** The workflow's name, which may be any text. */
  readonly workflow?: string;
  readonly jobWorkflowRef?: string;
  /** Whether its subject has the numbers: of every repository that was made since 15 July 2026. */
  readonly immutable?: boolean;
  /** `include_claim_keys`; absent: GitHub's own subject. */
  readonly template?: readonly string[];
  readonly issuer?: string;
}

/** GitHub docs, "OpenID Connect reference": ":" in a value is written as "%3A", `repo` has the numbers in templates too. */
const encoded = (value: string): string => value.replaceAll(":", "%3A");

export function tokenOf(origin: Origin): Token {
  const { repository, ownerId = "900", id = "901", event = "push", environment, immutable = true } = origin;
  const [owner = "", name = ""] = repository.split("/");
  const ref = event === "pull_request" ? "refs/pull/7/merge" : (origin.ref ?? "refs/heads/main");
  const workflow = origin.workflow ?? "ci";
  const claims: Record<string, string> = {
    aud: "sts.amazonaws.com",
    repository,
    repository_id: id,
    repository_owner: owner,
    repository_owner_id: ownerId,
    ref,
    workflow,
    job_workflow_ref: origin.jobWorkflowRef ?? `${repository}/.github/workflows/ci.yml@${ref}`,
    actor: "mallory",
    repository_visibility: "private",
    ...(environment === undefined ? {} : { environment }),
  };
  const parts: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(claims).map(([key, value]) => [key, `${key}:${encoded(value)}`])),
    repo: `repo:${immutable ? `${owner}@${ownerId}/${name}@${id}` : repository}`,
    context:
      environment === undefined
        ? event === "pull_request"
          ? "pull_request"
          : `ref:${encoded(ref)}`
        : `environment:${encoded(environment)}`,
  };
  const sub = (origin.template ?? ["repo", "context"]).flatMap((key) => parts[key] ?? []).join(":");
  return { iss: origin.issuer ?? "token.actions.githubusercontent.com", claims: { ...claims, sub } };
}

/** Service Authorization Reference, "Condition keys for AWS Security Token Service": of github.com, its enterprises' issuers and ghe.com. */
const known = [
  "actor",
  "actor_id",
  "enterprise_id",
  "environment",
  "job_workflow_ref",
  "ref",
  "repository",
  "repository_id",
  "repository_owner_id",
  "workflow",
];
const isKnownIssuer = (iss: string): boolean =>
  /^token\.actions\.(githubusercontent\.com|[a-z0-9-]+\.ghe\.com)(\/[\w-]+)?$/.test(iss);

interface TrustStatement extends Omit<PolicyStatement, "Resource"> {
  readonly Principal: Readonly<Record<string, string>>;
}
const parsed = new Map<string, readonly TrustStatement[]>();
/** Read once, however many tokens come. */
export function trustIn(text: string): readonly TrustStatement[] {
  const statements =
    parsed.get(text) ?? (JSON.parse(text) as { readonly Statement: readonly TrustStatement[] }).Statement;
  parsed.set(text, statements);
  return statements;
}

/** Whether STS gives the role that has this trust policy to the bearer of a token. */
export function isTaken(trust: string, { iss, claims }: Token): boolean {
  const seen = ["aud", "sub", ...(isKnownIssuer(iss) ? known : [])];
  const context = Object.fromEntries(
    seen.flatMap((claim) => (claims[claim] === undefined ? [] : [[`${iss}:${claim}`, claims[claim]]])),
  );
  const statements = trustIn(trust)
    .filter(({ Principal }) => Principal["Federated"]?.endsWith(`:oidc-provider/${iss}`))
    .map((statement) => ({ ...statement, Resource: ["role"] }));
  return isAllowed(statements, { action: "sts:AssumeRoleWithWebIdentity", resource: "role", context });
}
