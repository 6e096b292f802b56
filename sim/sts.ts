// The embedded STS: who is calling. Nothing is verified.
import { AwsFault } from "./http/service.ts";
import type { AwsCall, Service } from "./http/service.ts";
import { content } from "./ec2/xml.ts";
import type { Xml } from "./ec2/xml.ts";
import { instanceOf } from "./imds/role-credentials.ts";

export interface StsOptions {
  readonly account: string;
  /** The role of a machine, by instance id, so that a call with its metadata's credentials counts as the machine's. */
  readonly roleOf?: (instanceId: string) => string | undefined;
}

function callerIdentity({ account, roleOf }: StsOptions, { caller }: AwsCall): Exclude<Xml, undefined> {
  const instance = instanceOf(caller.accessKeyId);
  const role = instance === undefined ? undefined : roleOf?.(instance);
  if (instance !== undefined && role !== undefined)
    return {
      Arn: `arn:aws:sts::${account}:assumed-role/${role}/${instance}`,
      UserId: `AROASIM${role.toUpperCase()}:${instance}`,
      Account: account,
    };
  return { Arn: `arn:aws:iam::${account}:root`, UserId: account, Account: account };
}

export const sts =
  (options: StsOptions): Service =>
  async (call) => {
    if (call.action === "GetCallerIdentity") return content(callerIdentity(options, call));
    throw new AwsFault("InvalidAction", `Could not find operation ${call.action} for version 2011-06-15`);
  };
