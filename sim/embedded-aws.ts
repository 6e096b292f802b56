// The embedded AWS: all services of one account and region behind a front door, and real SDK clients of what is furnished.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Clock } from "../cloud/ports/clock.ts";
import type { Chance } from "./chance.ts";
import { dynamodb } from "./dynamodb/dynamodb.ts";
import { ec2 } from "./ec2/ec2.ts";
import { openFaults } from "./http/faults.ts";
import { openFrontDoor, type FrontDoorWish } from "./http/front-door.ts";
import type { AwsCall, Service } from "./http/service.ts";
import { iam } from "./iam.ts";
import { roleName } from "./imds/role-credentials.ts";
import { logs } from "./logs.ts";
import { serviceQuotas } from "./quotas.ts";
import { sqs } from "./sqs/sqs.ts";
import { ssm } from "./ssm/ssm.ts";
import { sts } from "./sts.ts";

export interface EmbeddedAwsWish {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly region: string;
  readonly account: string;
  /** Hears of every call before it is applied, and may throw instead. */
  readonly heard?: (call: AwsCall) => void;
  /** Services that others stand in for. */
  readonly instead?: FrontDoorWish["services"];
}

export type EmbeddedAws = Awaited<ReturnType<typeof openEmbeddedAws>>;

/** Rejects where the port cannot be had. */
export async function openEmbeddedAws({ clock, chance, region, account, heard, instead }: EmbeddedAwsWish) {
  const faults = openFaults();
  const base = { clock, chance, faults, region, account };
  const [db, queues, parameters] = [dynamodb(base), sqs(base), ssm(base)];
  const machines = ec2({ ...base, parameter: parameters.value });
  const [roles, quotas, logGroups] = [iam(base), serviceQuotas(base), logs(base)];
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
  const services: FrontDoorWish["services"] = Object.fromEntries(
    Object.entries(all).map(([name, service]): [string, Service] => [
      name,
      async (call) => {
        heard?.(call);
        return await service(call);
      },
    ]),
  );
  const door = await openFrontDoor({ services, clock, chance, faults });
  return {
    db,
    queues,
    parameters,
    machines,
    roles,
    quotas,
    logGroups,
    faults,
    services,
    door,
    close: async (): Promise<void> => {
      machines.close();
      await door.close();
    },
  };
}

/** The embedded cloud verifies no signature; the SDK wants something to sign with. */
export const anyCredentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

/** One try a call: a fault shows at once. */
export function clientsAt(endpoint: string, region: string, credentials = anyCredentials) {
  const options = { endpoint, region, credentials, maxAttempts: 1 };
  return {
    dynamodb: new DynamoDBClient(options),
    sqs: new SQSClient(options),
    ec2: new EC2Client(options),
    ssm: new SSMClient(options),
  };
}

/** A subnet in each of two zones. */
export const twoSubnets = ({ machines }: Pick<EmbeddedAws, "machines">, region: string) =>
  ["a", "b"].map((letter) => {
    const zone = `${region}${letter}`;
    return { id: machines.addSubnet({ zone }), zone };
  });
