// Control: refresh on its schedule, and the roles that workflows take. Nothing here runs between two refreshes.
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy/index.js";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { arnsOf, stackNames } from "./arns.ts";
import { provisionPolicy } from "./control-policy.ts";
import { deployPolicy } from "./deploy-policy.ts";
import type { Environment } from "./environment.ts";
import { githubEnvironmentOf, trustWorkflows, workflowsOf } from "./github-trust.ts";
import { layGround } from "./ground.ts";
import { policy, type Statement } from "./policy.ts";
import type { LambdaCode } from "./lambda-bundle.ts";
import { operatePolicy } from "./operate-policy.ts";
import { makeRefresh } from "./refresh-lambda.ts";

const controlStackName = (environment: string): string => `${environment}-control`;

export function controlStack(scope: Construct, environment: Environment, code: LambdaCode): TerraformStack {
  const stack = new TerraformStack(scope, controlStackName(environment.name));
  layGround(stack, environment);
  makeRefresh(stack, environment, code);

  const arns = arnsOf(environment);
  const names = stackNames(environment.name);
  const { repositories } = environment.forge;
  const workflowRole = (id: string, name: string, subjects: readonly string[], statements: readonly Statement[]) => {
    const role = new IamRole(stack, `${id}-role`, {
      name,
      assumeRolePolicy: trustWorkflows(environment, subjects),
      // GitHub's jobs may run for days; their credentials are fetched anew by the action where an hour is not enough.
      maxSessionDuration: 60 * 60,
    });
    new IamRolePolicy(stack, `${id}-policy`, { name: id, role: role.name, policy: policy(statements) });
  };
  // Provision and release: every branch, tag and pull request of the named repositories; never forks or Dependabot.
  workflowRole("provision", names.provisionRole, repositories.flatMap(workflowsOf), provisionPolicy(environment, arns));
  if (environment.deployFrom !== undefined) {
    const { repository, githubEnvironment } = environment.deployFrom;
    const subjects = githubEnvironmentOf(repository, githubEnvironment);
    workflowRole("operate", names.operateRole, subjects, operatePolicy(environment, arns));
    workflowRole("deploy", names.deployRole, subjects, deployPolicy(environment, arns));
  }
  return stack;
}
