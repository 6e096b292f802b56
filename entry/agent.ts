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
const [identity, machineTags] = await Promise.all([metadata.identity(), metadata.tags()]);
const { instanceId, region, account } = identity;
const log = jsonLog(clock, { instance: instanceId });
const dynamodb = lean(new DynamoDBClient({ region, ...clientOptions() }));
const ssm = new SSMClient({ region, ...clientOptions() });
clock.watch(dynamodb);
const key = instanceKey({ awsPartition: awsPartitionOf(region), region, account }, instanceId);
const environment = settings.RUNPOOL_ENVIRONMENT;
const own = ownInstance({ client: dynamodb, table: tableName(environment), key, clock });
const script = settings.RUNPOOL_PRE_RUNNER === "" ? "" : await readFile(settings.RUNPOOL_PRE_RUNNER, "utf8");
const { runner, host, onWake } = await machineGround(settings, script, clock, log);
await runAgent(
  { own, metadata, runner, host, secrets: secrets(ssm), clock, log },
  {
    environment,
    instanceId,
    agentVersion: version,
    pooled: machineTags[tags.manager] === poolManager,
    bootMs: settings.RUNPOOL_BOOT_MS,
    maxRuntimeMs: settings.RUNPOOL_MAX_RUNTIME_MS,
    turnMs: limits.agentTurnMs,
    anyRunsJobs: settings.RUNPOOL_ANY_RUNS_JOBS === "true",
    furtherRuns: settings.RUNPOOL_FURTHER_RUNS,
    onWake,
  },
);
