// The furnishing plan of an environment straight from domain's words: for tests that need no synthesized stack.
import { limits } from "../../domain/limits.ts";
import { imageParameter, queueName, templateName, unreadableQueueName } from "../../domain/class-keys.ts";
import { instanceRoleName, tableName } from "../../domain/names.ts";
import { operationalDefaults, type Defaults } from "../../domain/configuration.ts";
import type { Architecture } from "../../domain/record.ts";
import type { ResourceClasses } from "../../domain/resource-class.ts";
import { table } from "../../domain/table.ts";
import { environmentSchema } from "../../domain/version.ts";
import type { Furnished, FurnishPlan } from "../../sim/furnish.ts";

export interface PlanWish {
  readonly environment: string;
  readonly classes: ResourceClasses;
  readonly architectures: readonly Architecture[];
  /** AMI ids by architecture. */
  readonly images: Readonly<Partial<Record<Architecture, string>>>;
}

export function domainPlan({ environment, classes, architectures, images }: PlanWish): FurnishPlan {
  const names = Object.keys(classes);
  const queue = (name: string, seconds: number) => ({ name, attributes: { MessageRetentionPeriod: String(seconds) } });
  return {
    table: {
      name: tableName(environment),
      hash: table.key,
      attributes: table.attributes,
      indexes: Object.values(table.indexes),
      ttl: table.ttl,
    },
    queues: names.flatMap((name) => [
      queue(queueName(environment, name), limits.poolRetentionMs / 1000),
      queue(unreadableQueueName(environment, name), 14 * 24 * 3600),
    ]),
    templates: names.flatMap((name) =>
      architectures.map((architecture) => ({
        name: templateName(environment, name, architecture),
        data: {
          IamInstanceProfile: { Name: instanceRoleName(environment) },
          InstanceInitiatedShutdownBehavior: "terminate" as const,
          MetadataOptions: {
            HttpTokens: "required" as const,
            HttpPutResponseHopLimit: 1,
            InstanceMetadataTags: "enabled" as const,
          },
          BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 40, Encrypted: true } }],
        },
      })),
    ),
    parameters: architectures.map((architecture) => ({
      name: imageParameter(environment, architecture),
      value: images[architecture] ?? "",
      secure: false,
    })),
  };
}

export interface DefaultsWish extends PlanWish {
  readonly region: string;
  readonly account: string;
  readonly subnets: Defaults["subnets"];
  readonly forge: Defaults["forge"];
}

/** The defaults item's content for what was furnished. */
export function domainDefaults(wish: DefaultsWish, furnished: Furnished): Defaults {
  const { environment, classes, architectures, region, account, subnets, forge } = wish;
  const names = Object.keys(classes);
  return {
    ...operationalDefaults,
    schema: environmentSchema,
    resourceClasses: classes,
    environment,
    awsPartition: "aws",
    region,
    account,
    queues: Object.fromEntries(
      names.map((name) => [
        name,
        {
          url: furnished.queueUrls[queueName(environment, name)] ?? "",
          unreadableUrl: furnished.queueUrls[unreadableQueueName(environment, name)] ?? "",
        },
      ]),
    ),
    templates: Object.fromEntries(
      names.flatMap((name) =>
        architectures.map((architecture) => [
          `${name}/${architecture}`,
          { id: furnished.templateIds[templateName(environment, name, architecture)] ?? "", version: "1" },
        ]),
      ),
    ),
    subnets,
    imageParameters: Object.fromEntries(architectures.map((one) => [one, imageParameter(environment, one)])),
    forge,
    partitions: {},
    configHash: "1",
  };
}
