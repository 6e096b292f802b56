// What an environment keeps to ask GitHub with: read by the command line, the action and the doctor from where its stack says it lies.
import { AwsRefused } from "../cloud/aws/sdk-errors.ts";
import type { ForgeAuth } from "../cloud/github/forge-client.ts";
import { OutOfReach } from "../cloud/ports/outcomes.ts";
import { credentialParameterOf, type Configuration } from "../domain/configuration.ts";
import type { OperatedWorld } from "./control-world.ts";
import { parseForgeCredential } from "./forge-credential.ts";

export type StoredCredential =
  | { readonly kind: "usable"; readonly name: string; readonly auth: ForgeAuth }
  | { readonly kind: "none"; readonly name: string }
  | { readonly kind: "of-no-use"; readonly name: string; readonly why: string };

/** `why` never quotes what is stored. */
export async function storedCredential(
  { secrets }: Pick<OperatedWorld, "secrets">,
  configuration: Pick<Configuration, "environment" | "forge">,
): Promise<StoredCredential> {
  const name = credentialParameterOf(configuration);
  try {
    const stored = await secrets.read(name);
    if (stored === undefined) return { kind: "none", name };
    const parsed = parseForgeCredential(stored.value);
    return parsed.ok ? { kind: "usable", name, auth: parsed.auth } : { kind: "of-no-use", name, why: parsed.problem };
  } catch (error) {
    if (error instanceof AwsRefused || error instanceof OutOfReach)
      return { kind: "of-no-use", name, why: error.message };
    throw error;
  }
}
