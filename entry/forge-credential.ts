// The credential that an environment keeps for GitHub, as its SecureString holds it.
import * as z from "zod/mini";
import type { ForgeAuth } from "../cloud/github/forge-client.ts";

const app = z.object({
  appId: z.union([z.number(), z.string()]),
  privateKey: z.string().check(z.minLength(1)),
  installationId: z.optional(z.number()),
});

/** A token as it is, or an App as JSON: `{"appId": …, "privateKey": "PEM", "installationId": …}`. Errors never quote it. */
export function parseForgeCredential(stored: string): ForgeAuth {
  const text = stored.trim();
  if (text.startsWith("-----BEGIN"))
    throw new Error(
      `it is an App's key alone, without the App's id: store both, as jq -n --rawfile privateKey KEY.pem '{appId: ID, $privateKey}' prints them`,
    );
  if (!text.startsWith("{")) {
    if (/^[\w.-]{10,}$/.test(text)) return { kind: "token", token: text };
    throw new Error("it is neither a token nor an App as JSON (appId, privateKey, installationId)");
  }
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error("it begins as JSON, but cannot be read as such");
  }
  const parsed = app.safeParse(found);
  if (!parsed.success)
    throw new Error(
      `${parsed.error.issues.map(({ path }) => path.join(".")).join(", ")} of the App is missing or wrong`,
    );
  const { appId, privateKey, installationId } = parsed.data;
  return { kind: "app", appId, privateKey, ...(installationId === undefined ? {} : { installationId }) };
}
