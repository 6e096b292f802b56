// Where the forge's credential lies: a SecureString that people write, outside Terraform's state.
import { forgeCredentialParameter } from "../../domain/names.ts";
import type { Environment } from "../environment/environment.ts";

export const credentialParameterOf = ({ name, forge }: Environment): string =>
  forge.credentialParameter ?? forgeCredentialParameter(name);
