// Rules for who may assume the roles: nothing in an environment's file allows more than it says.
import { isServed, wholeOwner } from "../../domain/configuration.ts";
import type { Environment, Problem } from "./environment.ts";
import {
  isOwnServer,
  mostOfTrust,
  provisionContexts,
  provisionRoles,
  trustedToProvision,
  trustWorkflows,
} from "../policies/github-trust.ts";

const howToFind = (repository: string): string =>
  wholeOwner(repository) === undefined
    ? `"${repository}": "OWNER_ID/REPOSITORY_ID" as \`gh api repos/${repository} --jq '"\\(.owner.id)/\\(.id)"'\` prints it`
    : `"${repository}": "OWNER_ID" as \`gh api users/${wholeOwner(repository)} --jq .id\` prints it`;

/** GitHub's ids, where a name alone could come to mean another repository. */
function problemsOfIds({ forge, deployFrom, imagesFrom }: Environment): readonly Problem[] {
  const named = [...forge.repositories, deployFrom?.repository, imagesFrom?.repository];
  const problems = Object.entries(forge.repositoryIds).flatMap(([repository, ids]): Problem[] => {
    const path = `forge.repositoryIds.${repository}`;
    if (isOwnServer(forge)) return [[path, "has no effect: tokens of an Enterprise Server contain no ids"]];
    if (!named.includes(repository) && !isServed(forge, repository))
      return [[path, "is not a repository of forge.repositories, deployFrom or imagesFrom"]];
    const whole = wholeOwner(repository) !== undefined;
    return ids.includes("/") === whole
      ? [
          [
            path,
            whole ? "must be the owner's id alone, e.g. 123456" : "must be OWNER_ID/REPOSITORY_ID, e.g. 123456/456789",
          ],
        ]
      : [];
  });
  const [owners, known] = [new Map<string, string>(), Object.entries(forge.repositoryIds)];
  for (const [repository, ids] of known) {
    const [owner = "", id = ""] = [repository.split("/")[0], ids.split("/")[0]];
    const before = owners.get(owner) ?? id;
    if (before !== id)
      problems.push([`forge.repositoryIds.${repository}`, `gives ${owner} the id ${id}, another entry ${before}`]);
    owners.set(owner, before);
  }
  if (isOwnServer(forge)) return problems;
  const demanded: readonly (readonly [path: string, repository: string | undefined, why: string])[] = [
    ...forge.repositories.map(
      (one, at) =>
        [
          `forge.repositories[${at}]`,
          wholeOwner(one) === undefined ? undefined : one,
          "allows every repository of an owner, whose name somebody else could take over",
        ] as const,
    ),
    ["deployFrom.repository", deployFrom?.repository, "may change what is deployed"],
    ["imagesFrom.repository", imagesFrom?.repository, "may change what machines boot from"],
  ];
  for (const [path, repository, why] of demanded)
    if (repository !== undefined && forge.repositoryIds[repository] === undefined)
      problems.push([path, `${why}: add its ids, forge.repositoryIds: { ${howToFind(repository)} }`]);
  return problems;
}

/** Runners of a whole owner cannot register at its repositories, which are not known in advance. */
const problemsOfOwners = ({ forge }: Environment): readonly Problem[] =>
  forge.repositories.flatMap((one, at): Problem[] => {
    const owner = wholeOwner(one);
    if (owner === undefined || forge.organisation !== undefined || forge.enterprise !== undefined) return [];
    return [
      [
        `forge.repositories[${at}]`,
        `runners cannot register at "${one}": set forge.organisation: "${owner}" (or forge.enterprise); if ${owner} is a user, list the repositories instead`,
      ],
    ];
  });

/** The repository that a subject begins with, `OWNER/*` for a whole owner; undefined where it begins with another claim. */
const repositoryIn = (subject: string): string | undefined => {
  const [, owner, name] = /^repo:([^@/:]+)(?:@\d+)?\/([^@/:]+)(?:@\d+)?(?=:|$)/.exec(subject) ?? [];
  return owner === undefined ? undefined : `${owner}/${name}`;
};

function problemsOfProvision(environment: Environment): readonly Problem[] {
  const { forge, provisionFrom } = environment;
  const { refs, pullRequests, environments, workflows, subjects } = provisionFrom;
  const problems: Problem[] = [];
  if (provisionContexts(environment).length === 0)
    problems.push(["provisionFrom", "allows nobody: set refs, pullRequests: true or environments"]);
  for (const [at, subject] of (subjects ?? []).entries()) {
    const path = `provisionFrom.subjects[${at}]`;
    const repository = repositoryIn(subject);
    if (subject.startsWith("repo:") && (repository === undefined || !isServed(forge, repository)))
      problems.push([
        path,
        `"${subject}" is not of a repository of forge.repositories: repo:OWNER@OWNER_ID/REPOSITORY@REPOSITORY_ID:…`,
      ]);
    else if (isOwnServer(forge) && repository === undefined)
      problems.push([
        path,
        `"${subject}" must begin with repo:OWNER/REPOSITORY: nothing else in an Enterprise Server's tokens tells STS whose they are`,
      ]);
  }
  if (!isOwnServer(forge)) return problems;
  if (workflows !== undefined)
    problems.push([
      "provisionFrom.workflows",
      "has no effect: STS ignores job_workflow_ref of an Enterprise Server's tokens; put it into their subjects at the server, and list these in provisionFrom.subjects",
    ]);
  const narrowed = refs !== undefined || pullRequests !== undefined || environments.length > 0;
  if (narrowed && (subjects !== undefined || forge.repositories.some((one) => wholeOwner(one) !== undefined)))
    problems.push([
      "provisionFrom",
      "cannot restrict refs, pull requests or environments of an Enterprise Server beside OWNER/* or subjects: STS reads only the subject of its tokens; list the repositories, or give whole subjects",
    ]);
  return problems;
}

/** Subjects must say what no other claim says there. */
function problemsOfSubjects({ forge, deployFrom, imagesFrom }: Environment): readonly Problem[] {
  if (!isOwnServer(forge)) return [];
  const among = (path: string, subjects: readonly string[], begins: string): Problem[] =>
    subjects.flatMap((subject, at) =>
      `${subject}:`.startsWith(`${begins}:`)
        ? []
        : [
            [
              `${path}.subjects[${at}]`,
              `must begin with ${begins}: STS reads only the subject of an Enterprise Server's tokens`,
            ],
          ],
    );
  return [
    ...(deployFrom === undefined
      ? []
      : among(
          "deployFrom",
          deployFrom.subjects,
          `repo:${deployFrom.repository}:environment:${deployFrom.githubEnvironment}`,
        )),
    ...(imagesFrom === undefined
      ? []
      : among("imagesFrom", imagesFrom.subjects, `repo:${imagesFrom.repository}:ref:${imagesFrom.ref}`)),
  ];
}

/** However many roles there are, one entry has to fit into one. */
const problemsOfLength = (environment: Environment): readonly Problem[] =>
  provisionRoles(environment).flatMap(({ served }): Problem[] => {
    const { length } = trustWorkflows(environment, trustedToProvision(environment, served));
    return length <= mostOfTrust
      ? []
      : [
          [
            "provisionFrom",
            `makes a trust policy of ${length} characters for ${served[0]} alone; the maximum is ${mostOfTrust}: list fewer`,
          ],
        ];
  });

export function problemsOfTrust(environment: Environment): readonly Problem[] {
  const { forge } = environment;
  const rules = [problemsOfIds, problemsOfOwners, problemsOfProvision, problemsOfSubjects];
  const problems = rules.flatMap((rule) => rule(environment));
  if (isOwnServer(forge) && forge.enterpriseIssuer !== undefined)
    problems.push(["forge.enterpriseIssuer", "has no effect: an Enterprise Server has one issuer"]);
  // An invalid file has no trust policy whose length could be checked.
  return problems.length > 0 ? problems : problemsOfLength(environment);
}
