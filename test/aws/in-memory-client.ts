// A DynamoDB client without HTTP: the adapters' commands go straight to the embedded DynamoDB, thousands a second.
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { AwsFault, type Service } from "../../sim/http/service.ts";

interface Command {
  readonly input: object;
}

/** Errors have the SDK's shape: a name, the status, and the members of the error's body. */
export function inMemoryClient(service: Service): DynamoDBClient {
  const send = async (command: Command): Promise<unknown> => {
    const action = command.constructor.name.replace(/Command$/, "");
    const caller = { accessKeyId: "AKIDEXAMPLE", region: "eu-west-1" };
    try {
      const input = structuredClone(command.input) as Record<string, unknown>;
      return await service({ service: "dynamodb", action, input, caller });
    } catch (fault) {
      if (!(fault instanceof AwsFault)) throw fault;
      throw Object.assign(new Error(fault.message), {
        name: fault.code,
        $metadata: { httpStatusCode: fault.status },
        ...fault.detail,
      });
    }
  };
  return { send } as unknown as DynamoDBClient;
}
