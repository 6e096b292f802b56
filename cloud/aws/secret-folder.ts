// Lists the SecureStrings under a folder by name; never reads a decrypted value.
import { DeleteParametersCommand, paginateGetParametersByPath, type SSMClient } from "@aws-sdk/client-ssm";
import { batchesOf } from "../../domain/batches.ts";
import type { SecretFolder, SecretSeen } from "../ports/secrets.ts";
import { raise } from "./sdk-errors.ts";

/** SSM API Reference, DeleteParameters: ten names a call. GetParametersByPath gives ten a page at the most. */
const most = 10;

export const secretFolder = (client: SSMClient): SecretFolder => ({
  list: async (folder) => {
    const seen: SecretSeen[] = [];
    try {
      const asked = { Path: folder, Recursive: true, WithDecryption: false };
      for await (const { Parameters = [] } of paginateGetParametersByPath({ client, pageSize: most }, asked))
        for (const { Name, LastModifiedDate } of Parameters)
          if (Name !== undefined) seen.push({ name: Name, writtenAt: LastModifiedDate?.getTime() ?? 0 });
    } catch (error) {
      return raise(`GetParametersByPath ${folder}`, error);
    }
    return seen;
  },
  remove: async (names) => {
    for (const Names of batchesOf(names, most))
      try {
        await client.send(new DeleteParametersCommand({ Names: [...Names] }));
      } catch (error) {
        raise(`DeleteParameters ${Names.join(", ")}`, error);
      }
  },
});
