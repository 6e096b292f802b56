// What is played in guests, by name.
import { contracts } from "./contracts.ts";
import { survivesCrashes } from "./crashes.ts";
import { dockerJobs } from "./docker-jobs.ts";
import { bootWatchdog, deadlineWithoutAgent, failedPreparation, spotNotice } from "./endings.ts";
import { hostileJob } from "./hostile-job.ts";
import { servesJustInTime } from "./just-in-time.ts";
import { preparations } from "./preparations.ts";
import { leaveMeetsJob } from "./races.ts";
import { servesAndReleases } from "./serves.ts";

/** Gives what was found; `tell` says it earlier, for scenarios that end with the guest's own end. */
export type Scenario = (tell: (found: unknown) => void) => Promise<unknown>;

export const scenarios: Readonly<Record<string, Scenario>> = {
  "serves and releases": servesAndReleases,
  "jobs use docker": dockerJobs,
  "serves just in time": servesJustInTime,
  "hostile job": hostileJob,
  "leave meets a job": leaveMeetsJob,
  "survives crashes": survivesCrashes,
  "spot notice": spotNotice,
  "deadline without agent": deadlineWithoutAgent,
  "boot watchdog": bootWatchdog,
  contracts,
  preparations,
  "failed preparation": failedPreparation,
};
