// The role that instances have, and the profile that carries it.
import type { TerraformStack } from "cdktf";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile/index.js";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy/index.js";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { instanceRoleName } from "../domain/names.ts";
import type { Arns } from "./arns.ts";
import type { Environment } from "./environment.ts";
import { instancePolicy } from "./instance-policy.ts";
import { policy, trustService } from "./policy.ts";

export function makeInstanceProfile(stack: TerraformStack, environment: Environment, arns: Arns): IamInstanceProfile {
  const name = instanceRoleName(environment.name);
  const role = new IamRole(stack, "instance-role", { name, assumeRolePolicy: trustService("ec2.amazonaws.com") });
  new IamRolePolicy(stack, "instance-policy", {
    name: "instance",
    role: role.name,
    policy: policy(instancePolicy(environment, arns)),
  });
  return new IamInstanceProfile(stack, "instance-profile", { name, role: role.name });
}
