// What the tests of the command line share: an environment on the embedded cloud, agents played by a stub, the CLI as a child process.
import { spawn, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { run } from "../../entry/cli/run.ts";
import { queueName } from "../../domain/class-keys.ts";
import { tableName } from "../../domain/names.ts";
import { hear, type Ended, type Heard } from "../child.ts";
import { compileCache } from "../compile-cache.ts";
import { playAgents } from "./agents.ts";
import { classes, credentials, environment, openFurnishedCloud, region } from "./cloud.ts";

/** A child process of the CLI. */
export interface Running extends Heard {
  readonly child: ChildProcess;
}

const program = resolve(import.meta.dirname, "../../entry/cli/cli.ts");

/** Starts the real CLI with nothing of this process's environment but the path, and what is compiled of it already. */
export function start(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  cwd = process.cwd(),
): Running {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...compileCache, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, ...hear(child) };
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
    record: cloud.record,
    send: cloud.send,
    parameter: parameters.value,
    putParameter: parameters.put,
    start: begin,
    run: (args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> =>
      begin(args, more).ended,
    sendTo: cloud.sendTo,
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
