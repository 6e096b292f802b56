// The parameters that hold image ids, in SSM's Parameter Store.
import {
  PutParameterCommand,
  paginateDescribeParameters,
  paginateGetParameterHistory,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { imageParameter } from "../../domain/class-keys.ts";
import type { ImageParameters, ParameterValue } from "../ports/images.ts";
import { AwsRefused, asSdkError, raise, troubleOf } from "./sdk-errors.ts";

/** `/runpool/ENVIRONMENT/ami/ARCHITECTURE` or `…/ami/CLASS/ARCHITECTURE`, whatever the environment. */
const ours = new RegExp(`^${imageParameter("[^/]+", "x64").replace(/x64$/, "([^/]+/)?[^/]+")}$`);

async function history(client: SSMClient, Name: string): Promise<readonly ParameterValue[]> {
  const values: ParameterValue[] = [];
  try {
    for await (const { Parameters } of paginateGetParameterHistory({ client, pageSize: 50 }, { Name }))
      for (const { Value = "", LastModifiedDate } of Parameters ?? [])
        values.push({ imageId: Value, writtenAt: LastModifiedDate?.getTime() ?? 0 });
  } catch (error) {
    if (asSdkError(error).name === "ParameterNotFound") return [];
    return raise(`GetParameterHistory ${Name}`, error);
  }
  // Parameter Store lists the oldest first.
  return values.toReversed();
}

export const imageParameters = (client: SSMClient): ImageParameters => ({
  names: async () => {
    const names: string[] = [];
    try {
      // Not by GetParametersByPath: who may call that for a path may read every secret below it, whatever else is denied.
      const wanted = { ParameterFilters: [{ Key: "Path", Option: "Recursive", Values: ["/runpool/"] }] };
      for await (const { Parameters } of paginateDescribeParameters({ client, pageSize: 50 }, wanted))
        names.push(...(Parameters ?? []).flatMap(({ Name = "" }) => (ours.test(Name) ? [Name] : [])));
    } catch (error) {
      return raise("DescribeParameters /runpool/", error);
    }
    return names;
  },
  history: (parameter) => history(client, parameter),
  write: async (parameter, imageId) => {
    // With this data type, Parameter Store accepts only ids of images that exist here (Systems Manager User Guide, "Native parameter support for AMI IDs").
    const value = {
      Name: parameter,
      Value: imageId,
      Type: "String",
      DataType: "aws:ec2:image",
      Overwrite: true,
    } as const;
    await client.send(new PutParameterCommand(value)).catch((error: unknown) => {
      if (troubleOf(error) === "refused")
        throw new AwsRefused(`PutParameter ${parameter}`, asSdkError(error).name, asSdkError(error).message);
      return raise(`PutParameter ${parameter}`, error);
    });
  },
});
