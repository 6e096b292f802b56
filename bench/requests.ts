// What the benchmark's runs ask for, and the world that they ask.
import type { Log } from "../cloud/ports/log.ts";
import type { ControlWorld } from "../control/world.ts";
import { formatOwner, runOwner } from "../domain/owner.ts";
import type { Ownership } from "../domain/record.ts";
import type { Request } from "../domain/request.ts";
import { controlWorld } from "../entry/control-world.ts";
import { credentials, forgeToken, place, repository, type BenchCloud, type Environment } from "./bench-cloud.ts";

let runs = 1000;
export const freshRun = (): string => String(++runs);

export const requestFor = (count: number, allowedTypes: readonly string[] = []): Request => ({
  runId: freshRun(),
  attempt: 1,
  provisionId: "provision",
  repository,
  count,
  resourceClass: "large",
  minimum: { cpu: 2, mmem: 4096 },
  architecture: "x64",
  usageClass: "on-demand",
  allowedTypes,
  labels: [],
  fallback: false,
});

const silent: Log = { event: () => {} };

/** Against the front door. */
export const worldOf = (cloud: BenchCloud, environment: Environment, log: Log = silent): ControlWorld =>
  controlWorld({
    environment: environment.name,
    region: place.region,
    aws: { endpoint: cloud.front, credentials },
    forge: { kind: "token", token: forgeToken },
    log,
  });

export const ownershipOf = (runId: string): Ownership => ({
  owner: formatOwner(runOwner(runId, 1, "provision")),
  claimId: `claim-${runId}`,
  labels: [runId, "large", "x64"],
  registration: [{ forge: "github", scope: repository, labels: [runId], kind: "token" }],
  lifetime: "pooled",
});

/** The environment variables of a process against the front door. */
export const variables = (cloud: BenchCloud, { name }: Environment): Record<string, string> => ({
  AWS_ENDPOINT_URL: cloud.front,
  AWS_REGION: place.region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  RUNPOOL_ENVIRONMENT: name,
});
