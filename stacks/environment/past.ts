// What has expired in an environment's file: a warning, not a refusal.
import { expiredCertificates } from "./check-certificates.ts";
import { pastSchedules } from "./check-schedules.ts";
import type { Environment, Problem } from "./environment.ts";

/** `now`: epoch ms. */
export const pastOf = (environment: Environment, now: number): readonly Problem[] => [
  ...expiredCertificates(environment, now),
  ...pastSchedules(environment, now),
];
