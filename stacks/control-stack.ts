// Control: the lambdas (refresh on its schedule), and the roles that workflows take. Nothing here runs between two refreshes.
import { TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy/index.js";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile/index.js";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { imageBuildRoleName } from "../domain/names.ts";
import { arnsOf, stackNames, type Arns } from "./arns.ts";
import { provisionPolicy } from "./policies/control-policy.ts";
import { deployPolicy } from "./policies/deploy-policy.ts";
import { guardDestroy } from "./constructs/destroy-guard.ts";
import type { Environment } from "./environment/environment.ts";
import {
  provisionRoleNames,
  provisionRoles,
  trustedToBake,
  trustedToDeploy,
  trustedToProvision,
  trustWorkflows,
  type Trusted,
} from "./policies/github-trust.ts";
import { layGround } from "./constructs/ground.ts";
import { lambdasOf } from "./lambdas.ts";
import { policy, trustService, type Statement } from "./policies/policy.ts";
import { imageBuildPolicy, imagePolicy } from "./policies/image-policy.ts";
import type { LambdaCode } from "./constructs/lambda-bundle.ts";
import { operatePolicy } from "./policies/operate-policy.ts";
import { makeLambda } from "./constructs/lambda.ts";
import { giveRights } from "./policies/role-policies.ts";
import { ec2Principal } from "./environment/names-in-partition.ts";

const controlStackName = (environment: string): string => `${environment}-control`;

export function controlStack(scope: Construct, environment: Environment, code: LambdaCode): TerraformStack {
  const stack = new TerraformStack(scope, controlStackName(environment.name));
  layGround(stack, environment);
  for (const lambda of lambdasOf(environment)) makeLambda(stack, environment, lambda, code);

  const arns = arnsOf(environment);
  const names = stackNames(environment.name);
  const workflowRole = (id: string, name: string, trusted: readonly Trusted[], statements: readonly Statement[]) => {
    const role = new IamRole(stack, `${id}-role`, {
      name,
      assumeRolePolicy: trustWorkflows(environment, trusted),
      // GitHub's jobs may run for days; their credentials are fetched anew by the action where an hour is not enough.
      maxSessionDuration: 60 * 60,
    });
    giveRights(stack, id, role, name, statements);
  };
  // Provision and release: workflows of the environment's repositories, by as many roles as their trust needs; never forks (docs/forks.md).
  for (const [at, { name, served }] of provisionRoles(environment).entries()) {
    const id = at === 0 ? "provision" : `provision-${at + 1}`;
    workflowRole(id, name, trustedToProvision(environment, served), provisionPolicy(environment, arns));
  }
  new TerraformOutput(stack, "provision_roles", {
    description:
      "The role that the workflows of a repository take, by repository; OWNER/* is every other one of that owner",
    value: Object.fromEntries(
      Object.entries(provisionRoleNames(environment)).map(([served, name]) => [served, arns.iam(`role/${name}`)]),
    ),
  });
  const { deployFrom, imagesFrom } = environment;
  if (deployFrom !== undefined) {
    const trusted = trustedToDeploy(environment, deployFrom);
    workflowRole("operate", names.operateRole, trusted, operatePolicy(environment, arns));
    workflowRole("deploy", names.deployRole, trusted, deployPolicy(environment, arns));
  }
  if (imagesFrom !== undefined) {
    workflowRole("images", names.imagesRole, trustedToBake(environment, imagesFrom), imagePolicy(environment, arns));
    makeBuildProfile(stack, environment, arns);
  }
  guardDestroy(stack, environment);
  return stack;
}

/** What Packer gives to the machines that it builds on. */
function makeBuildProfile(stack: TerraformStack, environment: Environment, arns: Arns): void {
  const name = imageBuildRoleName(environment.name);
  const role = new IamRole(stack, "image-build-role", {
    name,
    assumeRolePolicy: trustService(ec2Principal(environment)),
  });
  new IamRolePolicy(stack, "image-build-policy", {
    name: "image-build",
    role: role.name,
    policy: policy(imageBuildPolicy(arns)),
  });
  new IamInstanceProfile(stack, "image-build-profile", { name, role: role.name });
}
