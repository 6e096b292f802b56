// The parameter store of the world, and the ports `Secrets` and `SecretFolder` on it.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import type { Secrets } from "../../cloud/ports/secrets.ts";
import type { SecretFolder } from "../../cloud/ports/secrets.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

export type Vault = Map<string, { readonly value: string; readonly writtenAt: EpochMs }>;

export function secretsPort({ vault, time }: State, process: Process): Secrets {
  return {
    read: (name) => process.ask("secrets.read", "read", () => vault.get(name)),
    write: (name, value) =>
      process.ask("secrets.write", "write", () => {
        vault.set(name, { value, writtenAt: time.now() });
      }),
  };
}

export function secretFolderPort({ vault }: State, process: Process): SecretFolder {
  return {
    list: (folder) =>
      process.ask("secrets.list", "read", () =>
        [...vault]
          .filter(([name]) => name.startsWith(`${folder}/`))
          .map(([name, { writtenAt }]) => ({ name, writtenAt })),
      ),
    remove: (names) =>
      process.ask("secrets.remove", "write", () => {
        for (const name of names) vault.delete(name);
      }),
  };
}
