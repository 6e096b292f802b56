// What of an environment's file would let in more than it says, or nobody: refused by its field, with the reason and the right form.
import { expect, test } from "vitest";
import { adviceOf } from "../../stacks/environment/advice.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import { eachIsRefused, refusals } from "./refusals.ts";
import { exampleWith } from "./synthesized.ts";

const repositories = ["octo-org/octo-repo", "octo-org/docs"];
const forge = (changes: object) => ({ forge: { repositories, ...changes } });
const server = { serverUrl: "https://ghes.example.org" };
const whole = (changes: object = {}) =>
  forge({ repositories: ["octo-org/*"], repositoryIds: { "octo-org/*": "12" }, organisation: "octo-org", ...changes });
const from = (provisionFrom: object) => ({ provisionFrom });
const each = (field: string, said: string, values: readonly string[]) =>
  values.map(
    (value) =>
      [
        `${field} "${value}"`,
        from({ [field]: [value] }),
        new RegExp(String.raw`^x: provisionFrom\.${field}\[0\]: ${said}`),
      ] as const,
  );
const ci = "octo-org/ci/.github/workflows/provision.yml";

eachIsRefused([
  ...[
    "octo-org/octo-*",
    "*/octo-repo",
    "*/*",
    "octo-org/?",
    "octo-org@12/octo-repo@34",
    "octo-org/**",
    "octo-org/*:x",
  ].map(
    (repository) =>
      [
        `the repository "${repository}"`,
        forge({ repositories: [repository] }),
        /^x: forge\.repositories\[0\]: must be OWNER\/REPOSITORY, or OWNER\/\* for every repository of an owner$/,
      ] as const,
  ),
  ...["12", "12/*", "*/34", "12/34/56", "", "0/1", "12/34:ref"].map(
    (ids) =>
      [
        `the numbers "${ids}"`,
        forge({ repositoryIds: { "octo-org/docs": ids } }),
        /^x: forge\.repositoryIds\.octo-org\/docs: must be OWNER_ID\/REPOSITORY_ID, e\.g\. 123456\/456789/,
      ] as const,
  ),
  [
    "numbers of a repository that nothing names",
    forge({ repositoryIds: { "octo-org/other": "12/34" } }),
    /^x: forge\.repositoryIds\.octo-org\/other: is not a repository of forge\.repositories, deployFrom or imagesFrom$/,
  ],
  [
    "two numbers of one owner",
    forge({ repositoryIds: { "octo-org/octo-repo": "12/34", "octo-org/docs": "13/35" } }),
    /^x: forge\.repositoryIds\.octo-org\/docs: gives octo-org the id 13, another entry 12$/,
  ],
  [
    "numbers at an own server",
    forge({ ...server, repositoryIds: { "octo-org/docs": "12/34" } }),
    /^x: forge\.repositoryIds\.octo-org\/docs: has no effect: tokens of an Enterprise Server contain no ids$/,
  ],
  [
    "a whole owner without its number",
    whole({ repositoryIds: {} }),
    /^x: forge\.repositories\[0\]: allows every repository of an owner, .* forge\.repositoryIds: \{ "octo-org\/\*": "OWNER_ID" as `gh api users\/octo-org --jq \.id` prints it \}$/,
  ],
  [
    "a whole owner with a repository's numbers",
    whole({ repositoryIds: { "octo-org/*": "12/34" } }),
    /^x: forge\.repositoryIds\.octo-org\/\*: must be the owner's id alone, e\.g\. 123456$/,
  ],
  [
    "a whole owner whose runners have no place",
    whole({ organisation: undefined }),
    /^x: forge\.repositories\[0\]: .* set forge\.organisation: "octo-org"/,
  ],
  [
    "a whole owner that is not the organisation",
    whole({ organisation: "other" }),
    /^x: forge\.repositories\[0\]: "octo-org\/\*" does not belong to forge\.organisation/,
  ],
  [
    "who deploys, by names alone",
    { deployFrom: { repository: "octo-org/infrastructure", githubEnvironment: "prod" } },
    /^x: deployFrom\.repository: may change what is deployed: .*"octo-org\/infrastructure": "OWNER_ID\/REPOSITORY_ID" as `gh api repos\/octo-org\/infrastructure --jq/,
  ],
  [
    "who bakes images, by names alone",
    { imagesFrom: { repository: "octo-org/infrastructure" } },
    /^x: imagesFrom\.repository: may change what machines boot from: .*OWNER_ID\/REPOSITORY_ID/,
  ],
  [
    "who deploys, by the number of a whole owner",
    { ...whole(), deployFrom: { repository: "octo-org/infrastructure", githubEnvironment: "prod" } },
    /^x: deployFrom\.repository: may change what is deployed/,
  ],
  [
    "nobody who provisions",
    from({ refs: [] }),
    /^x: provisionFrom: allows nobody: set refs, pullRequests: true or environments$/,
  ],
  ...each("refs", "must name one branch or tag, e\\.g\\. refs/heads/main", [
    "*",
    "main",
    "refs/*",
    "refs/heads/*",
    "refs/heads/release-?",
    "refs/heads/${x}",
    "refs/heads/",
    "refs/heads/a:b",
    "refs/pull/1/merge",
    "refs/pull/*",
  ]),
  ...each("environments", "must name one environment", ["*", "prod-?", "${aws:username}"]),
  ...each("workflows", "must name one workflow at one branch, tag or commit, e\\.g\\. octo-org/ci", [
    ci,
    `${ci}@*`,
    `${ci}@main`,
    `${ci}@refs/heads/*`,
    `${ci}@refs/pull/7/merge`,
    `${ci}@refs/heads/main:x`,
    `${ci}@abc123`,
    "octo-org/*/.github/workflows/provision.yml@refs/heads/main",
    "octo-org/ci/.github/workflows/*@refs/heads/main",
    "octo-org/ci/provision.yml@refs/heads/main",
    "./.github/workflows/provision.yml@refs/heads/main",
  ]),
  ...each("subjects", "must begin with a claim's name and its value", [
    "*",
    "octo-org/octo-repo",
    "repo:*",
    ":repo",
    "repo:",
    "repo::x",
  ]),
  ...each("subjects", "must be one subject, or all that begin with one", [
    "repo:octo-org@*/octo-repo@*:*",
    "repo:octo-org/octo-repo*",
    "repo:octo-org/octo-repo:ref:refs/heads/?",
    "repo:octo-org/octo-repo:environment:${x}",
  ]),
  ...each("subjects", "has a : with nothing behind it", [
    "repo:octo-org/octo-repo:",
    "repo:octo-org/octo-repo::pull_request",
  ]),
  ...each("subjects", '".*" is not of a repository of forge\\.repositories', [
    "repo:octo-org/other:pull_request",
    "repo:octo-org@12/other@34:*",
    "repo:octo-org/*",
    "repo:octo-org:pull_request",
  ]),
  [
    "a template's subject that deploys and is a pattern",
    { deployFrom: { repository: "octo-org/docs", githubEnvironment: "prod", subjects: ["repo:octo-org@1/docs@2:*"] } },
    /^x: deployFrom\.subjects\[0\]: must be one subject: no \*, \? or \$$/,
  ],
  [
    "a template's subject that bakes and is a pattern",
    { imagesFrom: { repository: "octo-org/docs", subjects: ["repository_id:?"] } },
    /^x: imagesFrom\.subjects\[0\]: must be/,
  ],
  [
    "a workflow of an own server, whose tokens say it to nobody",
    { ...forge(server), ...from({ workflows: [`${ci}@refs/heads/main`] }) },
    /^x: provisionFrom\.workflows: has no effect: STS ignores job_workflow_ref/,
  ],
  [
    "a subject of an own server that names no repository",
    { ...forge(server), ...from({ subjects: ["workflow:ci"] }) },
    /^x: provisionFrom\.subjects\[0\]: "workflow:ci" must begin with repo:OWNER\/REPOSITORY/,
  ],
  [
    "a ref of a whole owner at an own server",
    {
      ...forge({ ...server, repositories: ["octo-org/*"], organisation: "octo-org" }),
      ...from({ refs: ["refs/heads/main"] }),
    },
    /^x: provisionFrom: cannot restrict refs, pull requests or environments of an Enterprise Server/,
  ],
  [
    "another environment's subject that deploys, at an own server",
    {
      ...forge(server),
      deployFrom: {
        repository: "octo-org/docs",
        githubEnvironment: "prod",
        subjects: ["repo:octo-org/docs:environment:prod2"],
      },
    },
    /^x: deployFrom\.subjects\[0\]: must begin with repo:octo-org\/docs:environment:prod/,
  ],
  [
    "an own issuer of an Enterprise Server",
    forge({ ...server, enterpriseIssuer: "octo" }),
    /^x: forge\.enterpriseIssuer: has no effect/,
  ],
  ["an issuer by its address", forge({ enterpriseIssuer: "octo/../x" }), /^x: forge\.enterpriseIssuer: must be a name/],
  [
    "more subjects than a trust policy holds",
    from({
      subjects: Array.from({ length: 60 }, (_, at) => `repo:octo-org@1/octo-repo@2:environment:environment-${at}`),
    }),
    /^x: provisionFrom: makes a trust policy of \d+ characters for octo-org\/octo-repo alone; the maximum is 2048/,
  ],
]);

test("what is meant as it is written is taken", () => {
  const ids = { "octo-org/docs": "12/34" };
  const right: readonly object[] = [
    whole(),
    whole({ repositories: ["octo-org/*", "octo-org/docs"] }),
    {
      ...whole({ repositories: ["octo-org/*", "octo-org/docs"] }),
      partitions: { web: ["octo-org/docs", "octo-org/shop"] },
    },
    whole({ organisation: undefined, enterprise: "octo" }),
    forge({ ...server, repositories: ["octo-org/*"], organisation: "octo-org" }),
    {
      ...forge(server),
      deployFrom: { repository: "octo-org/docs", githubEnvironment: "prod" },
      imagesFrom: { repository: "octo-org/docs" },
    },
    {
      ...forge({ repositoryIds: ids }),
      deployFrom: { repository: "octo-org/docs", githubEnvironment: "prod", subjects: ["repository_id:34"] },
      imagesFrom: { repository: "octo-org/docs", ref: "refs/tags/v1", subjects: ["repo:octo-org@12/docs@34"] },
    },
    from({ refs: ["refs/heads/main", "refs/heads/release/1.2"], pullRequests: true, environments: ["prod:eu", "a b"] }),
    from({ workflows: [`${ci}@refs/heads/main`, `${ci}@refs/tags/v1`, `${ci}@${"a".repeat(40)}`] }),
    from({
      subjects: [
        "repo:octo-org/octo-repo:*",
        "repo:octo-org@12/docs@34:ref:refs/heads/*",
        "job_workflow_ref:octo-org/ci/.github/workflows/x.yml@refs/heads/main",
      ],
    }),
    { ...whole(), ...from({ subjects: ["repo:octo-org@12/*"] }) },
  ];
  for (const changes of right) expect(refusals(exampleWith(changes)), JSON.stringify(changes)).toEqual([]);
});

test("synthesis says what credential an enterprise needs, and that there are several roles; of the example it has nothing to say", () => {
  expect(adviceOf(readEnvironment(exampleWith({}), "x"))).toEqual([]);
  expect(adviceOf(readEnvironment(exampleWith(forge({ enterprise: "octo" })), "x"))).toEqual([
    [
      "forge.enterprise",
      expect.stringMatching(/^\/runpool\/example\/forge-credential must hold a classic PAT .*no App/),
    ],
  ]);
  const many = Array.from({ length: 100 }, (_, at) => `octo-org/repository-${at}`);
  const file = exampleWith({ ...forge({ repositories: many, organisation: "octo-org" }), partitions: { all: many } });
  expect(adviceOf(readEnvironment(file, "x"))).toEqual([
    [
      "forge.repositories",
      expect.stringMatching(/^make \d roles, runpool-example-provision to runpool-example-provision-\d: the output/),
    ],
  ]);
});
