// The rules of what IAM takes of a role's policies, and of how many launch templates there may be.
import { keptPartitions } from "./partitions.ts";
import { arnsOf, keptMachines } from "../arns.ts";
import { lambdasOf } from "../lambdas.ts";
import { provisionPolicy } from "../policies/control-policy.ts";
import { deployPolicy } from "../policies/deploy-policy.ts";
import type { Environment, Problem } from "./environment.ts";
import { imagePolicy } from "../policies/image-policy.ts";
import { lambdaRole } from "../policies/lambda-policy.ts";
import { operatePolicy } from "../policies/operate-policy.ts";
import type { Statement } from "../policies/policy.ts";
import { tooLongBy } from "../policies/role-policies.ts";

/** Beyond this many launch templates a plan takes minutes. */
const mostTemplates = 400;

/** Every part is as long as the environment's name, its region and its subnets are many: what can be done about it is said. */
function problemsOfRoles(environment: Environment): readonly Problem[] {
  const arns = arnsOf(environment);
  const { deployFrom, imagesFrom } = environment;
  const roles: readonly (readonly [path: string, role: string, statements: readonly Statement[]])[] = [
    ["network", "provision", provisionPolicy(environment, arns)],
    ...lambdasOf(environment).map((lambda) => ["network", lambda.name, lambdaRole(environment, arns, lambda)] as const),
    ...(deployFrom === undefined
      ? []
      : [
          ["deployFrom", "operate", operatePolicy(environment, arns)] as const,
          ["deployFrom", "deploy", deployPolicy(environment, arns)] as const,
        ]),
    ...(imagesFrom === undefined ? [] : [["imagesFrom", "images", imagePolicy(environment, arns)] as const]),
  ];
  return roles.flatMap(([path, role, statements]): Problem[] => {
    const by = tooLongBy(statements);
    const rule = `the role ${role} would have policies that are ${by} characters too long for IAM: give the environment a shorter name, or fewer subnets`;
    return by > 0 ? [[path, rule]] : [];
  });
}

export function problemsOfPolicies(environment: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  const { length: partitions } = Object.keys(keptPartitions(environment));
  const pools = keptMachines(environment).length;
  if (partitions * pools > mostTemplates)
    problems.push([
      "partitions",
      `${partitions} of them with ${pools} pools each make ${partitions * pools} launch templates, more than ${mostTemplates}: group repositories, or take fewer classes`,
    ]);
  return [...problems, ...problemsOfRoles(environment)];
}
