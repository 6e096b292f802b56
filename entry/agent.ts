// The agent on an instance: builds its world and runs until the machine is to end.
import { readFile } from "node:fs/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SSMClient } from "@aws-sdk/client-ssm";
import { runAgent } from "../agent/agent.ts";
import { clientOptions } from "../cloud/aws/client-options.ts";
import { correctedClock } from "../cloud/aws/clock.ts";
import { imdsMetadata } from "../cloud/aws/imds-metadata.ts";
import { lean } from "../cloud/aws/lean-client.ts";
import { ownInstance } from "../cloud/aws/own-instance.ts";
import { secrets } from "../cloud/aws/secrets.ts";
import { awsPartitionOf, instanceKey, poolManager, tableName, tags } from "../domain/names.ts";
import { limits } from "../domain/limits.ts";
import { parseAgentEnvironment } from "./agent-environment.ts";
import { hostClock } from "./host-clock.ts";
import { jsonLog } from "./json-log.ts";
import { machineGround } from "./machine-ground.ts";
import { version } from "../domain/version.ts";
import { writePreRunner } from "./write-pre-runner.ts";

if (process.argv[2] === "write-pre-runner") await writePreRunner(process.argv[3] ?? "").then(() => process.exit());
const settings = parseAgentEnvironment(process.env);
const clock = correctedClock(hostClock);
const metadata = imdsMetadata({ baseUrl: settings.AWS_EC2_METADATA_SERVICE_ENDPOINT, clock });
const asked = Promise.all([metadata.identity(), metadata.tag(tags.manager)]);
const region = async (): Promise<string> => (await asked)[0].region;
const dynamodb = lean(new DynamoDBClient({ region, ...clientOptions() }));
clock.watch(dynamodb);
// Asked for while the machine is still saying who it is; where they cannot be had yet, the first call asks again.
const credentials = dynamodb.config.credentials().catch(() => undefined);
const always: { instance?: string } = {};
const log = jsonLog(clock, always);
const script = settings.RUNPOOL_PRE_RUNNER === "" ? "" : await readFile(settings.RUNPOOL_PRE_RUNNER, "utf8");
const ground = machineGround(settings, script, clock, log);
const [identity, manager] = await asked;
const { instanceId, account } = identity;
always.instance = instanceId;
const { region: home } = identity;
const key = instanceKey({ awsPartition: awsPartitionOf(home), region: home, account }, instanceId);
const environment = settings.RUNPOOL_ENVIRONMENT;
const own = ownInstance({ client: dynamodb, table: tableName(environment), key, clock });
const { runner, host, onWake } = await ground;
await credentials;
// Nothing needs it before the first registration.
let ssm: SSMClient | undefined;
const inSsm = {
  read: (name: string) => secrets((ssm ??= new SSMClient({ region, ...clientOptions() }))).read(name),
};
await runAgent(
  { own, metadata, runner, host, secrets: inSsm, clock, log },
  {
    environment,
    instanceId,
    agentVersion: version,
    pooled: manager === poolManager,
    bootMs: settings.RUNPOOL_BOOT_MS,
    maxRuntimeMs: settings.RUNPOOL_MAX_RUNTIME_MS,
    turnMs: limits.agentTurnMs,
    anyRunsJobs: settings.RUNPOOL_ANY_RUNS_JOBS === "true",
    furtherRuns: settings.RUNPOOL_FURTHER_RUNS,
    onWake,
  },
);
