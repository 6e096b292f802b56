// Secrets as SSM SecureStrings.
import { GetParameterCommand, PutParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { OutOfReach } from "../ports/outcomes.ts";
import type { Secrets } from "../ports/secrets.ts";
import { AwsRefused, asSdkError, raise, troubleOf } from "./sdk-errors.ts";

/** Passed on from here so that the chunk loaded for secrets holds no more of the client than secrets use. */
export { SSMClient } from "@aws-sdk/client-ssm";

export const secrets = (client: SSMClient): Secrets => ({
  read: async (name) => {
    try {
      const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
      if (Parameter?.Value === undefined) return undefined;
      return { value: Parameter.Value, writtenAt: Parameter.LastModifiedDate?.getTime() ?? 0 };
    } catch (error) {
      if (asSdkError(error).name === "ParameterNotFound") return undefined;
      return raise(`GetParameter ${name}`, error);
    }
  },
  write: async (name, value) => {
    try {
      await client.send(new PutParameterCommand({ Name: name, Value: value, Type: "SecureString", Overwrite: true }));
    } catch (error) {
      // AWS's message may quote the refused value: pass on only its code, and no cause.
      const code = asSdkError(error).name;
      if (troubleOf(error) === "refused") throw new AwsRefused(`PutParameter ${name}`, code, "the value is not shown");
      throw new OutOfReach(`PutParameter ${name}: ${code}`);
    }
  },
});
