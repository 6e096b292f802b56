// The environment's defaults as the stack writes them into the table: what is deployed, and how it is operated.
import { Token } from "cdktf";
import type { Defaults, Deployed, DeployedClass } from "../../domain/configuration.ts";
import { defaultsKey, table } from "../../domain/table.ts";
import { environmentSchema, version } from "../../domain/version.ts";
import type { Environment } from "./environment.ts";
import { launchableImages } from "../policies/fleet-policy.ts";
import { literal } from "./literal.ts";
import { imagesOf, operationalOf, parametersOf, type NamedImage } from "./operational.ts";

/** GitHub's API beside its web server (GitHub docs, "REST API: GitHub Enterprise Server" and "Data residency"). */
const apiUrlOf = (serverUrl: string): string => {
  const { host } = new URL(serverUrl);
  if (host === "github.com") return "https://api.github.com";
  return host.endsWith(".ghe.com") ? `https://api.${host}` : `https://${host}/api/v3`;
};

export function forgeOf({
  repositories,
  organisation,
  enterprise,
  runnerGroup,
  credentialParameter,
  ...rest
}: Environment["forge"]) {
  const serverUrl = rest.serverUrl.replace(/\/$/, "");
  return {
    kind: "github",
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
export interface Made extends Pick<
  Deployed,
  "queues" | "templates" | "subnets" | "securityGroups" | "configHash" | "kept"
> {
  /** Of classes whose machines boot with something else than those of the defaults. */
  readonly classHashes?: Readonly<Record<string, string>>;
}

/** What is stored of a class: all in which it is otherwise than the defaults are. */
function classesOf(
  { defaults, classes }: Environment,
  images: readonly NamedImage[],
  classHashes: Made["classHashes"] = {},
): Pick<Deployed, "classes" | "preRunnerScripts"> {
  const differences = Object.entries(classes).flatMap(([name, one]): [string, DeployedClass][] => {
    const imageParameters = parametersOf(images, name);
    const configHash = classHashes[name];
    const own: DeployedClass = {
      ...(configHash === undefined ? {} : { configHash }),
      ...(one.usageClass === defaults.usageClass ? {} : { usageClass: one.usageClass }),
      ...(one.maxUses === defaults.maxUses ? {} : { maxUses: one.maxUses }),
      ...(one.maxRuntime === defaults.maxRuntime ? {} : { maxRuntimeMs: one.maxRuntime }),
      ...(one.spotMaxPrice === undefined ? {} : { spotMaxPrice: one.spotMaxPrice }),
      ...(Object.keys(imageParameters).length === 0 ? {} : { imageParameters }),
    };
    return Object.keys(own).length === 0 ? [] : [[name, own]];
  });
  const scripts = Object.entries(classes).flatMap(([name, { preRunner }]) =>
    preRunner.script === defaults.preRunner.script ? [] : [[name, preRunner.script] as const],
  );
  return {
    ...(differences.length === 0 ? {} : { classes: Object.fromEntries(differences) }),
    ...(scripts.length === 0 ? {} : { preRunnerScripts: Object.fromEntries(scripts) }),
  };
}

export function defaultsOf(environment: Environment, { classHashes, ...made }: Made): Defaults {
  const { name, awsPartition, region, account, forge, partitions, anyRunsJobs } = environment;
  const images = imagesOf(environment);
  return {
    environment: name,
    deployedBy: version,
    schema: environmentSchema,
    awsPartition,
    region,
    account,
    ...made,
    imageParameters: parametersOf(images),
    ...classesOf(environment, images, classHashes),
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
