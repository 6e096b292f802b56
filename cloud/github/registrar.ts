// Registration and removal tokens from GitHub.
import { ForgeRefused, type ForgeToken } from "../ports/forge.ts";
import { refuse, rightToRunners, scopePath, type ForgeClient } from "./forge-client.ts";

async function token(
  client: ForgeClient,
  scope: string,
  kind: "registration-token" | "remove-token",
): Promise<ForgeToken> {
  const what = `asking for a ${kind} of ${scope}`;
  const forge = await client(scope);
  const { data } = await forge
    .request(`POST ${scopePath(scope)}/actions/runners/${kind}`)
    .catch((error: unknown) => refuse(what, rightToRunners(scope), error));
  const { token: text, expires_at: expires } = data as { token?: string; expires_at?: string };
  const expiresAt = Date.parse(expires ?? "");
  if (text === undefined || Number.isNaN(expiresAt)) throw new ForgeRefused(`${what}: GitHub's answer holds no token`);
  return { token: text, expiresAt };
}

/** GitHub's way to enrol: both rejected with `ForgeRefused` or `OutOfReach`. */
export interface Registrar {
  registrationToken(scope: string): Promise<ForgeToken>;
  removalToken(scope: string): Promise<ForgeToken>;
}

/** GitHub REST, "Create a registration token" and "Create a remove token": each lives an hour. */
export const registrar = (client: ForgeClient): Registrar => ({
  registrationToken: (scope) => token(client, scope, "registration-token"),
  removalToken: (scope) => token(client, scope, "remove-token"),
});
