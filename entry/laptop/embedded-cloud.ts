// The embedded cloud of a laptop: AWS and GitHub on loopback ports, furnished as a deployed environment would be.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { chance } from "../../cloud/sim/chance.ts";
import { domainDefaults, domainPlan } from "../../cloud/sim/domain-plan.ts";
import { dynamodb, type DynamoDb } from "../../cloud/sim/dynamodb/dynamodb.ts";
import { ec2, type Ec2 } from "../../cloud/sim/ec2/ec2.ts";
import { furnish, putItem } from "../../cloud/sim/furnish.ts";
import { openGithub, type GithubStandIn } from "../../cloud/sim/github/github.ts";
import type { Overlay } from "../../domain/configuration.ts";
import { openFaults } from "../../cloud/sim/http/faults.ts";
import type { AwsCall, Service } from "../../cloud/sim/http/service.ts";
import { openFrontDoor, type FrontDoor } from "../../cloud/sim/http/front-door.ts";
import { iam } from "../../cloud/sim/iam.ts";
import { serviceQuotas } from "../../cloud/sim/quotas.ts";
import { sqs, type Sqs } from "../../cloud/sim/sqs/sqs.ts";
import { ssm } from "../../cloud/sim/ssm/ssm.ts";
import { sts } from "../../cloud/sim/sts.ts";
import { tableName } from "../../domain/names.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { hostClock } from "../host-clock.ts";

export const place = { environment: "laptop", region: "us-east-1", account: "123456789012" } as const;
export const repository = "example/shop";
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
  /** What chance draws from. */
  readonly seed?: string;
  /** Hears of every call to AWS before it is applied, and may throw instead. */
  readonly heard?: (call: AwsCall) => void;
  /** From launch to the agent's start, ms. */
  readonly bootMs: number;
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
  const told =
    (service: Service): Service =>
    async (call) => {
      heard(call);
      return service(call);
    };
  const parameters = ssm(common);
  const machines = ec2({ ...common, parameter: (name) => parameters.value(name) });
  machines.faults.bootMs = bootMs;
  const table = dynamodb(common);
  const queues = sqs(common);
  const aws = await openFrontDoor({
    services: {
      dynamodb: told(table.service),
      sqs: told(queues.service),
      ec2: told(machines.service),
      ssm: told(parameters.service),
      sts: told(sts(common)),
      iam: told(iam(common).service),
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

async function furnishLaptop(endpoint: string, forgeUrl: string, machines: Ec2, operational: Overlay): Promise<void> {
  const { environment, region, account } = place;
  const subnets = ["a", "b", "c"].map((letter) => {
    const zone = `${region}${letter}`;
    return { id: machines.addSubnet({ zone }), zone };
  });
  const wish = {
    environment,
    region,
    account,
    classes: defaultResourceClasses,
    architectures: ["x64" as const],
    images: { x64: machines.addImage({ name: "runpool-laptop", architecture: "x86_64" }) },
    subnets,
    forge: { kind: "github" as const, serverUrl: forgeUrl, apiUrl: forgeUrl, repositories: [repository] },
  };
  const options = { region, endpoint, credentials };
  const clients = {
    dynamodb: new DynamoDBClient(options),
    sqs: new SQSClient(options),
    ec2: new EC2Client(options),
    ssm: new SSMClient(options),
  };
  const furnished = await furnish(clients, domainPlan(wish));
  const defaults = { ...domainDefaults(wish, furnished), ...operational };
  await putItem(clients.dynamodb, tableName(environment), defaultsItem(defaults));
  for (const client of Object.values(clients)) client.destroy();
}
