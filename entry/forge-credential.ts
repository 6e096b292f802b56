// The credential that an environment keeps for GitHub: which parameter, and what its SecureString may hold.
import * as z from "zod/mini";
import { AwsRefused } from "../cloud/aws/sdk-errors.ts";
import type { ForgeAuth } from "../cloud/github/forge-client.ts";
import { OutOfReach } from "../cloud/ports/outcomes.ts";
import type { Secrets } from "../cloud/ports/secrets.ts";
import { credentialParameterOf, type Configuration } from "../domain/configuration.ts";

const app = z.object({
  appId: z.union([z.number(), z.string()]),
  privateKey: z.string().check(z.minLength(1)),
  installationId: z.optional(z.number()),
});

/** `problem` never quotes what is stored. */
export type CredentialParse =
  | { readonly ok: true; readonly auth: ForgeAuth }
  | { readonly ok: false; readonly problem: string };

const unusable = (problem: string): CredentialParse => ({ ok: false, problem });

/** A token as it is, or an App as JSON: `{"appId": …, "privateKey": "PEM", "installationId": …}`. */
export function parseForgeCredential(stored: string): CredentialParse {
  const text = stored.trim();
  if (text.startsWith("-----BEGIN"))
    return unusable(
      `it is an App's key alone, without the App's id: store both, as jq -n --rawfile privateKey KEY.pem '{appId: ID, $privateKey}' prints them`,
    );
  if (!text.startsWith("{")) {
    if (/^[\w.-]{10,}$/.test(text)) return { ok: true, auth: { kind: "token", token: text } };
    return unusable("it is neither a token nor an App as JSON (appId, privateKey, installationId)");
  }
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return unusable("it begins as JSON, but does not parse");
  }
  const parsed = app.safeParse(found);
  if (!parsed.success)
    return unusable(
      `${parsed.error.issues.map(({ path }) => path.join(".")).join(", ")} of the App is missing or wrong`,
    );
  const { appId, privateKey, installationId } = parsed.data;
  const auth = { kind: "app", appId, privateKey, ...(installationId === undefined ? {} : { installationId }) } as const;
  return { ok: true, auth };
}

export type StoredCredential =
  | { readonly kind: "usable"; readonly name: string; readonly auth: ForgeAuth }
  | { readonly kind: "none"; readonly name: string }
  | { readonly kind: "unusable"; readonly name: string; readonly why: string };

/** Reads it from the parameter that the stack names. `why` never quotes what is stored. */
export async function storedCredential(
  secrets: Pick<Secrets, "read">,
  configuration: Pick<Configuration, "environment" | "forge">,
): Promise<StoredCredential> {
  const name = credentialParameterOf(configuration.environment, configuration.forge);
  try {
    const stored = await secrets.read(name);
    if (stored === undefined) return { kind: "none", name };
    const parsed = parseForgeCredential(stored.value);
    return parsed.ok ? { kind: "usable", name, auth: parsed.auth } : { kind: "unusable", name, why: parsed.problem };
  } catch (error) {
    if (error instanceof AwsRefused || error instanceof OutOfReach)
      return { kind: "unusable", name, why: error.message };
    throw error;
  }
}
