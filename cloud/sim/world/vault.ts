// The parameter store of the world, and the port `Secrets` on it.
import { OutOfReach, type EpochMs, type Secrets } from "../../ports.ts";
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
