// A program for bundle.test.ts: calls that fail, and what is then known of the errors.
import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

const options = { region: "us-east-1", maxAttempts: 1 };
const dynamodb = new DynamoDBClient(options);
const ssm = new SSMClient(options);
async function said(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    const { name, message, Item, $metadata } = error as Error & {
      Item?: unknown;
      $metadata: { httpStatusCode?: number };
    };
    return { name, message, Item, status: $metadata.httpStatusCode };
  }
}
const update = (TableName: string) =>
  said(dynamodb.send(new UpdateItemCommand({ TableName, Key: { key: { S: "x" } } })));
const parameter = (Name: string) => said(ssm.send(new GetParameterCommand({ Name })));
console.log(
  JSON.stringify([
    await update("ConditionalCheckFailedException"),
    await update("ResourceNotFoundException"),
    await parameter("ParameterNotFound"),
    await parameter("InvalidKeyId"),
  ]),
);
