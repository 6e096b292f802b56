// The parameters that hold image ids, in SSM's Parameter Store.
import {
  PutParameterCommand,
  paginateDescribeParameters,
  paginateGetParameterHistory,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { imageParameter } from "../../domain/class-keys.ts";
import type { ImageParameters, ParameterValue } from "../ports/images.ts";
import { allPages } from "./all-pages.ts";
import { AwsRefused, raise } from "./sdk-errors.ts";

/** `/runpool/ENVIRONMENT/ami/ARCHITECTURE` or `…/ami/CLASS/ARCHITECTURE`, whatever the environment. */
const ours = new RegExp(`^${imageParameter("[^/]+", "x64").replace(/x64$/, "([^/]+/)?[^/]+")}$`);

async function history(client: SSMClient, Name: string): Promise<readonly ParameterValue[]> {
  const pages = paginateGetParameterHistory({ client, pageSize: 50 }, { Name });
  const values = await allPages(`GetParameterHistory ${Name}`, pages, ({ Parameters = [] }) =>
    Parameters.map(({ Value = "", LastModifiedDate }) => ({
      imageId: Value,
      writtenAt: LastModifiedDate?.getTime() ?? 0,
    })),
  ).catch((error: unknown) => {
    if (error instanceof AwsRefused && error.code === "ParameterNotFound") return [];
    throw error;
  });
  // Parameter Store lists the oldest first.
  return values.toReversed();
}

export const imageParameters = (client: SSMClient): ImageParameters => ({
  names: () => {
    // Not by GetParametersByPath: who may call that for a path may read every secret below it, whatever else is denied.
    const options = { ParameterFilters: [{ Key: "Path", Option: "Recursive", Values: ["/runpool/"] }] };
    const pages = paginateDescribeParameters({ client, pageSize: 50 }, options);
    return allPages("DescribeParameters /runpool/", pages, ({ Parameters = [] }) =>
      Parameters.flatMap(({ Name = "" }) => (ours.test(Name) ? [Name] : [])),
    );
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
    const command = new PutParameterCommand(value);
    await client.send(command).catch((error: unknown) => raise(`PutParameter ${parameter}`, error));
  },
});
