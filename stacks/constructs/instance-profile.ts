// The role that the instances of a partition have, and the profile that carries it.
import type { TerraformStack } from "cdktf";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile/index.js";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy/index.js";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { instanceRoleName } from "../../domain/names.ts";
import type { Arns } from "../arns.ts";
import type { Environment } from "../environment/environment.ts";
import { instancePolicy } from "../policies/instance-policy.ts";
import { partitionSuffix } from "../environment/partitions.ts";
import { policy, trustService } from "../policies/policy.ts";
import { ec2Principal } from "../environment/names-in-partition.ts";

/** Of one partition. */
export function makeInstanceProfile(
  stack: TerraformStack,
  environment: Environment,
  arns: Arns,
  partition: string,
): IamInstanceProfile {
  const suffix = partitionSuffix(partition);
  const name = `${instanceRoleName(environment.name)}${suffix}`;
  const role = new IamRole(stack, `instance-role${suffix}`, {
    name,
    description: `runpool: instances of ${partition}`,
    assumeRolePolicy: trustService(ec2Principal(environment)),
  });
  new IamRolePolicy(stack, `instance-policy${suffix}`, {
    name: "instance",
    role: role.name,
    policy: policy(instancePolicy(environment, arns, partition)),
  });
  return new IamInstanceProfile(stack, `instance-profile${suffix}`, { name, role: role.name });
}
