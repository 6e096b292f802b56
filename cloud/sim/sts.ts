// The embedded STS: who is calling, and roles to assume. Nothing is verified.
import type { Clock } from "../ports.ts";
import { AwsFault } from "./http/service.ts";
import type { AwsCall, Service } from "./http/service.ts";
import { required, text } from "./ec2/input.ts";
import { content } from "./ec2/xml.ts";
import type { Xml } from "./ec2/xml.ts";
import { instanceOf } from "./imds/role-credentials.ts";

export interface StsOptions {
  readonly clock: Clock;
  readonly account: string;
  /** The role of a machine, by instance id, so that a call with its metadata's credentials is told as the machine's. */
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

function assumeRole({ clock }: StsOptions, { input }: AwsCall): Exclude<Xml, undefined> {
  const [roleArn, session] = [required(input, "RoleArn"), required(input, "RoleSessionName")];
  const parts = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([\w+=,.@-]+)$/.exec(roleArn);
  if (parts === null) throw new AwsFault("ValidationError", `${roleArn} is invalid`);
  // STS API Reference, AssumeRole.
  if (!/^[\w+=,.@-]{2,64}$/.test(session))
    throw new AwsFault(
      "ValidationError",
      `1 validation error detected: Value '${session}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
    );
  const seconds = Number(text(input, "DurationSeconds") ?? "3600");
  if (!(seconds >= 900 && seconds <= 43_200))
    throw new AwsFault("ValidationError", "DurationSeconds must be between 900 and 43200");
  return {
    Credentials: {
      AccessKeyId: "ASIADUMMYASSUMEDROLE",
      SecretAccessKey: "dummy-secret-of-an-assumed-role",
      SessionToken: `dummy-session-${session}`,
      Expiration: new Date(clock.now() + seconds * 1000).toISOString(),
    },
    AssumedRoleUser: {
      Arn: `arn:aws:sts::${parts[1]}:assumed-role/${parts[2]}/${session}`,
      AssumedRoleId: `AROADUMMY:${session}`,
    },
  };
}

export const sts =
  (options: StsOptions): Service =>
  async (call) => {
    if (call.action === "GetCallerIdentity") return content(callerIdentity(options, call));
    if (call.action === "AssumeRole") return content(assumeRole(options, call));
    throw new AwsFault("InvalidAction", `Could not find operation ${call.action} for version 2011-06-15`);
  };
