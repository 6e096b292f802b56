// AWS and GitHub on loopback ports under a clock that stands still, furnished as the environment `dev`.
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { toItem, type Item } from "../../cloud/aws/attribute-values.ts";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { chance } from "../../sim/chance.ts";
import { domainDefaults, domainPlan } from "../world/domain-plan.ts";
import { embeddedCloud, twoSubnets } from "../../sim/embedded-cloud.ts";
import { furnish, putItem } from "../../sim/furnish.ts";
import { idleInstance } from "../../sim/idle-instance.ts";
import { instanceKey, tableName } from "../../domain/names.ts";
import type { PoolMessage } from "../../domain/pool-message.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { indexedBy } from "../../domain/table.ts";
import { manualClock } from "../sim/manual-clock.ts";

export const environment = "dev";
export const region = "eu-west-1";
export const account = "123456789012";
export const repository = "example/shop";
export const token = "ghp_testtokenofanowner";
export const classes = { large: { cpu: 2, mmem: 4096 }, xlarge: { cpu: 4, mmem: 8192 } };
export const credentials = { accessKeyId: "AKIDCLI", secretAccessKey: "cli" };

export async function openFurnishedCloud() {
  const clock = manualClock();
  const pats = [{ token, permissions: { administration: "write", actions: "read" } as const }];
  const aws = await embeddedCloud({
    clock,
    region,
    account,
    credentials,
    chance: chance("cli"),
    github: { chance: chance("cli/github"), pats },
  });
  const { machines, door, github, clients } = aws;
  const imageId = machines.addImage({ name: "runner", architecture: "x86_64" });
  const options = {
    environment,
    region,
    account,
    classes,
    architectures: ["x64" as const],
    images: { x64: imageId },
    subnets: twoSubnets(aws, region),
    forge: { kind: "github" as const, serverUrl: github.url, apiUrl: github.url, repositories: [repository] },
  };
  const defaults = domainDefaults(options, await furnish(clients, domainPlan(options)));
  const put = (item: Item): Promise<void> => putItem(clients.dynamodb, tableName(environment), item);
  await put(defaultsItem(defaults));
  door.resetCalls();
  const sendTo = (QueueUrl: string | undefined, MessageBody: string) =>
    clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  return {
    ...aws,
    clock,
    imageId,
    defaults,
    put,
    /** Writes a record as it would lie in the table: idle, with a fresh heartbeat, seven and a half minutes left. */
    record: async (part: Partial<InstanceRecord> & Pick<InstanceRecord, "instanceId">): Promise<InstanceRecord> => {
      const record = idleInstance(clock.now(), {
        key: instanceKey({ awsPartition: "aws", region, account }, part.instanceId),
        partition: `github:${repository}`,
        usageClass: "spot",
        imageId,
        launchedAt: clock.now() - 12.5 * 60_000,
        version: 3,
        threshold: clock.now() + 7.5 * 60_000,
        wanted: "leave",
        ...part,
      });
      await put(toItem({ ...record, ...indexedBy(record) }));
      return record;
    },
    sendTo,
    /** Puts what is given into its class's queue. */
    send: (message: PoolMessage | string, resourceClass = "large") =>
      sendTo(defaults.queues[resourceClass]?.url, typeof message === "string" ? message : JSON.stringify(message)),
  };
}
