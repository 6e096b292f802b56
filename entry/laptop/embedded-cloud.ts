// The embedded cloud of a laptop: AWS and GitHub on loopback ports, furnished as a deployed environment would be.
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { chance } from "../../sim/chance.ts";
import { embeddedCloud } from "../../sim/embedded-cloud.ts";
import { furnishFromStack, imagesOf } from "../../sim/furnish-from-stack.ts";
import type { AwsCall } from "../../sim/http/service.ts";
import type { StackFile } from "../../sim/stack-file.ts";
import type { Overlay } from "../../domain/configuration.ts";
import { hostClock } from "../host-clock.ts";
import { place, repository } from "./environment.ts";
import { laptopPool } from "./laptop-stack.ts";

export { place, repository } from "./environment.ts";

export const credentials = { accessKeyId: "AKIDLAPTOP", secretAccessKey: "laptop" };
export const forgeToken = "ghp_laptopdemonstrationtokenxxxxxxxxxxxx";

export type EmbeddedCloud = Awaited<ReturnType<typeof openEmbeddedCloud>>;

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
  /** The pool stack, where the caller has it already. */
  readonly pool?: StackFile;
}

/**
 * Opens the ports and furnishes them from the synthesized stack: a name that the stack and the code do not share breaks it here. Rejects
 * where a port cannot be had.
 */
export async function openEmbeddedCloud({
  idleMs,
  bootMs,
  operational = {},
  seed = "laptop",
  heard = () => undefined,
  pool,
}: CloudOptions) {
  const { region, account } = place;
  const permissions = { administration: "write", actions: "read" } as const;
  const cloud = await embeddedCloud({
    clock: hostClock,
    chance: chance(seed),
    region,
    account,
    heard,
    credentials,
    github: { pats: [{ token: forgeToken, permissions }] },
  });
  const { door: aws, machines: ec2, queues: sqs, db: dynamodb, github } = cloud;
  ec2.faults.bootMs = bootMs;
  const stack = pool ?? (await laptopPool());
  for (const { id, rootDevice } of imagesOf(stack)) ec2.addImage({ id, name: id, architecture: "x86_64", rootDevice });
  const forge = { kind: "github", serverUrl: github.url, apiUrl: github.url, repositories: [repository] };
  await furnishFromStack(cloud.clients, stack, (item) => ({ ...item, ...toItem({ ...operational, idleMs, forge }) }));
  aws.resetCalls();
  return { ...cloud, aws, ec2, sqs, dynamodb };
}
