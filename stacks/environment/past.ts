// What was right in an environment's file and time has overtaken: told, and no reason to refuse a deployment.
import { expiredCertificates } from "./check-certificates.ts";
import { pastSchedules } from "./check-schedules.ts";
import type { Environment, Problem } from "./environment.ts";

/** `now`: epoch ms. */
export const pastOf = (environment: Environment, now: number): readonly Problem[] => [
  ...expiredCertificates(environment, now),
  ...pastSchedules(environment, now),
];
