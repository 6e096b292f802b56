// The dummy credentials that a machine's metadata hands out: they name the machine, so that a call tells who made it.
import type { Machine } from "../ec2/machine.ts";

/** Credentials are renewed this often; the SDK's clients ask again as they expire. */
const validMs = 6 * 3600 * 1000;
const prefix = "ASIASIM";

export interface RoleCredentials {
  readonly Code: "Success";
  readonly LastUpdated: string;
  readonly Type: "AWS-HMAC";
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  readonly Expiration: string;
}

const whole = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

/** As `iam/security-credentials/ROLE` shows them. Nothing verifies them; they only look the part. */
export const roleCredentials = (machine: Machine, now: number): RoleCredentials => ({
  Code: "Success",
  LastUpdated: whole(now),
  Type: "AWS-HMAC",
  AccessKeyId: `${prefix}${machine.id.slice(2).toUpperCase()}`,
  SecretAccessKey: `dummy-secret-of-${machine.id}`,
  Token: `dummy-session-of-${machine.id}`,
  Expiration: whole(now + validMs),
});

/** Which machine's credentials signed a call; undefined for anybody else's. */
export const instanceOf = (accessKeyId: string): string | undefined =>
  accessKeyId.startsWith(prefix) ? `i-${accessKeyId.slice(prefix.length).toLowerCase()}` : undefined;

/** The role's name; by convention the same as its instance profile's. */
export const roleName = (machine: Machine): string | undefined => machine.profileArn?.split("/").at(-1);
