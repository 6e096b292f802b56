// The rules of what IAM takes: a trust policy's and a role's characters; and of how many launch templates there may be.
import { keptPartitions } from "./partitions.ts";
import { arnsOf, keptArchitectures, queuedClasses } from "./arns.ts";
import { provisionPolicy, refreshRolePolicy } from "./control-policy.ts";
import { deployPolicy } from "./deploy-policy.ts";
import type { Environment, Problem } from "./environment.ts";
import { isOwnServer, trustWorkflows, workflowsOf } from "./github-trust.ts";
import { imagePolicy } from "./image-policy.ts";
import { operatePolicy } from "./operate-policy.ts";
import type { Statement } from "./policy.ts";

/** IAM User Guide, "IAM and AWS STS quotas": characters of a trust policy, and of all inline policies of a role. */
const [mostOfTrust, mostOfRole] = [2048, 10_240];
/** Beyond this many launch templates a plan takes minutes. */
const mostTemplates = 400;

const charactersOf = (statements: readonly Statement[]): number =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements }).length;

/** Every part is as long as the environment's name, its region and its subnets are many: what can be done about it is said. */
function problemsOfRoles(environment: Environment): readonly Problem[] {
  const arns = arnsOf(environment);
  const { deployFrom, imagesFrom } = environment;
  const roles: readonly (readonly [path: string, role: string, statements: readonly Statement[]])[] = [
    ["network", "provision", provisionPolicy(environment, arns)],
    ["network", "refresh", refreshRolePolicy(environment, arns)],
    ...(deployFrom === undefined
      ? []
      : [
          ["deployFrom", "operate", operatePolicy(environment, arns)] as const,
          ["deployFrom", "deploy", deployPolicy(environment, arns)] as const,
        ]),
    ...(imagesFrom === undefined ? [] : [["imagesFrom", "images", imagePolicy(environment, arns)] as const]),
  ];
  return roles.flatMap(([path, role, statements]): Problem[] => {
    const characters = charactersOf(statements);
    const rule = `the role ${role} would have a policy of ${characters} characters, and IAM takes ${mostOfRole}: give the environment a shorter name, or fewer subnets`;
    return characters > mostOfRole ? [[path, rule]] : [];
  });
}

function problemsOfIds({ forge, deployFrom, imagesFrom }: Environment): readonly Problem[] {
  const named = [...forge.repositories, deployFrom?.repository, imagesFrom?.repository];
  return Object.keys(forge.repositoryIds).flatMap((repository): Problem[] => {
    const path = `forge.repositoryIds.${repository}`;
    if (isOwnServer(forge.serverUrl))
      return [[path, "is said in vain: tokens of an Enterprise Server name no numbers"]];
    return named.includes(repository)
      ? []
      : [[path, "is a repository that neither forge.repositories nor deployFrom nor imagesFrom names"]];
  });
}

export function problemsOfPolicies(environment: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  const trust = trustWorkflows(environment, workflowsOf(environment)).length;
  if (trust > mostOfTrust)
    problems.push([
      "forge.repositories",
      `make a trust policy of ${trust} characters; IAM takes ${mostOfTrust}: say forge.repositoryIds, which makes room, or divide them among environments`,
    ]);
  const { length: partitions } = Object.keys(keptPartitions(environment));
  const pools = queuedClasses(environment).length * keptArchitectures(environment).length;
  if (partitions * pools > mostTemplates)
    problems.push([
      "partitions",
      `${partitions} of them with ${pools} pools each make ${partitions * pools} launch templates, more than ${mostTemplates}: group repositories, or take fewer classes`,
    ]);
  return [...problems, ...problemsOfIds(environment), ...problemsOfRoles(environment)];
}
