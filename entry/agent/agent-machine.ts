// The machine that the agent runs on: who it is, by its metadata, and AWS's clients in its region, each as soon as it can be had.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SSMClient } from "@aws-sdk/client-ssm";
import { clientOptions } from "../../cloud/aws/client-options.ts";
import { correctedClock } from "../../cloud/aws/clock.ts";
import { imdsMetadata } from "../../cloud/aws/imds-metadata.ts";
import { lean } from "../../cloud/aws/lean-client.ts";
import { secrets } from "../../cloud/aws/secrets.ts";
import { awsPartitionOf, instanceKey, poolManager, tags } from "../../domain/names.ts";
import type { Secrets } from "../../cloud/ports/secrets.ts";
import { steadyClock } from "../host-clock.ts";

export function agentMachine(metadataUrl: string) {
  const clock = correctedClock(steadyClock);
  const start = steadyClock.now();
  const metadata = imdsMetadata({ baseUrl: metadataUrl, clock });
  const identified = Promise.all([metadata.identity(), metadata.tag(tags.manager)]);
  const region = async (): Promise<string> => (await identified)[0].region;
  const dynamodb = lean(new DynamoDBClient({ region, ...clientOptions("other", process.env) }));
  clock.watch(dynamodb);
  // Requested while the identity is read; if they are not available yet, the first call requests them again.
  const credentials = dynamodb.config.credentials().catch(() => undefined);
  // Nothing needs it before the first registration.
  let ssm: SSMClient | undefined;
  const inSsm: Pick<Secrets, "read"> = {
    read: (name) => secrets((ssm ??= new SSMClient({ region, ...clientOptions("other", process.env) }))).read(name),
  };
  return {
    clock,
    /** When this was called, by the clock as AWS has corrected it since. */
    startedAt: () => start + clock.offset(),
    metadata,
    dynamodb,
    secrets: inSsm,
    /** Resolves once the identity is known and the credentials were requested. */
    known: async () => {
      const [{ instanceId, region: home, account }, manager] = await identified;
      await credentials;
      const key = instanceKey({ awsPartition: awsPartitionOf(home), region: home, account }, instanceId);
      return { instanceId, region: home, account, key, pooled: manager === poolManager };
    },
  };
}
