// The agent on an instance: builds its world and runs until the machine is to end.
import { readFile } from "node:fs/promises";
import { runAgent } from "../../agent/agent.ts";
import { ownInstance } from "../../cloud/aws/own-instance.ts";
import { githubEnrolment } from "../../agent/runners/github/enrolment.ts";
import { githubRunner } from "../../agent/runners/github/github-runner.ts";
import { githubProgram } from "../../agent/runners/github/program.ts";
import { limits } from "../../domain/limits.ts";
import { tableName } from "../../domain/names.ts";
import { version } from "../../domain/version.ts";
import { forgeHome, parseAgentEnvironment } from "./agent-environment.ts";
import { agentHost } from "./agent-host.ts";
import { agentLog } from "./agent-log.ts";
import { agentMachine } from "./agent-machine.ts";
import { writePreRunner } from "../write-pre-runner.ts";

if (process.argv[2] === "write-pre-runner")
  await writePreRunner(process.argv[3] ?? "").then(
    () => process.exit(),
    (error: unknown) => {
      process.stderr.write(`runpool: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
const settings = parseAgentEnvironment(process.env);
const machine = agentMachine(settings.AWS_EC2_METADATA_SERVICE_ENDPOINT);
const { clock, startedAt, metadata, dynamodb, secrets } = machine;
const log = agentLog(clock);
const script = settings.RUNPOOL_PRE_RUNNER === "" ? "" : await readFile(settings.RUNPOOL_PRE_RUNNER, "utf8");
// At the same time as metadata is read.
const building = agentHost({ settings, preRunnerScript: script, program: githubProgram, clock, log });
const { instanceId, account, region, key, pooled } = await machine.known();
log.instanceIs(instanceId);
const environment = settings.RUNPOOL_ENVIRONMENT;
const own = ownInstance({ client: dynamodb, table: tableName(environment), key, clock });
const { sandbox, host, bootId, onWake, onPowerOff } = await building;
const enrolment = githubEnrolment({
  environment,
  account,
  region,
  instanceId,
  forge: forgeHome(settings),
  ...(settings.RUNPOOL_RUNNER_GROUP === "" ? {} : { runnerGroup: settings.RUNPOOL_RUNNER_GROUP }),
  anyRunsJobs: settings.RUNPOOL_ANY_RUNS_JOBS === "true",
  secrets,
});
const runner = githubRunner(sandbox, {
  enrolment,
  stateDirectory: settings.RUNPOOL_STATE,
  bootId,
  hooksDirectory: settings.RUNPOOL_HOOKS,
  clock,
  log,
});
onPowerOff(() => runner.settled());
await runAgent(
  { own, metadata, runner, host, clock, log },
  {
    agentVersion: version,
    pooled,
    bootMs: settings.RUNPOOL_BOOT_MS,
    turnMs: limits.agentTurnMs,
    startedAt,
    onWake,
    onRecord: log.recordIs,
  },
);
