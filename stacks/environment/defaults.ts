// The environment's defaults as the stack writes them into the table: what is deployed, and how it is operated.
import { Token } from "cdktf";
import type { Defaults, Deployed } from "../../domain/configuration.ts";
import { defaultsKey, table } from "../../domain/table.ts";
import { environmentSchema, version } from "../../domain/version.ts";
import type { Environment } from "./environment.ts";
import { launchableImages } from "../policies/fleet-policy.ts";
import { literal } from "./literal.ts";
import { imageParameterOf, operationalOf } from "./operational.ts";

/** GitHub's API beside its web server (GitHub docs, "REST API: GitHub Enterprise Server" and "Data residency"). */
const apiUrlOf = (serverUrl: string): string => {
  const { host } = new URL(serverUrl);
  if (host === "github.com") return "https://api.github.com";
  return host.endsWith(".ghe.com") ? `https://api.${host}` : `https://${host}/api/v3`;
};

export function forgeOf({
  kind,
  repositories,
  organisation,
  enterprise,
  runnerGroup,
  credentialParameter,
  ...rest
}: Environment["forge"]) {
  const serverUrl = rest.serverUrl.replace(/\/$/, "");
  return {
    kind,
    serverUrl,
    apiUrl: apiUrlOf(serverUrl),
    repositories,
    ...(organisation === undefined ? {} : { organisation }),
    ...(enterprise === undefined ? {} : { enterprise }),
    ...(runnerGroup === undefined ? {} : { runnerGroup }),
    ...(credentialParameter === undefined ? {} : { credentialParameter }),
  } satisfies Deployed["forge"];
}

/** What only Terraform knows (ids and URLs), and what its stack has for instances to stand on. */
export type Made = Pick<Deployed, "queues" | "templates" | "subnets" | "securityGroups" | "configHash" | "kept">;

export function defaultsOf(environment: Environment, made: Made): Defaults {
  const { name, awsPartition, region, account, forge, partitions, architectures, anyRunsJobs } = environment;
  return {
    environment: name,
    deployedBy: version,
    schema: environmentSchema,
    awsPartition,
    region,
    account,
    ...made,
    imageParameters: Object.fromEntries(
      architectures.map((architecture) => [architecture, imageParameterOf(environment, architecture)]),
    ),
    launchableImages: launchableImages(environment),
    forge: forgeOf(forge),
    partitions,
    ...(environment.schedules.length === 0 ? {} : { schedules: environment.schedules }),
    ...(anyRunsJobs ? { anyRunsJobs } : {}),
    ...operationalOf(environment),
  };
}

/** A value as DynamoDB's own JSON has it; texts are made safe for Terraform, references to its resources are kept. */
function native(value: unknown): Record<string, unknown> {
  if (typeof value === "string") return { S: Token.isUnresolved(value) ? value : literal(value) };
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(native) };
  if (typeof value !== "object" || value === null) throw new Error(`${String(value)} cannot be stored`);
  return { M: nativeMap(value) };
}

const nativeMap = (map: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(map).map(([name, held]) => [literal(name), native(held)]));

/** The item under `defaultsKey`: its other attributes are the names of `Defaults`, as cloud/aws/configuration-items.ts reads them. */
export const defaultsItem = (defaults: Defaults): string =>
  JSON.stringify(nativeMap({ ...defaults, [table.key]: defaultsKey }));
