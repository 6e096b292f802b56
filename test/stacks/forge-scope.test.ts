// Runners of the organisation or enterprise that an environment file names, and the App whose key its parameter holds: from the
// synthesized defaults through refresh and provision to a runner at GitHub, registered by the real agent.
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { expect, onTestFinished, test, vi } from "vitest";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { chance } from "../../sim/chance.ts";
import { openGithub, type GithubStandIn } from "../../sim/github/github.ts";
import { credentialParameterOf, forgeHomeOf } from "../../domain/configuration.ts";
import { tableName } from "../../domain/names.ts";
import { defaultsKey } from "../../domain/table.ts";
import { controlWorld } from "../../entry/control-world.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { buildAgent } from "../../entry/laptop/agent-bundle.ts";
import { credentials, openEmbeddedCloud, place, repository } from "../../entry/laptop/embedded-cloud.ts";
import laptop from "../../entry/laptop/environment.ts";
import { openMachines, removeFolder } from "../../entry/laptop/machines.ts";
import { provisionRun } from "../../entry/laptop/runs.ts";
import { refreshing } from "../../entry/lambdas/refresh.lambda.ts";
import { onEvent } from "../../entry/lambdas/run.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import { defaultsOf } from "../../stacks/environment/defaults.ts";
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";
import { becomeProcess } from "./embedded.ts";

const credentialParameter = "/somewhere/else/github-app";
const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = (kind: "public" | "private"): string =>
  kind === "public"
    ? keys.publicKey.export({ type: "spki", format: "pem" }).toString()
    : keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const app = JSON.stringify({ appId: 1001, privateKey: pem("private") });
/** Apps are installed on organisations; an enterprise's runners are its owner's. */
const ownersToken = "ghp_tokenofanenterpriseowner";

const openForge = (): Promise<GithubStandIn> =>
  openGithub({
    clock: hostClock,
    chance: chance("forge"),
    pats: [{ token: ownersToken, scopes: ["manage_runners:enterprise"] }],
    apps: [
      {
        appId: 1001,
        publicKey: pem("public"),
        installations: [
          {
            id: 9,
            account: "example",
            permissions: { administration: "write", actions: "read", organization_self_hosted_runners: "write" },
          },
        ],
      },
    ],
  });

/** The embedded cloud with this forge in its stored defaults, machines that run the real agent, and the lambda's variables. */
async function opened(forge: EnvironmentFile["forge"], credential: string) {
  const directory = await mkdtemp(join(tmpdir(), "runpool-forge-"));
  const cloud = await openEmbeddedCloud({ idleMs: 600_000, bootMs: 0 });
  const github = await openForge();
  const options = { region: place.region, endpoint: cloud.aws.url, credentials };
  const written = defaultsOf(readEnvironment({ ...laptop, forge }, "laptop"), {
    queues: {},
    templates: {},
    subnets: [],
    configHash: "1",
  }).forge;
  const client = new DynamoDBClient(options);
  const TableName = tableName(place.environment);
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: { key: { S: defaultsKey } } }));
  const here = { ...written, serverUrl: github.url, apiUrl: github.url };
  await client.send(new PutItemCommand({ TableName, Item: { ...Item, ...toItem({ forge: here }) } }));
  const held = { Name: credentialParameter, Value: credential, Type: "SecureString" } as const;
  await new SSMClient(options).send(new PutParameterCommand(held));
  const machines = await openMachines({
    directory,
    agentBundle: await buildAgent(directory),
    hooks: join(import.meta.dirname, "..", "..", "agent", "runners", "github", "units"),
    awsEndpoint: cloud.aws.url,
    forgeServer: github.url,
    ec2: cloud.ec2,
    preRunnerScript: "",
    agentVariables: { RUNPOOL_FORGE_SCOPE: forgeHomeOf({ forge: here, partitions: {} }).scope ?? "" },
  });
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await machines.endAll();
    await Promise.all([cloud.close(), github.close(), removeFolder(directory)]);
  });
  becomeProcess(cloud.aws.url);
  return { cloud, github };
}

test.each([
  ["organisation", { organisation: "example" }, app, "orgs/example"],
  ["enterprise", { enterprise: "example-inc" }, ownersToken, "enterprises/example-inc"],
  ["repository", {}, app, `repos/${repository}`],
])(
  "runners register at the %s, with the credential that lies where the file says",
  async (_, at, credential, scope) => {
    const { cloud, github } = await opened({ repositories: [repository], credentialParameter, ...at }, credential);
    const silent = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const { tokens } = await onEvent(refreshing)({}).finally(() => silent.mockRestore());
    expect(tokens.problems).toEqual([]);
    const aws = { endpoint: cloud.aws.url, credentials };
    const world = controlWorld({ ...place, aws, log: { event: () => undefined } });
    const { configuration } = await world.settings.load();
    expect(credentialParameterOf(configuration.environment, configuration.forge)).toBe(credentialParameter);
    const outcome = await provisionRun(world, { runId: "1001", instanceCount: "1" }, new AbortController().signal);
    expect(outcome.kind).toBe("ready");
    expect(github.runners().map((runner) => runner.scope)).toEqual([scope]);
  },
);
