// The files that cloud-init writes on an instance: settings of the agent and of first boot.
import { readFileSync } from "node:fs";
import { limits, prepareMs } from "../../domain/limits.ts";
import { instanceLogGroup } from "../../domain/names.ts";
import type { KeptMachine } from "../arns.ts";
import type { Environment } from "../environment/environment.ts";
import { forgeHomeOf, type ForgeHome } from "../../domain/configuration.ts";
import { forgeOf } from "../environment/defaults.ts";
import { operationalOf } from "../environment/operational.ts";

/** What of a machine its first boot depends on. `resourceClass`: absent for one that is of no class but the defaults. */
export type BootedMachine = Pick<KeptMachine, "architecture" | "settings"> &
  Partial<Pick<KeptMachine, "resourceClass">>;

export interface BootFile {
  readonly path: string;
  readonly content: string;
  readonly permissions: string;
  /** Below what the image has there already, instead of over it. */
  readonly append?: true;
}

/** A script of userdata/, as it is. */
export const scriptOf = (name: string): string =>
  readFileSync(new URL(`../../userdata/${name}`, import.meta.url), "utf8");

/** Lines that both systemd's EnvironmentFile and a shell read. */
const assignments = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}="${value.replaceAll(/["\\$`]/g, String.raw`\$&`)}"\n`)
    .join("");

/** Where every user may read it: the agent, the runner, and jobs. */
const privateCaPath = "/usr/local/share/runpool-private-ca.pem";

type Place = Pick<Environment, "network" | "region" | "awsPartition">;

/**
 * AWS's services that a VPC of the environment's own has a way to: the agent's few, and those that an endpoint was asked for. DynamoDB has
 * two names, the second with the account before it.
 */
function servicesInside({ network, region, awsPartition }: Place): readonly string[] {
  if (network.kind === "existing") return [];
  const endpoints = network.kind === "private" ? network.endpoints : [];
  const suffix = `${region}.${awsPartition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"}`;
  return [`dynamodb.${suffix}`, `.ddb.${suffix}`, ...endpoints.map((service) => `${service}.${suffix}`)];
}

type Proxy = NonNullable<Environment["proxy"]>;

/** What is asked past the proxy, separated by commas. */
const noProxy = (environment: Place, proxy: Proxy): string =>
  ["169.254.169.254", "localhost", "127.0.0.1", ...servicesInside(environment), ...proxy.noProxy].join(",");

/**
 * In both spellings. In upper case alone apt and wget read none of them, and curl, with it git, not HTTP_PROXY (curl(1), "Environment");
 * some programs read the upper case alone.
 */
function throughProxy(environment: Place, proxy: Proxy): Record<string, string> {
  const named = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, NO_PROXY: noProxy(environment, proxy) };
  return {
    ...named,
    ...Object.fromEntries(Object.entries(named).map(([name, value]) => [name.toLowerCase(), value])),
    // Node.js ≥ 24.5 then goes by the variables above; the agent passes them to the AWS SDK.
    NODE_USE_ENV_PROXY: "1",
  };
}

/** The ways out of the machine: for the agent, for the pre-runner script, and for the runner with its jobs. */
const waysOut = (environment: Environment): Record<string, string> => ({
  ...(environment.privateCa === undefined ? {} : { NODE_EXTRA_CA_CERTS: privateCaPath }),
  ...(environment.proxy === undefined ? {} : throughProxy(environment, environment.proxy)),
});

/** Where the agent registers, and nowhere else, whatever its record says: `forgeHome` in entry/agent/agent-environment.ts reads it. */
export function forgeVariables({ serverUrl, scope, owners }: ForgeHome): Record<string, string> {
  const named = Object.entries(owners).map(([partition, owner]) => `${partition}=${owner}`);
  return {
    RUNPOOL_FORGE_SERVER: serverUrl,
    ...(scope === undefined ? {} : { RUNPOOL_FORGE_SCOPE: scope }),
    ...(named.length === 0 ? {} : { RUNPOOL_FORGE_OWNERS: named.join(" ") }),
  };
}

/** The agent's settings; it finds the rest in instance metadata and in its record. */
export function agentEnvironment(
  environment: Environment,
  { resourceClass, settings }: Pick<BootedMachine, "resourceClass" | "settings">,
): Readonly<Record<string, string>> {
  const { name, anyRunsJobs, partitions, defaults } = environment;
  const forge = forgeOf(environment.forge);
  const { bootMs } = operationalOf(environment);
  // Only where the class has a script of its own; else machines of all classes boot with the same settings.
  const hasOwn = resourceClass !== undefined && settings.preRunner.script !== defaults.preRunner.script;
  return {
    RUNPOOL_ENVIRONMENT: name,
    ...forgeVariables(forgeHomeOf({ forge, partitions })),
    ...(forge.runnerGroup === undefined ? {} : { RUNPOOL_RUNNER_GROUP: forge.runnerGroup }),
    RUNPOOL_PRE_RUNNER: "/etc/runpool/pre-runner.sh",
    RUNPOOL_BOOT_MS: String(bootMs),
    ...(hasOwn ? { RUNPOOL_PRE_RUNNER_CLASS: resourceClass } : {}),
    ...(anyRunsJobs ? { RUNPOOL_ANY_RUNS_JOBS: "true" } : {}),
    ...waysOut(environment),
  };
}

/**
 * The CloudWatch agent's configuration (CloudWatch User Guide, "Manually create or edit the CloudWatch agent configuration file"). The
 * stream's name is what the instance's role may write: its id, and its private address, which IAM knows of the caller.
 */
const cloudWatchAgent = (environment: string): object => ({
  agent: { run_as_user: "cwagent" },
  logs: {
    logs_collected: {
      files: {
        collect_list: [
          {
            file_path: "/var/log/runpool/instance.log",
            log_group_name: instanceLogGroup(environment),
            log_stream_name: "{instance_id}/{ip_address}",
            timestamp_format: "%Y-%m-%dT%H:%M:%S%z",
          },
        ],
      },
    },
  },
});

/** Its ways out: it reads no variables ("… common-config.toml"). */
const cloudWatchWays = ({ proxy, privateCa, ...rest }: Environment): string =>
  [
    ...(proxy === undefined
      ? []
      : [
          "[proxy]",
          ...["http_proxy", "https_proxy"].map((name) => `${name} = ${JSON.stringify(proxy.url)}`),
          `no_proxy = ${JSON.stringify(noProxy(rest, proxy))}`,
        ]),
    ...(privateCa === undefined ? [] : ["[ssl]", `ca_bundle_path = ${JSON.stringify(privateCaPath)}`]),
    "",
  ].join("\n");

const logFiles = (environment: Environment): readonly BootFile[] => [
  {
    path: "/etc/runpool/cloudwatch-agent.json",
    content: `${JSON.stringify(cloudWatchAgent(environment.name))}\n`,
    permissions: "0644",
  },
  {
    path: "/etc/systemd/system/runpool-ship-logs.service",
    content: scriptOf("ship-logs.service"),
    permissions: "0644",
  },
  ...(environment.proxy === undefined && environment.privateCa === undefined
    ? []
    : [
        {
          path: "/opt/aws/amazon-cloudwatch-agent/etc/common-config.toml",
          content: cloudWatchWays(environment),
          permissions: "0644",
        },
      ]),
];

/**
 * System services that need the proxy in their units, as their documentation says: dockerd for its pulls (Docker
 * documentation, "Configure the daemon to use a proxy"), and Session Manager's agent, whose unit is a snap's on Ubuntu (AWS Systems Manager
 * User Guide, "Configuring SSM Agent to use a proxy on Linux nodes").
 */
const proxiedServices = [
  "docker.service",
  "amazon-ssm-agent.service",
  "snap.amazon-ssm-agent.amazon-ssm-agent.service",
] as const;

const proxyFiles = (environment: Environment, proxy: Proxy, docker: boolean): readonly BootFile[] => [
  ...proxiedServices.map((unit) => ({
    path: `/etc/systemd/system/${unit}.d/runpool-proxy.conf`,
    content: "[Service]\nEnvironmentFile=-/etc/runpool/prepare.env\n",
    permissions: "0644",
  })),
  // Of each HOME of jobs: its docker hands the proxy on to containers and builds (Docker documentation, "Use a proxy server with the Docker CLI").
  ...(docker
    ? [
        {
          path: "/etc/runpool/docker-config.json",
          content: `${JSON.stringify({
            proxies: {
              default: { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: noProxy(environment, proxy) },
            },
          })}\n`,
          permissions: "0644",
        },
      ]
    : []),
];

/** Where the boot limit is not the usual one: the unit's own limit is for that. */
function preRunnerLimit(environment: Environment): readonly BootFile[] {
  const { bootMs } = operationalOf(environment);
  if (bootMs === limits.bootMs) return [];
  return [
    {
      path: "/etc/systemd/system/runpool-prepare.service.d/limit.conf",
      content: `[Service]\nTimeoutStartSec=${prepareMs(bootMs)}ms\n`,
      permissions: "0644",
    },
  ];
}

export function bootFiles(environment: Environment, machine: BootedMachine): readonly BootFile[] {
  const { sessionAccess, privateCa, runnerEnvironment } = environment;
  const { install, preRunner, docker } = machine.settings;
  const archive = install[machine.architecture];
  const firstBoot = {
    RUNPOOL_SESSIONS: sessionAccess ? "1" : "0",
    RUNPOOL_PRE_RUNNER_USER: preRunner.user,
    RUNPOOL_DOCKER_FOR_JOBS: docker ? "1" : "0",
    ...(archive === undefined ? {} : { RUNPOOL_INSTALL_URL: archive.url, RUNPOOL_INSTALL_SHA256: archive.sha256 }),
  };
  // The image's last line may lack its end. Of a variable that is there twice the last is taken.
  const runnerVariables = `\n${assignments({ ...waysOut(environment), ...runnerEnvironment })}`;
  const files: BootFile[] = [
    {
      path: "/etc/runpool/agent.env",
      content: assignments(agentEnvironment(environment, machine)),
      permissions: "0644",
    },
    { path: "/etc/runpool/runner.env", content: runnerVariables, permissions: "0644", append: true },
    { path: "/etc/runpool/first-boot.env", content: assignments(firstBoot), permissions: "0644" },
    { path: "/etc/runpool/first-boot.sh", content: scriptOf("first-boot.sh"), permissions: "0755" },
  ];
  const out = assignments(waysOut(environment));
  if (out !== "") files.push({ path: "/etc/runpool/prepare.env", content: out, permissions: "0644" });
  files.push(...preRunnerLimit(environment));
  if (environment.proxy !== undefined) files.push(...proxyFiles(environment, environment.proxy, docker));
  if (environment.shipLogs) files.push(...logFiles(environment));
  if (privateCa !== undefined) files.push({ path: privateCaPath, content: privateCa, permissions: "0644" });
  return files;
}
