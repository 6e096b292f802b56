// One conditional UpdateItem, with its outcomes as values.
import { UpdateItemCommand, type DynamoDBClient, type UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import type { Unknown } from "../ports/outcomes.ts";
import { fromItem, type Item } from "./attribute-values.ts";
import { asSdkError, asUnknown } from "./sdk-errors.ts";

export type Updated =
  | { readonly kind: "written"; readonly item: Record<string, unknown> }
  /** The condition did not hold. `item`: the current item, undefined if there is none. */
  | { readonly kind: "refused"; readonly item: Record<string, unknown> | undefined }
  | Unknown;

/** Throws AwsRefused where AWS refuses the call itself. */
export async function conditionalUpdate(client: DynamoDBClient, input: UpdateItemCommandInput): Promise<Updated> {
  try {
    const { Attributes } = await client.send(new UpdateItemCommand(input));
    return { kind: "written", item: fromItem(Attributes ?? {}) };
  } catch (error) {
    if (asSdkError(error).name !== "ConditionalCheckFailedException")
      return asUnknown(`UpdateItem on table ${input.TableName}`, error);
    const { Item } = error as { Item?: Item };
    return { kind: "refused", item: Item === undefined ? undefined : fromItem(Item) };
  }
}
