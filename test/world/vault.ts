// The parameter store of the world, and the ports `Secrets` and `SecretFolder` on it.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import type { Secrets } from "../../cloud/ports/secrets.ts";
import type { SecretFolder } from "../../cloud/ports/secrets.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

export type Vault = Map<string, { readonly value: string; readonly writtenAt: EpochMs }>;

const outOfReach = (problem: string): never => {
  throw new OutOfReach(problem);
};

export function secretsPort({ vault, time }: State, process: Process): Secrets {
  return {
    read: (name) =>
      process.call({ what: "secrets.read", kind: "read", apply: () => vault.get(name), lost: outOfReach }),
    write: (name, value) =>
      process.call({
        what: "secrets.write",
        kind: "write",
        apply: () => {
          vault.set(name, { value, writtenAt: time.now() });
        },
        lost: outOfReach,
      }),
  };
}

export function secretFolderPort({ vault }: State, process: Process): SecretFolder {
  return {
    list: (folder) =>
      process.call({
        what: "secrets.list",
        kind: "read",
        apply: () =>
          [...vault]
            .filter(([name]) => name.startsWith(`${folder}/`))
            .map(([name, { writtenAt }]) => ({ name, writtenAt })),
        lost: outOfReach,
      }),
    remove: (names) =>
      process.call({
        what: "secrets.remove",
        kind: "write",
        apply: () => {
          for (const name of names) vault.delete(name);
        },
        lost: outOfReach,
      }),
  };
}
