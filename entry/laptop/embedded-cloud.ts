// The embedded cloud of a laptop: AWS and GitHub on loopback ports, furnished as a deployed environment would be.
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { chance } from "../../sim/chance.ts";
import type { DynamoDb } from "../../sim/dynamodb/dynamodb.ts";
import type { Ec2 } from "../../sim/ec2/ec2.ts";
import { embeddedCloud, type EmbeddedCloud as OpenedCloud } from "../../sim/embedded-cloud.ts";
import { furnishFromStack, imagesOf } from "../../sim/furnish-from-stack.ts";
import type { GithubStandIn } from "../../sim/github/github.ts";
import type { FrontDoor } from "../../sim/http/front-door.ts";
import type { AwsCall } from "../../sim/http/service.ts";
import type { Sqs } from "../../sim/sqs/sqs.ts";
import type { Overlay } from "../../domain/configuration.ts";
import { hostClock } from "../host-clock.ts";
import { place, repository } from "./environment.ts";
import { laptopStack } from "./laptop-stack.ts";

export { place, repository } from "./environment.ts";

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

export interface CloudOptions {
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
}: CloudOptions): Promise<EmbeddedCloud> {
  const luck = chance(seed);
  const { region, account } = place;
  const permissions = { administration: "write", actions: "read" } as const;
  const cloud = await embeddedCloud({
    clock: hostClock,
    chance: luck,
    region,
    account,
    heard,
    credentials,
    github: { pats: [{ token: forgeToken, permissions }] },
  });
  const { door, machines, queues, db, github, close } = cloud;
  machines.faults.bootMs = bootMs;
  await furnishLaptop(cloud, github.url, { ...operational, idleMs });
  door.resetCalls();
  return {
    aws: door,
    github,
    ec2: machines,
    sqs: queues,
    dynamodb: db,
    close,
  };
}

/** From the synthesized stack: a name that the stack and the code do not share breaks it here. */
async function furnishLaptop(
  { clients, machines }: OpenedCloud,
  forgeUrl: string,
  operational: Overlay,
): Promise<void> {
  const stack = await laptopStack();
  for (const { id, rootDevice } of imagesOf(stack))
    machines.addImage({ id, name: id, architecture: "x86_64", rootDevice });
  const forge = { kind: "github", serverUrl: forgeUrl, apiUrl: forgeUrl, repositories: [repository] };
  await furnishFromStack(clients, stack, (item) => ({ ...item, ...toItem({ ...operational, forge }) }));
}
