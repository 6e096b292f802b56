// Lists the SecureStrings under a folder by name; never reads a decrypted value.
import { DeleteParametersCommand, paginateGetParametersByPath, type SSMClient } from "@aws-sdk/client-ssm";
import { batchesOf } from "../../domain/batches.ts";
import type { SecretFolder } from "../ports/secrets.ts";
import { allPages } from "./all-pages.ts";
import { raise } from "./sdk-errors.ts";

/** SSM API Reference, DeleteParameters: ten names a call. GetParametersByPath gives ten a page at the most. */
const most = 10;

export const secretFolder = (client: SSMClient): SecretFolder => ({
  list: (folder) => {
    const options = { Path: folder, Recursive: true, WithDecryption: false };
    const pages = paginateGetParametersByPath({ client, pageSize: most }, options);
    return allPages(`GetParametersByPath ${folder}`, pages, ({ Parameters = [] }) =>
      Parameters.map(({ Name = "", LastModifiedDate }) => ({
        name: Name,
        writtenAt: LastModifiedDate?.getTime() ?? 0,
      })),
    );
  },
  remove: async (names) => {
    for (const Names of batchesOf(names, most))
      await client
        .send(new DeleteParametersCommand({ Names: [...Names] }))
        .catch((error: unknown) => raise(`DeleteParameters ${Names.join(", ")}`, error));
  },
});
