// The embedded cloud: the services of one AWS account and region behind a front door, GitHub beside them, and real SDK clients.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Clock } from "../cloud/ports/clock.ts";
import type { Chance } from "./chance.ts";
import { dynamodb } from "./dynamodb/dynamodb.ts";
import { ec2 } from "./ec2/ec2.ts";
import { openGithub, type GithubOptions, type GithubStandIn } from "./github/github.ts";
import { openFaults, withFaults } from "./http/faults.ts";
import { openFrontDoor, type FrontDoorOptions } from "./http/front-door.ts";
import type { AwsCall, Service } from "./http/service.ts";
import { iam } from "./iam.ts";
import { roleName } from "./imds/role-credentials.ts";
import { lambda } from "./lambda/lambda.ts";
import { lambdaCaller, type SourceContext } from "./lambda/sources.ts";
import { logs } from "./logs.ts";
import { serviceQuotas } from "./quotas.ts";
import { queueUrl } from "./sqs/context.ts";
import { sqs } from "./sqs/sqs.ts";
import { ssm } from "./ssm/ssm.ts";
import { sts } from "./sts.ts";

export interface EmbeddedCloudOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly region: string;
  readonly account: string;
  /** Hears of every call before it is applied, and may throw instead. */
  readonly heard?: (call: AwsCall) => void;
  /** Services that others stand in for. */
  readonly instead?: FrontDoorOptions["services"];
  /** What the clients sign with. */
  readonly credentials?: typeof anyCredentials;
}

export type EmbeddedCloud = Awaited<ReturnType<typeof openAws>>;

/** The embedded cloud verifies no signature; the SDK wants something to sign with. */
export const anyCredentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

async function openAws(options: EmbeddedCloudOptions) {
  const { clock, chance, region, account, heard, instead, credentials } = options;
  const faults = openFaults();
  const base = { clock, chance, faults, region, account };
  const [db, queues, parameters] = [dynamodb(base), sqs(base), ssm(base)];
  const machines = ec2({ ...base, parameter: parameters.value });
  const [roles, quotas, logGroups] = [iam(base), serviceQuotas(base), logs(base)];
  const keep = async (queue: string, MessageBody: string): Promise<void> => {
    const input = { QueueUrl: queueUrl(base, queue), MessageBody };
    await queues.service({ service: "sqs", action: "SendMessage", input, caller: lambdaCaller(region) });
  };
  const lambdas = lambda({ ...base, keep, print: (...line) => logGroups.put(...line) });
  const roleOf = (id: string): string | undefined => {
    const machine = machines.machine(id);
    return machine && roleName(machine);
  };
  const all: Readonly<Record<string, Service>> = {
    dynamodb: db.service,
    sqs: queues.service,
    ec2: machines.service,
    ssm: parameters.service,
    sts: sts({ ...base, roleOf }),
    iam: roles.service,
    servicequotas: quotas.service,
    logs: logGroups.service,
    ...instead,
  };
  const services: FrontDoorOptions["services"] = Object.fromEntries(
    Object.entries(all).map(([name, service]): [string, Service] => [
      name,
      async (call) => {
        heard?.(call);
        return await service(call);
      },
    ]),
  );
  const stop = new AbortController();
  const within = (service: Service): Service => withFaults(service, faults, clock, chance.fork("within"));
  const sources: SourceContext = {
    ...base,
    lambda: within(lambdas.service),
    sqs: within(queues.service),
    keep,
    stop: stop.signal,
  };
  const door = await openFrontDoor({ services, clock, chance, faults });
  const clients = clientsAt(door.url, region, credentials);
  return {
    db,
    queues,
    parameters,
    machines,
    roles,
    quotas,
    logGroups,
    lambdas,
    /** What wakes the lambdas works with this. */
    sources,
    faults,
    services,
    door,
    clients,
    close: async (): Promise<void> => {
      stop.abort();
      lambdas.close();
      machines.close();
      for (const client of Object.values(clients)) client.destroy();
      await door.close();
    },
  };
}

/** Rejects where a port cannot be had. `github`: GitHub beside AWS, under the same clock and chance unless it has its own. */
export async function embeddedCloud(
  options: EmbeddedCloudOptions & { readonly github: Partial<GithubOptions> },
): Promise<EmbeddedCloud & { readonly github: GithubStandIn }>;
export async function embeddedCloud(options: EmbeddedCloudOptions): Promise<EmbeddedCloud>;
export async function embeddedCloud(options: EmbeddedCloudOptions & { readonly github?: Partial<GithubOptions> }) {
  const aws = await openAws(options);
  if (options.github === undefined) return aws;
  const github = await openGithub({ clock: options.clock, chance: options.chance, ...options.github });
  const close = async (): Promise<void> => void (await Promise.all([aws.close(), github.close()]));
  return { ...aws, github, close };
}

/** One try a call: a fault shows at once. */
function clientsAt(endpoint: string, region: string, credentials = anyCredentials) {
  const options = { endpoint, region, credentials, maxAttempts: 1 };
  return {
    dynamodb: new DynamoDBClient(options),
    sqs: new SQSClient(options),
    ec2: new EC2Client(options),
    ssm: new SSMClient(options),
  };
}

/** A subnet in each of two zones. */
export const twoSubnets = ({ machines }: Pick<EmbeddedCloud, "machines">, region: string) =>
  ["a", "b"].map((letter) => {
    const zone = `${region}${letter}`;
    return { id: machines.addSubnet({ zone }), zone };
  });
