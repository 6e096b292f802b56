// The moment at which a client's first call has gone out.
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { lean, onceSent } from "../../cloud/aws/lean-client.ts";

test("is told once, after the request was handed on and before its reply has come", async () => {
  const seen: string[] = [];
  const requestHandler = {
    handle: async () => {
      seen.push("sent");
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      seen.push("answered");
      throw new Error("nobody is there");
    },
  };
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = lean(new DynamoDBClient({ region: "us-east-1", credentials, requestHandler, maxAttempts: 1 }));
  onceSent(client, () => seen.push("told"));
  for (let calls = 0; calls < 2; calls++)
    await expect(client.send(new ListTablesCommand({}))).rejects.toThrow("nobody is there");
  expect(seen).toEqual(["sent", "told", "answered", "sent", "answered"]);
});
