// The credential that an environment keeps for GitHub, as its SecureString holds it.
import * as z from "zod/mini";
import type { ForgeAuth } from "../cloud/github/forge-client.ts";

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
    return unusable("it begins as JSON, but cannot be read as such");
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
