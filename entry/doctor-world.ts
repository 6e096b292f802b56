// The doctor's world: clients of AWS and GitHub, loaded only by `runpool doctor`.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { clientOptions } from "../cloud/aws/client-options.ts";
import { accountReader } from "../cloud/aws/doctor-account.ts";
import { launchReader } from "../cloud/aws/doctor-launch.ts";
import { storeReader } from "../cloud/aws/doctor-store.ts";
import { imdsMetadata } from "../cloud/aws/imds-metadata.ts";
import { instanceRole } from "../cloud/aws/instance-role.ts";
import type { InstanceRole, SpecSaid } from "../cloud/ports/doctor.ts";
import { imageSpec, imageSpecFile } from "../agent/hosts/image-spec.ts";
import { jobQueue } from "../cloud/github/job-queue.ts";
import { forgeReader } from "../cloud/github/doctor-forge.ts";
import { forgeClient, type ForgeAuth, type ForgeClient } from "../cloud/github/forge-client.ts";
import type { DoctorWorld } from "../control/operate/doctor/examine.ts";
import type { RoleContext } from "../control/operate/doctor/instance-role.ts";
import { awsPartitionOf, tableName, tags } from "../domain/names.ts";
import type { OperatedWorld } from "./control-world.ts";
import { hostClock } from "./host-clock.ts";

export interface DoctorOptions {
  readonly region: string;
  readonly world: OperatedWorld;
  readonly forge: { readonly auth: ForgeAuth; readonly apiUrl: string } | { readonly missing: string };
}

const clientsIn = (region: string) => {
  const options = { region, ...clientOptions("other", process.env) };
  return {
    dynamodb: new DynamoDBClient(options),
    sqs: new SQSClient(options),
    ssm: new SSMClient(options),
    sts: new STSClient(options),
    ec2: new EC2Client({ region, ...clientOptions("ec2", process.env) }),
  };
};

const forgeOf = (client: ForgeClient) => ({ ...forgeReader(client), ...jobQueue(client) });

export function doctorWorld({ region, world, forge }: DoctorOptions): DoctorWorld {
  const clients = clientsIn(region);
  const options = { region, ...clientOptions("other", process.env) };
  const { settings, instances, requests, clock } = world;
  return {
    account: accountReader({
      ...clients,
      quotas: new ServiceQuotasClient(options),
      iam: new IAMClient(options),
      host: hostClock,
    }),
    store: storeReader(clients),
    launch: launchReader(clients.ec2, clients.ssm),
    forge: "missing" in forge ? forge : forgeOf(forgeClient({ ...forge, clock })),
    settings,
    instances,
    requests,
    clock,
  };
}

export interface OnInstance {
  readonly about: RoleContext;
  readonly role: InstanceRole;
}

/** The instance that this runs on, by its metadata. `environment`: where its tags do not say. Rejects with OutOfReach elsewhere. */
export async function onInstance(metadataUrl: string, environment: () => string): Promise<OnInstance> {
  const metadata = imdsMetadata({ baseUrl: metadataUrl, clock: hostClock });
  const { instanceId, region, account } = await metadata.identity();
  const tagged = await metadata.tags();
  const name = tagged[tags.environment] ?? environment();
  const domain = awsPartitionOf(region) === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  const role = instanceRole({
    ...clientsIn(region),
    // By the region's endpoint: the URL below is made up from the queue's name.
    sqs: new SQSClient({ region, ...clientOptions("other", process.env), useQueueUrlAsEndpoint: false }),
    table: tableName(name),
    queueUrl: (queue) => `https://sqs.${region}.${domain}/${account}/${queue}`,
  });
  const place = { awsPartition: awsPartitionOf(region), region, account };
  const partition = tagged[tags.partition];
  const resourceClass = tagged[tags.resourceClass];
  return { about: { place, environment: name, instanceId, partition, resourceClass }, role };
}

/** What the image of the machine that this runs on says about itself. */
export const lookAtImage = (): Promise<SpecSaid> => imageSpec(imageSpecFile, process.env["PATH"] ?? "", hostClock);
