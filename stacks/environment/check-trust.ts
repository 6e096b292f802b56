// The rules of who may take the roles: nothing in an environment's file lets in more than it says.
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

/** GitHub's numbers, where names alone would let in others than are meant. */
function problemsOfIds({ forge, deployFrom, imagesFrom }: Environment): readonly Problem[] {
  const named = [...forge.repositories, deployFrom?.repository, imagesFrom?.repository];
  const problems = Object.entries(forge.repositoryIds).flatMap(([repository, ids]): Problem[] => {
    const path = `forge.repositoryIds.${repository}`;
    if (isOwnServer(forge)) return [[path, "has no effect: tokens of an Enterprise Server name no numbers"]];
    if (!named.includes(repository) && !isServed(forge, repository))
      return [[path, "is a repository that neither forge.repositories nor deployFrom nor imagesFrom names"]];
    const whole = wholeOwner(repository) !== undefined;
    return ids.includes("/") === whole
      ? [
          [
            path,
            whole
              ? "must be the owner's number alone, e.g. 123456"
              : "must be OWNER_ID/REPOSITORY_ID, e.g. 123456/456789",
          ],
        ]
      : [];
  });
  const [owners, known] = [new Map<string, string>(), Object.entries(forge.repositoryIds)];
  for (const [repository, ids] of known) {
    const [owner = "", id = ""] = [repository.split("/")[0], ids.split("/")[0]];
    const before = owners.get(owner) ?? id;
    if (before !== id)
      problems.push([
        `forge.repositoryIds.${repository}`,
        `says that ${owner} has the number ${id}, another entry ${before}`,
      ]);
    owners.set(owner, before);
  }
  if (isOwnServer(forge)) return problems;
  const demanded: readonly (readonly [path: string, repository: string | undefined, why: string])[] = [
    ...forge.repositories.map(
      (one, at) =>
        [
          `forge.repositories[${at}]`,
          wholeOwner(one) === undefined ? undefined : one,
          "lets in every repository of an owner, whose name another may have tomorrow",
        ] as const,
    ),
    ["deployFrom.repository", deployFrom?.repository, "lets in who changes what is deployed"],
    ["imagesFrom.repository", imagesFrom?.repository, "lets in who makes what machines boot from"],
  ];
  for (const [path, repository, why] of demanded)
    if (repository !== undefined && forge.repositoryIds[repository] === undefined)
      problems.push([path, `${why}: name it by its numbers too, in forge.repositoryIds: { ${howToFind(repository)} }`]);
  return problems;
}

/** Nobody knows the repositories of a whole owner when runners' places are prepared. */
const problemsOfOwners = ({ forge }: Environment): readonly Problem[] =>
  forge.repositories.flatMap((one, at): Problem[] => {
    const owner = wholeOwner(one);
    if (owner === undefined || forge.organisation !== undefined || forge.enterprise !== undefined) return [];
    return [
      [
        `forge.repositories[${at}]`,
        `"${one}" names no repository that runners could register at: say forge.organisation: "${owner}" too (or forge.enterprise); where ${owner} is a person, GitHub has no such place, and the repositories have to be named`,
      ],
    ];
  });

/** The repository that a subject begins with, `OWNER/*` for all of an owner; undefined where it begins with another claim. */
const repositoryIn = (subject: string): string | undefined => {
  const [, owner, name] = /^repo:([^@/:]+)(?:@\d+)?\/([^@/:]+)(?:@\d+)?(?=:|$)/.exec(subject) ?? [];
  return owner === undefined ? undefined : `${owner}/${name}`;
};

function problemsOfProvision(environment: Environment): readonly Problem[] {
  const { forge, provisionFrom } = environment;
  const { refs, pullRequests, environments, workflows, subjects } = provisionFrom;
  const problems: Problem[] = [];
  if (provisionContexts(environment).length === 0)
    problems.push(["provisionFrom", "lets in nobody: name refs, pullRequests: true or environments"]);
  for (const [at, subject] of (subjects ?? []).entries()) {
    const path = `provisionFrom.subjects[${at}]`;
    const repository = repositoryIn(subject);
    if (subject.startsWith("repo:") && (repository === undefined || !isServed(forge, repository)))
      problems.push([
        path,
        `"${subject}" names no repository of forge.repositories: repo:OWNER@OWNER_ID/REPOSITORY@REPOSITORY_ID:…`,
      ]);
    else if (isOwnServer(forge) && repository === undefined)
      problems.push([
        path,
        `"${subject}" must begin with repo:OWNER/REPOSITORY: of an Enterprise Server's tokens STS knows nothing else that says whose they are`,
      ]);
  }
  if (!isOwnServer(forge)) return problems;
  if (workflows !== undefined)
    problems.push([
      "provisionFrom.workflows",
      "has no effect: STS does not know job_workflow_ref of an Enterprise Server's tokens; put it into their subjects at the server, and name these in provisionFrom.subjects",
    ]);
  const narrowed = refs !== undefined || pullRequests !== undefined || environments.length > 0;
  if (narrowed && (subjects !== undefined || forge.repositories.some((one) => wholeOwner(one) !== undefined)))
    problems.push([
      "provisionFrom",
      "cannot tell refs, pull requests and environments of an Enterprise Server apart beside OWNER/* or subjects: STS knows nothing of its tokens but the subject; name the repositories, or give whole subjects",
    ]);
  return problems;
}

/** Where no claim says it, a subject does. */
function problemsOfSubjects({ forge, deployFrom, imagesFrom }: Environment): readonly Problem[] {
  if (!isOwnServer(forge)) return [];
  const among = (path: string, subjects: readonly string[], begins: string): Problem[] =>
    subjects.flatMap((subject, at) =>
      `${subject}:`.startsWith(`${begins}:`)
        ? []
        : [
            [
              `${path}.subjects[${at}]`,
              `must begin with ${begins}: of an Enterprise Server's tokens STS knows the subject alone`,
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
            `makes a trust policy of ${length} characters for ${served[0]} alone; IAM takes ${mostOfTrust}: name fewer`,
          ],
        ];
  });

export function problemsOfTrust(environment: Environment): readonly Problem[] {
  const { forge } = environment;
  const rules = [problemsOfIds, problemsOfOwners, problemsOfProvision, problemsOfSubjects];
  const problems = rules.flatMap((rule) => rule(environment));
  if (isOwnServer(forge) && forge.enterpriseIssuer !== undefined)
    problems.push(["forge.enterpriseIssuer", "has no effect: an Enterprise Server has one issuer"]);
  // What is wrong otherwise has no trust that could be measured.
  return problems.length > 0 ? problems : problemsOfLength(environment);
}
