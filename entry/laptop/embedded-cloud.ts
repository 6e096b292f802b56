// The embedded cloud of a laptop: AWS and GitHub on loopback ports, furnished as a deployed environment would be.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { chance } from "../../cloud/sim/chance.ts";
import { dynamodb, type DynamoDb } from "../../cloud/sim/dynamodb/dynamodb.ts";
import { ec2, type Ec2 } from "../../cloud/sim/ec2/ec2.ts";
import { furnishFromStack, imagesOf } from "../../cloud/sim/furnish-from-stack.ts";
import { openGithub, type GithubStandIn } from "../../cloud/sim/github/github.ts";
import { openFaults } from "../../cloud/sim/http/faults.ts";
import { openFrontDoor, type FrontDoor } from "../../cloud/sim/http/front-door.ts";
import type { AwsCall, Service } from "../../cloud/sim/http/service.ts";
import { iam } from "../../cloud/sim/iam.ts";
import { logs } from "../../cloud/sim/logs.ts";
import { serviceQuotas } from "../../cloud/sim/quotas.ts";
import { sqs, type Sqs } from "../../cloud/sim/sqs/sqs.ts";
import { ssm } from "../../cloud/sim/ssm/ssm.ts";
import { sts } from "../../cloud/sim/sts.ts";
import type { Overlay } from "../../domain/configuration.ts";
import { hostClock } from "../host-clock.ts";
import { place, repository } from "./environment.ts";
import { laptopStack } from "./laptop-stack.ts";

export { place, repository } from "./environment.ts";

/** The embedded cloud verifies no signature; the SDK wants something to sign with. */
export const credentials = { accessKeyId: "AKIDLAPTOP", secretAccessKey: "laptop" };
export const forgeToken = "ghp_laptopdemonstrationtokenxxxxxxxxxxxx";

export interface EmbeddedCloud {
  readonly aws: FrontDoor;
  readonly github: GithubStandIn;
  readonly ec2: Ec2;
  readonly sqs: Sqs;
  readonly dynamodb: DynamoDb;
  close(): Promise<void>;
}

export interface CloudWish {
  /** How long an idle instance lives, ms: the demonstration shortens it. */
  readonly idleMs: number;
  /** What else of its operation differs from the built-in. */
  readonly operational?: Overlay;
  /** From launch to the agent's start, ms. */
  readonly bootMs: number;
  /** What chance draws from. */
  readonly seed?: string;
  /** Hears of every call to AWS before it is applied, and may throw instead. */
  readonly heard?: (call: AwsCall) => void;
}

/** Opens the ports and furnishes them; rejects where a port cannot be had. */
export async function openEmbeddedCloud({
  idleMs,
  bootMs,
  operational = {},
  seed = "laptop",
  heard = () => undefined,
}: CloudWish): Promise<EmbeddedCloud> {
  const luck = chance(seed);
  const { region, account } = place;
  const faults = openFaults();
  const common = { clock: hostClock, chance: luck, faults, region, account };
  const parameters = ssm(common);
  const machines = ec2({ ...common, parameter: (name) => parameters.value(name) });
  machines.faults.bootMs = bootMs;
  const table = dynamodb(common);
  const queues = sqs(common);
  const told =
    (service: Service): Service =>
    async (call) => {
      heard(call);
      return service(call);
    };
  const aws = await openFrontDoor({
    services: {
      dynamodb: told(table.service),
      sqs: told(queues.service),
      ec2: told(machines.service),
      ssm: told(parameters.service),
      sts: told(sts(common)),
      iam: told(iam(common).service),
      logs: told(logs(common).service),
      servicequotas: told(serviceQuotas(common).service),
    },
    clock: hostClock,
    chance: luck,
    faults,
  });
  const permissions = { administration: "write", actions: "read" } as const;
  const github = await openGithub({ clock: hostClock, chance: luck, pats: [{ token: forgeToken, permissions }] });
  await furnishLaptop(aws.url, github.url, machines, { ...operational, idleMs });
  aws.resetCalls();
  return {
    aws,
    github,
    ec2: machines,
    sqs: queues,
    dynamodb: table,
    close: async () => {
      machines.close();
      await Promise.all([aws.close(), github.close()]);
    },
  };
}

/** From the synthesized stack: a name that the stack and the code do not share breaks it here. */
async function furnishLaptop(endpoint: string, forgeUrl: string, machines: Ec2, operational: Overlay): Promise<void> {
  const stack = await laptopStack();
  for (const { id, rootDevice } of imagesOf(stack))
    machines.addImage({ id, name: id, architecture: "x86_64", rootDevice });
  const options = { region: place.region, endpoint, credentials };
  const clients = {
    dynamodb: new DynamoDBClient(options),
    sqs: new SQSClient(options),
    ec2: new EC2Client(options),
    ssm: new SSMClient(options),
  };
  const forge = { kind: "github", serverUrl: forgeUrl, apiUrl: forgeUrl, repositories: [repository] };
  await furnishFromStack(clients, stack, (item) => ({ ...item, ...toItem({ ...operational, forge }) }));
  for (const client of Object.values(clients)) client.destroy();
}
