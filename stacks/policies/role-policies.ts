// The policies of a role, however long: what IAM's room for inline ones does not hold is a managed policy of its own.
import type { Construct } from "constructs";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy/index.js";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy/index.js";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { policy, type Statement } from "./policy.ts";

/** IAM User Guide, "IAM and AWS STS quotas": characters of all inline policies of a role, and of one managed policy. Blanks do not count. */
const most = { inline: 10_240, managed: 6_144 };

const charactersOf = (statements: readonly Statement[]): number =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements }).length;

/** In their order: as many as go inline, and the rest. */
function partsOf(
  statements: readonly Statement[],
): readonly [inline: readonly Statement[], managed: readonly Statement[]] {
  let count = statements.length;
  while (charactersOf(statements.slice(0, count)) > most.inline) count--;
  return [statements.slice(0, count), statements.slice(count)];
}

/** By how many characters a role's statements are too many for both. */
export const tooLongBy = (statements: readonly Statement[]): number =>
  Math.max(0, charactersOf(partsOf(statements)[1]) - most.managed);

/** `id`: of the role within its stack. The managed policy has the role's name, and is its alone. */
export function giveRights(
  stack: Construct,
  id: string,
  role: IamRole,
  name: string,
  statements: readonly Statement[],
): void {
  const [inline, managed] = partsOf(statements);
  new IamRolePolicy(stack, `${id}-policy`, { name: id, role: role.name, policy: policy(inline) });
  if (managed.length === 0) return;
  const more = new IamPolicy(stack, `${id}-more-policy`, { name, policy: policy(managed) });
  new IamRolePolicyAttachment(stack, `${id}-more`, { role: role.name, policyArn: more.arn });
}
