// What an instance's role must be allowed, and what it must be denied: the calls, and the judgement of their answers. Pure.
import type { InstanceRole, RoleAnswer, RoleCall } from "../../../cloud/ports/doctor.ts";
import { queueName } from "../../../domain/class-keys.ts";
import {
  forgeCredentialParameter,
  instanceKey,
  instanceRoleName,
  registrationTokenParameter,
  type Place,
} from "../../../domain/names.ts";
import { agentAttributes } from "../../../domain/record.ts";
import { defaultsKey } from "../../../domain/table.ts";
import { fail, ok, skipped, type Check } from "./check.ts";

export interface RoleContext {
  readonly place: Place;
  readonly environment: string;
  readonly instanceId: string;
  /** What the instance's tags say; the token of no other partition is asked for. */
  readonly partition: string | undefined;
  readonly resourceClass: string | undefined;
}

interface RoleTrial {
  readonly name: string;
  readonly call: RoleCall;
  readonly expected: "allowed" | "denied";
}

/** Another machine's id: the last digit is another one. It need not exist: denial comes before the look. */
const neighbourOf = (instanceId: string): string => `${instanceId.slice(0, -1)}${instanceId.endsWith("0") ? "1" : "0"}`;

function roleTrials({ place, environment, instanceId, partition, resourceClass }: RoleContext): readonly RoleTrial[] {
  const own = instanceKey(place, instanceId);
  const other = instanceKey(place, neighbourOf(instanceId));
  const allowed = (name: string, call: RoleCall): RoleTrial => ({ name, call, expected: "allowed" });
  const denied = (name: string, call: RoleCall): RoleTrial => ({ name, call, expected: "denied" });
  return [
    allowed("read own item", { kind: "read-item", key: own }),
    allowed("report in own item", { kind: "update-item", key: own, attributes: agentAttributes }),
    ...(partition === undefined
      ? []
      : [
          allowed("read own registration token", {
            kind: "read-parameter",
            name: registrationTokenParameter(environment, partition),
          }),
        ]),
    denied("read another's item", { kind: "read-item", key: other }),
    denied("read the configuration", { kind: "read-item", key: defaultsKey }),
    denied("write another's item", { kind: "update-item", key: other, attributes: ["heartbeatAt"] }),
    ...["state", "owner", "threshold", "wanted"].map((attribute) =>
      denied(`write own ${attribute}`, { kind: "update-item", key: own, attributes: [attribute] }),
    ),
    denied("delete own item", { kind: "delete-item", key: own }),
    denied("scan the table", { kind: "scan-table" }),
    denied("read the App's key", { kind: "read-parameter", name: forgeCredentialParameter(environment) }),
    ...(resourceClass === undefined
      ? []
      : [denied("use the pool's queue", { kind: "use-queue", queue: queueName(environment, resourceClass) })]),
    denied("end itself by EC2", { kind: "end-machine", instanceId }),
  ];
}

/** The ARN's session of an instance's role is the instance's id (IAM User Guide, "AWS STS identifiers", assumed roles). */
function judgeRoleCaller(arn: string, { environment, instanceId }: RoleContext): Check {
  const name = "credentials";
  const session = /:assumed-role\/(?:.*\/)?([^/]+)\/([^/]+)$/.exec(arn);
  if ((session?.[1] ?? "").startsWith(instanceRoleName(environment)) && session?.[2] === instanceId)
    return ok(name, arn);
  return fail(
    name,
    `these are not the credentials of ${instanceId}, but ${arn}`,
    "run it on the instance, as root, without AWS_PROFILE and AWS_ACCESS_KEY_ID",
  );
}

function judgeRole({ name, expected }: RoleTrial, answer: RoleAnswer, redeploy: string): Check {
  if (answer.kind === "unclear") return skipped(name, answer.why);
  if (answer.kind === expected) return ok(name, answer.kind);
  return answer.kind === "allowed"
    ? fail(name, "wrongly allowed: whatever a job takes over on this machine may do it", redeploy)
    : fail(name, "wrongly denied: the agent needs it", redeploy);
}

/** Makes the calls one by one, if they are the instance's own at all. Rejects with OutOfReach. */
export async function examineRole(
  role: InstanceRole,
  ground: RoleContext,
  redeploy: string,
): Promise<readonly Check[]> {
  const caller = judgeRoleCaller(await role.caller(), ground);
  if (caller.verdict !== "ok") return [caller, skipped("everything else", "it needs the instance's own credentials")];
  const checks: Check[] = [caller];
  for (const trial of roleTrials(ground)) checks.push(judgeRole(trial, await role.attempt(trial.call), redeploy));
  return checks;
}
