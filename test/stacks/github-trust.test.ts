// Whose tokens take a role: our repositories', and whatever others can make of their own.
import { describe, expect, test } from "vitest";
import { resourcesOf, textOf } from "../../sim/stack-file.ts";
import dev from "../../environments/dev.ts";
import example from "../../environments/example.ts";
import prod from "../../environments/prod.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";
import { trustedToProvision, trustWorkflows } from "../../stacks/policies/github-trust.ts";
import { isTaken, tokenOf, trustIn, type Origin, type Token } from "./oidc-token.ts";
import { policyText } from "./evaluate-policy.ts";
import { exampleWith, synthesized } from "./synthesized.ts";

type Trusts = Readonly<Record<string, string>>;
const read = new Map<EnvironmentFile, Trusts>();
/** The trust policies of the roles that workflows take, by the roles' names. */
function trustsOf(file: EnvironmentFile): Trusts {
  const trusts = read.get(file) ?? synthesizedTrusts(file);
  read.set(file, trusts);
  return trusts;
}
function synthesizedTrusts(file: EnvironmentFile): Trusts {
  const control = synthesized(file)[`${file.name}-control`];
  if (control === undefined) throw new Error(`no control stack of ${file.name}`);
  return Object.fromEntries(
    resourcesOf(control, "aws_iam_role").flatMap(([, block]) => {
      const text = policyText(block, "assume_role_policy");
      return text.includes("AssumeRoleWithWebIdentity") ? [[textOf(block, "name"), text]] : [];
    }),
  );
}
const takenBy = (trusts: Trusts, token: Token): readonly string[] =>
  Object.entries(trusts).flatMap(([role, text]) => (isTaken(text, token) ? [role.replace(/^runpool-[^-]+-/, "")] : []));
/** Of an environment that is the example but for its forge and who provisions: the trust of its provision role. */
function provisionTrust(
  forge: Partial<EnvironmentFile["forge"]>,
  provisionFrom: EnvironmentFile["provisionFrom"] = {},
): string {
  const file = exampleWith({ forge: { repositories: ["octo-org/octo-repo"], ...forge }, provisionFrom });
  const environment = readEnvironment(file, "example");
  return trustWorkflows(environment, trustedToProvision(environment, environment.forge.repositories));
}

const numbers = { "octo-org/octo-repo": "1/2", "octo-org/infrastructure": "1/3" };
/** With every role. */
const everyRole = (forge: Partial<EnvironmentFile["forge"]> = {}): EnvironmentFile =>
  exampleWith({
    forge: { repositories: ["octo-org/octo-repo", "octo-org/docs"], repositoryIds: numbers, ...forge },
    deployFrom: { repository: "octo-org/infrastructure", githubEnvironment: "production" },
    imagesFrom: { repository: "octo-org/infrastructure" },
  });

describe("an admin of another repository gets no role, whatever template and names it has", () => {
  const keys = [
    "repo",
    "context",
    "workflow",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository_owner",
    "repository_id",
  ];
  /** All orders of up to three. */
  const templates = keys.flatMap((a) => [
    [a],
    ...keys.flatMap((b) => (a === b ? [] : [[a, b], ...keys.flatMap((c) => (c === a || c === b ? [] : [[a, b, c]]))])),
  ]);
  const victims = ["octo-repo", "docs", "infrastructure", "shop", "payments"];
  /** Texts that fill what a pattern leaves open. */
  const texts = victims.flatMap((name) => [
    `x/${name}@y`,
    `x/${name}@3:environment:production`,
    `repo:octo-org@1/${name}@3:ref:refs/heads/main`,
    `octo-org/${name}`,
  ]);
  const attackers: readonly Origin[] = [
    { repository: "octo-org/evil", ownerId: "1", id: "66" },
    { repository: "octo-org/octo-repo-evil", ownerId: "1", id: "67" },
    { repository: "octo-org-evil/octo-repo", ownerId: "77", id: "68" },
    { repository: "evil/infrastructure", ownerId: "78", id: "69" },
  ];
  const contexts = (text: string): readonly Partial<Origin>[] => [
    { workflow: text },
    { workflow: text, event: "pull_request" },
    { workflow: text, environment: "production" },
    { workflow: text, environment: "runpool-prod" },
    { environment: text },
    { ref: `refs/heads/${text}` },
  ];
  const origins = attackers.flatMap((attacker) =>
    templates.flatMap((template, at) => {
      // Each template meets each text with one attacker, each attacker each template: all pairs, without all triples.
      const text = texts[(at + attackers.indexOf(attacker)) % texts.length] as string;
      return contexts(text).flatMap((context) =>
        [true, false].map((immutable): Origin => ({ ...attacker, ...context, template, immutable })),
      );
    }),
  );
  const environments: readonly (readonly [string, EnvironmentFile])[] = [
    ["environments/dev.ts", dev],
    ["environments/example.ts", example],
    ["environments/prod.ts", prod],
    ["names alone", exampleWith({ forge: { repositories: ["octo-org/octo-repo", "octo-org/docs"] } })],
    ["every role", everyRole()],
  ];
  test.each(environments)("%s", (_, file) => {
    const trusts = trustsOf(file);
    expect(Object.keys(trusts).length).toBeGreaterThan(0);
    const through = origins.flatMap((origin) => {
      const token = tokenOf(origin);
      return takenBy(trusts, token).map((role) => `${role} TAKEN ${token.claims["sub"]}`);
    });
    expect(through.slice(0, 5)).toEqual([]);
  });
  test("subjects of the red team", () => {
    const trusts = { ...trustsOf(prod), ...trustsOf(example) };
    const evil: Origin = {
      repository: "octo-org/evil",
      ownerId: "1",
      id: "2",
      template: ["repo", "workflow", "context"],
    };
    for (const name of victims)
      for (const more of [
        {},
        { event: "pull_request" },
        { environment: "production" },
        { environment: "runpool-prod" },
      ] as const)
        expect(takenBy(trusts, tokenOf({ ...evil, ...more, workflow: `x/${name}@y` })), name).toEqual([]);
  });
});

test("no subject has a * before its end, but where a claim says which repository it is, or whose", () => {
  const owner = {
    repositories: ["octo-org/*"],
    organisation: "octo-org",
    repositoryIds: { ...numbers, "octo-org/*": "1" },
  };
  const files = [
    dev,
    example,
    prod,
    everyRole(),
    everyRole(owner),
    everyRole({ serverUrl: "https://ghes.example.org", repositoryIds: {} }),
  ];
  for (const file of files)
    for (const [role, text] of Object.entries(trustsOf(file)))
      for (const { Condition = {} } of trustIn(text)) {
        const keys = Object.keys(Condition["StringEquals"] ?? {});
        const pinned = keys.some((key) => /:(repository|repository_id|repository_owner_id)$/.test(key));
        const subjects = [Condition["StringEquals"], Condition["StringLike"]].flatMap((one) =>
          Object.entries(one ?? {}).flatMap(([key, value]) => (key.endsWith(":sub") ? value : [])),
        );
        expect(subjects.length, role).toBeGreaterThan(0);
        for (const subject of subjects)
          if (!pinned) expect(subject, `${file.name} ${role}`).toMatch(/^repo:[^*?]+\*?$/);
      }
});

describe("tokens of the environment's own repositories", () => {
  const ours = { repository: "octo-org/octo-repo", ownerId: "1", id: "2" };
  const may = (trust: string, origin: Partial<Origin> = {}): boolean => isTaken(trust, tokenOf({ ...ours, ...origin }));

  test("by names, with and without numbers in the subject: refs, tags and pull requests, and no GitHub environment", () => {
    const trust = provisionTrust({});
    for (const immutable of [true, false]) {
      expect(may(trust, { immutable })).toBe(true);
      expect(may(trust, { immutable, ref: "refs/tags/v1" })).toBe(true);
      expect(may(trust, { immutable, ref: "refs/heads/gh-readonly-queue/main/pr-1-abc" })).toBe(true);
      expect(may(trust, { immutable, event: "pull_request" })).toBe(true);
      expect(may(trust, { immutable, environment: "production" })).toBe(false);
    }
    expect(may(trust, { issuer: "token.actions.githubusercontent.com/octo" })).toBe(false);
  });

  test("by numbers: those alone, whoever has the names now, and no further claim is needed", () => {
    const trust = provisionTrust({ repositoryIds: { "octo-org/octo-repo": "1/2" } });
    expect(may(trust)).toBe(true);
    expect(may(trust, { event: "pull_request" })).toBe(true);
    expect(may(trust, { immutable: false })).toBe(false);
    expect(may(trust, { ownerId: "5" })).toBe(false);
    expect(may(trust, { id: "5" })).toBe(false);
    const { Condition } = trustIn(trust)[0] ?? {};
    expect(Object.keys(Condition?.["StringEquals"] ?? {})).toEqual(["token.actions.githubusercontent.com:aud"]);
  });

  test("at an Enterprise Server by names, of which STS knows the subject alone", () => {
    const iss = "ghes.example.org/_services/token";
    const trust = provisionTrust({ serverUrl: "https://ghes.example.org" });
    expect(may(trust, { immutable: false, issuer: iss })).toBe(true);
    expect(may(trust, { immutable: false })).toBe(false);
    expect(
      may(trust, {
        immutable: false,
        issuer: iss,
        repository: "octo-org/evil",
        workflow: "octo-repo",
        template: ["repo", "workflow"],
      }),
    ).toBe(false);
    const whole = provisionTrust({
      serverUrl: "https://ghes.example.org",
      repositories: ["octo-org/*"],
      organisation: "octo-org",
    });
    expect(may(whole, { immutable: false, issuer: iss, repository: "octo-org/anything" })).toBe(true);
    expect(may(whole, { immutable: false, issuer: iss, repository: "octo-org-evil/anything" })).toBe(false);
  });

  test("of a whole owner: every repository of it by the owner's number, and nobody who has its name later", () => {
    const trust = provisionTrust({
      repositories: ["octo-org/*"],
      organisation: "octo-org",
      repositoryIds: { "octo-org/*": "1" },
    });
    for (const immutable of [true, false]) {
      expect(may(trust, { immutable, repository: "octo-org/tomorrow", id: "99" })).toBe(true);
      expect(may(trust, { immutable, ownerId: "5" })).toBe(false);
      expect(may(trust, { immutable, repository: "octo-org-evil/tomorrow", ownerId: "5" })).toBe(false);
      expect(
        may(trust, {
          immutable,
          repository: "evil/octo-org",
          ownerId: "5",
          workflow: "octo-org/x",
          template: ["repo", "workflow", "context"],
        }),
      ).toBe(false);
      expect(may(trust, { immutable, environment: "production" })).toBe(false);
    }
  });

  test("of an enterprise with an issuer of its own: that one's alone", () => {
    const trust = provisionTrust({ enterpriseIssuer: "octo-inc" });
    expect(may(trust, { issuer: "token.actions.githubusercontent.com/octo-inc" })).toBe(true);
    expect(may(trust, { issuer: "token.actions.githubusercontent.com/other" })).toBe(false);
    expect(may(trust)).toBe(false);
    const tenant = provisionTrust({ serverUrl: "https://octo.ghe.com", enterpriseIssuer: "octo" });
    expect(may(tenant, { issuer: "token.actions.octo.ghe.com/octo" })).toBe(true);
    expect(may(tenant, { issuer: "token.actions.octo.ghe.com" })).toBe(false);
    const account = synthesized(
      exampleWith({ forge: { repositories: ["octo-org/octo-repo"], enterpriseIssuer: "octo-inc" } }),
    )["account-111122223333"];
    expect(JSON.stringify(account)).toContain('"url":"https://token.actions.githubusercontent.com/octo-inc"');
  });

  test("a ref that is named lets in nothing else: no other branch, no pull request, no GitHub environment", () => {
    for (const forge of [{}, { repositoryIds: { "octo-org/octo-repo": "1/2" } }]) {
      const trust = provisionTrust(forge, { refs: ["refs/heads/main", "refs/tags/v1"] });
      expect(may(trust)).toBe(true);
      expect(may(trust, { ref: "refs/tags/v1" })).toBe(true);
      expect(may(trust, { ref: "refs/heads/main2" })).toBe(false);
      expect(may(trust, { ref: "refs/heads/feature" })).toBe(false);
      expect(may(trust, { event: "pull_request" })).toBe(false);
      expect(may(trust, { environment: "production" })).toBe(false);
      expect(
        may(provisionTrust(forge, { refs: ["refs/heads/main"], pullRequests: true }), { event: "pull_request" }),
      ).toBe(true);
      expect(may(provisionTrust(forge, { pullRequests: false }), { event: "pull_request" })).toBe(false);
      expect(may(provisionTrust(forge, { pullRequests: false }), { ref: "refs/heads/feature" })).toBe(true);
    }
  });

  test("a GitHub environment that is named lets in its jobs, beside the others or alone", () => {
    const besides = provisionTrust({}, { environments: ["runners:eu", "staging"] });
    expect(may(besides, { environment: "runners:eu" })).toBe(true);
    expect(may(besides, { environment: "runners" })).toBe(false);
    expect(may(besides)).toBe(true);
    const alone = provisionTrust({}, { refs: [], environments: ["staging"] });
    expect(may(alone, { environment: "staging" })).toBe(true);
    expect(may(alone)).toBe(false);
    expect(may(alone, { event: "pull_request" })).toBe(false);
  });

  test("a reusable workflow that is named lets in only the jobs that are in it", () => {
    const ci = "octo-org/ci/.github/workflows/provision.yml@refs/heads/main";
    for (const forge of [
      {},
      { repositoryIds: { "octo-org/octo-repo": "1/2" } },
      { repositories: ["octo-org/*"], organisation: "octo-org", repositoryIds: { "octo-org/*": "1" } },
    ]) {
      const trust = provisionTrust(forge, { workflows: [ci] });
      expect(may(trust, { jobWorkflowRef: ci })).toBe(true);
      expect(may(trust, { jobWorkflowRef: ci, event: "pull_request" })).toBe(true);
      expect(may(trust)).toBe(false);
      expect(may(trust, { jobWorkflowRef: `${ci}-evil` })).toBe(false);
      expect(may(trust, { jobWorkflowRef: ci.replace("octo-org/ci", "octo-org/evil") })).toBe(false);
    }
  });

  test("subjects of a template are let in by their field, of the environment's repositories alone", () => {
    const template = ["repo", "context", "job_workflow_ref"];
    const trust = provisionTrust({}, { subjects: ["repo:octo-org@1/octo-repo@2:*", "workflow:ci"] });
    expect(may(trust, { template })).toBe(true);
    expect(may(trust, { template, event: "pull_request" })).toBe(true);
    expect(may(trust, { template: ["workflow"] })).toBe(true);
    // Anybody's subject may be this one: the claim says whose it is.
    expect(may(trust, { template: ["workflow"], repository: "octo-org/evil", id: "66" })).toBe(false);
    expect(may(trust, { template: ["workflow"], repository: "evil/octo-repo", ownerId: "5" })).toBe(false);
    const byId = provisionTrust({ repositoryIds: { "octo-org/octo-repo": "1/2" } }, { subjects: ["workflow:ci"] });
    expect(may(byId, { template: ["workflow"] })).toBe(true);
    expect(may(byId, { template: ["workflow"], id: "66" })).toBe(false);
    const onMain = provisionTrust(
      {},
      { subjects: ["repository_id:2"], refs: ["refs/heads/main"], environments: ["staging"] },
    );
    expect(may(onMain, { template: ["repository_id"] })).toBe(true);
    expect(may(onMain, { template: ["repository_id"], ref: "refs/heads/feature" })).toBe(false);
    expect(may(onMain, { template: ["repository_id"], event: "pull_request" })).toBe(false);
    expect(may(onMain, { template: ["repository_id"], ref: "refs/heads/feature", environment: "staging" })).toBe(true);
  });

  test("deploy, operate and images are taken by exact numbers, in the GitHub environment or of the ref", () => {
    const infrastructure = { repository: "octo-org/infrastructure", ownerId: "1", id: "3" };
    const taken = (origin: Partial<Origin>, file = everyRole()): readonly string[] =>
      takenBy(trustsOf(file), tokenOf({ ...infrastructure, ...origin }));
    expect(taken({ environment: "production" })).toEqual(["deploy", "operate"]);
    expect(taken({})).toEqual(["images"]);
    expect(taken({ ref: "refs/heads/other" })).toEqual([]);
    expect(taken({ environment: "staging" })).toEqual([]);
    expect(taken({ environment: "production", immutable: false })).toEqual([]);
    expect(taken({ environment: "production", id: "5" })).toEqual([]);
    expect(taken({ immutable: false })).toEqual([]);
  });

  test("a template's subject takes them only in the same GitHub environment, or of the same ref", () => {
    const file = everyRole();
    const customised = {
      ...file,
      deployFrom: { ...file.deployFrom, subjects: ["repository_id:3"] },
      imagesFrom: { ...file.imagesFrom, subjects: ["repository_id:3"] },
    } as EnvironmentFile;
    const trusts = trustsOf(customised);
    const taken = (origin: Partial<Origin>): readonly string[] =>
      takenBy(
        trusts,
        tokenOf({
          repository: "octo-org/infrastructure",
          ownerId: "1",
          id: "3",
          template: ["repository_id"],
          ...origin,
        }),
      );
    expect(taken({ environment: "production", ref: "refs/heads/feature" })).toEqual(["deploy", "operate"]);
    expect(taken({ environment: "staging", ref: "refs/heads/feature" })).toEqual([]);
    expect(taken({})).toEqual(["images"]);
    expect(taken({ ref: "refs/heads/feature" })).toEqual([]);
  });
});

describe("hundreds of repositories", () => {
  const names = Array.from({ length: 300 }, (_, at) => `octo-org/repository-${at}`);
  const ids = Object.fromEntries(names.map((name, at) => [name, `123456/${456_789 + at}`]));
  const fileOf = (repositories: readonly string[], repositoryIds = {}): EnvironmentFile =>
    exampleWith({
      forge: { repositories: [...repositories], repositoryIds, organisation: "octo-org" },
      partitions: { all: [...repositories] },
    });
  const rolesOf = (file: EnvironmentFile): Readonly<Record<string, string>> =>
    JSON.parse(JSON.stringify(synthesized(file)["example-control"]?.output?.["provision_roles"]?.["value"])) as Record<
      string,
      string
    >;

  test.each([
    ["by names", {}],
    ["by numbers", ids],
  ])("%s get as many roles as they need, and the output says which is whose", (_, repositoryIds) => {
    const file = fileOf(names, repositoryIds);
    const trusts = trustsOf(file);
    for (const [role, text] of Object.entries(trusts)) expect(text.length, role).toBeLessThanOrEqual(2048);
    const roles = rolesOf(file);
    expect(Object.keys(roles).toSorted()).toEqual(names.toSorted());
    expect(new Set(Object.values(roles)).size).toBe(Object.keys(trusts).length);
    for (const [at, repository] of names.entries()) {
      const role = roles[repository]?.split("/").at(-1) ?? "";
      const token = tokenOf({ repository, ownerId: "123456", id: String(456_789 + at) });
      expect(isTaken(trusts[role] ?? "", token), repository).toBe(true);
    }
  });

  test("one that is added at the end moves none of the others to another role", () => {
    const before = rolesOf(fileOf(names.slice(0, 120), Object.fromEntries(Object.entries(ids).slice(0, 120))));
    const after = rolesOf(fileOf(names.slice(0, 160), Object.fromEntries(Object.entries(ids).slice(0, 160))));
    for (const name of names.slice(0, 120)) expect(after[name], name).toBe(before[name]);
    expect(before[names[0] as string]).toMatch(/:role\/runpool-example-provision$/);
    expect(before[names[119] as string]).toMatch(/:role\/runpool-example-provision-\d+$/);
  });

  test("whose owner is served as a whole need no trust of their own, and take its role", () => {
    const file = exampleWith({
      forge: {
        repositories: ["octo-org/*", "octo-org/payments"],
        repositoryIds: { "octo-org/*": "1" },
        organisation: "octo-org",
      },
    });
    expect(Object.keys(trustsOf(file))).toEqual(["runpool-example-provision"]);
    const role = "arn:aws:iam::111122223333:role/runpool-example-provision";
    expect(rolesOf(file)).toEqual({ "octo-org/*": role, "octo-org/payments": role });
  });
});
