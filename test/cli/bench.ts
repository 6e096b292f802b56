// What the tests of the command line share: an environment on the embedded cloud, agents played by a stub, the CLI as a child process.
import { spawn, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { run } from "../../entry/cli/run.ts";
import { instanceKey, queueName, tableName } from "../../domain/names.ts";
import type { PoolMessage } from "../../domain/pool-message.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { poolAttribute, poolKey } from "../../domain/table.ts";
import { playAgents } from "./agents.ts";
import { account, classes, credentials, environment, openFurnishedCloud, region, repository } from "./cloud.ts";

/** A child process of the CLI: what it has said, and when it ends. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What is waited for while it runs; rejects with what it has said, should it end first. */
  readonly during: (what: Promise<void>) => Promise<void>;
  /** Resolves as soon as it has written this to stdout or stderr; rejects with what it has said, should it end first. */
  readonly says: (words: RegExp) => Promise<void>;
}
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const program = resolve(import.meta.dirname, "../../entry/cli.ts");

/** Starts the real CLI with nothing of this process's environment but the path. */
export function start(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  cwd = process.cwd(),
): Running {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  const listeners = new Set<() => void>();
  const heard = (): void => listeners.forEach((listener) => listener());
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    heard();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    heard();
  });
  const ended = new Promise<Ended>((done) => child.once("close", (code) => done({ code, out, err })));
  const during = (what: Promise<void>): Promise<void> =>
    Promise.race([what, ended.then(({ code }) => Promise.reject(new Error(`it ended with ${code}: ${out}${err}`)))]);
  const says = (words: RegExp): Promise<void> =>
    during(
      new Promise((resolve) => {
        const listen = (): void => {
          if (!words.test(out) && !words.test(err)) return;
          listeners.delete(listen);
          resolve();
        };
        listeners.add(listen);
        listen();
      }),
    );
  return { child, ended, during, says };
}

/** The same within this process, where no signal and no standing line is looked at. `columns`: on a terminal so wide. */
export async function inProcess(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  columns?: number,
): Promise<Ended> {
  let [out, err] = ["", ""];
  const on = columns === undefined ? {} : { isTTY: true, columns };
  const stdout = { ...on, write: (text: string) => (out += text) };
  const stderr = { ...on, write: (text: string) => (err += text) };
  const code = await run(args, variables, { stdout, stderr });
  return { code, out, err };
}

export type CliBench = Awaited<ReturnType<typeof openCliBench>>;

/** An environment `dev` whose clock stands still, with GitHub beside it. */
export async function openCliBench() {
  const cloud = await openFurnishedCloud();
  const { clock, db, queues, parameters, machines, door, github, clients, imageId, defaults, put } = cloud;
  const { roles, quotas, logGroups } = cloud;
  const agents = playAgents(db, clients.dynamodb, tableName(environment), clock);
  const variables = {
    AWS_ENDPOINT_URL: door.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: region,
    RUNPOOL_ENVIRONMENT: environment,
  };
  const started = new Set<Running>();
  const begin = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Running => {
    const running = start(args, { ...variables, ...more });
    started.add(running);
    return running;
  };
  return {
    clock,
    agents,
    door,
    machines,
    roles,
    quotas,
    logGroups,
    clients,
    imageId,
    defaults,
    variables,
    put,
    parameter: parameters.value,
    putParameter: parameters.put,
    start: begin,
    run: (args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> =>
      begin(args, more).ended,
    /** Writes a record as it would lie in the table. */
    record: async (part: Partial<InstanceRecord> & Pick<InstanceRecord, "instanceId">): Promise<InstanceRecord> => {
      const record = { ...recordOf(clock.now(), imageId), key: keyOf(part.instanceId), ...part };
      await put(toItem({ ...record, [poolAttribute]: poolKey(record, record.state) }));
      return record;
    },
    /** Puts what is given into its class's queue. */
    send: (message: PoolMessage | string, resourceClass = "large") =>
      clients.sqs.send(
        new SendMessageCommand({
          QueueUrl: defaults.queues[resourceClass]?.url,
          MessageBody: typeof message === "string" ? message : JSON.stringify(message),
        }),
      ),
    sendTo: (QueueUrl: string, MessageBody: string) =>
      clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })),
    records: () => agents.records(),
    /** All that a command could have changed, as one text. */
    everything: (): string =>
      JSON.stringify([
        db.items(tableName(environment)),
        Object.keys(classes).map((name) => queues.messages(queueName(environment, name))),
        machines.machines().map((machine) => [machine.id, machines.state(machine)]),
        github.runners().map(({ name }) => name),
      ]),
    /** Bodies of the messages in a class's queue (`large-unreadable`: in its other one). */
    bodies: (resourceClass: string) => queues.messages(queueName(environment, resourceClass)).map(({ body }) => body),
    github,
    close: async () => {
      for (const { child } of started) if (child.exitCode === null) child.kill("SIGKILL");
      agents.stop();
      await cloud.close();
    },
  };
}

const keyOf = (instanceId: string): string => instanceKey({ awsPartition: "aws", region, account }, instanceId);

/** An idle instance with a fresh heartbeat, seven and a half minutes left. */
const recordOf = (now: number, imageId: string): Omit<InstanceRecord, "key" | "instanceId"> => ({
  schema: 1,
  state: "idle",
  version: 3,
  assignment: 1,
  threshold: now + 7 * 60_000 + 30_000,
  wanted: "leave",
  uses: 1,
  partition: `github:${repository}`,
  resourceClass: "large",
  architecture: "x64",
  usageClass: "spot",
  instanceType: "c6i.large",
  cpu: 2,
  mmem: 4096,
  zone: `${region}a`,
  imageId,
  templateVersion: "1",
  configHash: "1",
  launchedAt: now - 12 * 60_000 - 30_000,
  heartbeatAt: now - 1000,
});

/** What makes a record somebody's. */
export const ownedBy = (runId: string, attempt = 1, provisionId = "provision") => ({
  owner: `github:run:${runId}:${attempt}:${provisionId}`,
  runId,
  attempt,
  provisionId,
  claimId: `claim-of-${runId}`,
  wanted: "serve" as const,
  labels: [runId],
  registration: [],
});
