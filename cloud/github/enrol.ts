// What instances enrol by at GitHub: two tokens a partition, kept where its agents may read them.
import type { Forge } from "../ports/forge.ts";
import { registrationTokenParameter, removalTokenParameter } from "../../domain/names.ts";
import type { Registrar } from "./registrar.ts";

/** `registrar` is asked for once a token has to be made: until then no credential is needed. */
export const enrol =
  (registrar: () => Promise<Registrar>): Forge["enrol"] =>
  async ({ environment, partition, scope }) => [
    {
      name: registrationTokenParameter(environment, partition),
      registers: true,
      make: async () => (await registrar()).registrationToken(scope),
    },
    {
      name: removalTokenParameter(environment, partition),
      registers: false,
      make: async () => (await registrar()).removalToken(scope),
    },
  ];
