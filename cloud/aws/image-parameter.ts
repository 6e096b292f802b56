// The image that an SSM parameter names.
import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { AwsRefused, asSdkError, raise } from "./sdk-errors.ts";

export async function image(ssm: SSMClient, parameter: string): Promise<string> {
  const what = `GetParameter ${parameter}`;
  const reply = await ssm.send(new GetParameterCommand({ Name: parameter })).catch((error: unknown) => {
    if (asSdkError(error).name !== "ParameterNotFound") return raise(what, error);
    throw new AwsRefused(
      what,
      "ParameterNotFound",
      "the parameter does not exist: build an image, or write an AMI id to it",
    );
  });
  const value = reply.Parameter?.Value ?? "";
  if (/^ami-[0-9a-f]{8,17}$/.test(value)) return value;
  throw new AwsRefused(what, "NoImage", `"${value}" is not an AMI id`);
}
