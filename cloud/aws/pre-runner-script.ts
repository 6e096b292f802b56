// The pre-runner script, as an instance reads it when it boots: of the configuration these attributes, and nothing else.
import { GetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { bootAttributes, defaultsKey, overlayKey, table } from "../../domain/table.ts";
import { skewOf } from "../../domain/version.ts";
import { Unconfigured } from "../ports/settings.ts";
import { AwsRefused, raise } from "./sdk-errors.ts";

async function read(client: DynamoDBClient, tableName: string, key: string) {
  const command = new GetItemCommand({
    TableName: tableName,
    Key: { [table.key]: { S: key } },
    ConsistentRead: true,
    // The key beside them tells an item without a script from no item.
    ProjectionExpression: ["#key", ...bootAttributes.map((name) => `#${name}`)].join(", "),
    ExpressionAttributeNames: {
      "#key": table.key,
      ...Object.fromEntries(bootAttributes.map((name) => [`#${name}`, name])),
    },
  });
  const { Item } = await client.send(command).catch((error: unknown) => raise(`GetItem on table ${tableName}`, error));
  return Item;
}

/**
 * A class's own, else the overlay's, else the environment's; "" where there is none. Rejects where the environment cannot be read, or is of
 * another version. `ofClass`: the machine's class, where user data says that it has a script of its own.
 */
export async function preRunnerScript(
  client: DynamoDBClient,
  tableName: string,
  environment: string,
  ofClass = "",
): Promise<string> {
  const [defaults, overlay] = await Promise.all([
    read(client, tableName, defaultsKey),
    read(client, tableName, overlayKey),
  ]).catch((error: unknown) => {
    if (!(error instanceof AwsRefused && error.code === "AccessDeniedException")) throw error;
    // What a role of schema 1 lets an instance read is less.
    throw new Unconfigured(
      `${error.message}. Where environment "${environment}" was deployed by an older runpool than this image's agent is of, deploy it again`,
    );
  });
  if (defaults === undefined) throw new Unconfigured(`table ${tableName} has no configuration: deploy its stack again`);
  const { deployedBy, schema, preRunnerScripts, preRunnerScript: deployed } = defaults;
  const skew = skewOf(environment, {
    ...(deployedBy?.S === undefined ? {} : { deployedBy: deployedBy.S }),
    ...(schema?.N === undefined ? {} : { schema: Number(schema.N) }),
  });
  if (skew !== undefined) throw new Unconfigured(skew);
  if (ofClass === "") return overlay?.["preRunnerScript"]?.S ?? deployed?.S ?? "";
  const own = preRunnerScripts?.M?.[ofClass]?.S;
  if (own === undefined)
    throw new Unconfigured(
      `table ${tableName} has no pre-runner script of class ${ofClass}: its machines are replaced`,
    );
  return own;
}
