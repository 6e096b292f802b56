// User data of a launch template: cloud-init MIME, the boot hook first, then the files that it waits for.
import { gzipSync } from "node:zlib";
import type { Architecture } from "../domain/record.ts";
import { EnvironmentRefused } from "./refused.ts";
import type { Environment } from "./environment.ts";
import { bootFiles, scriptOf, type BootFile } from "./first-boot-files.ts";

/** EC2 User Guide, "Run commands when you launch an EC2 instance": 16 KB in raw form, before base64. */
export const userDataLimit = 16 * 1024;

const boundary = "runpool-part";

const part = (type: string, name: string, body: string): string =>
  [
    `--${boundary}`,
    `Content-Type: ${type}; charset="utf-8"`,
    "MIME-Version: 1.0",
    `Content-Disposition: attachment; filename="${name}"`,
    "",
    body,
  ].join("\n");

/** JSON is YAML; base64 keeps every byte of a file as it is. */
const cloudConfig = (files: readonly BootFile[]): string =>
  `#cloud-config\n${JSON.stringify(
    {
      write_files: files.map(({ path, content, permissions }) => ({
        path,
        permissions,
        owner: "root:root",
        encoding: "b64",
        content: Buffer.from(content).toString("base64"),
      })),
    },
    undefined,
    1,
  )}\n`;

/** As cloud-init reads it. */
export const mimeUserData = (environment: Environment, architecture: Architecture): string =>
  [
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    "MIME-Version: 1.0",
    "",
    part("text/cloud-boothook", "boot-hook.sh", scriptOf("boot-hook.sh")),
    part("text/cloud-config", "files.yaml", cloudConfig(bootFiles(environment, architecture))),
    `--${boundary}--`,
    "",
  ].join("\n");

/** Base64, as a launch template wants it; compressed where it would not fit otherwise (cloud-init unpacks it). */
export function userData(environment: Environment, architecture: Architecture): string {
  const plain = Buffer.from(mimeUserData(environment, architecture));
  const raw = plain.length <= userDataLimit ? plain : gzipSync(plain, { level: 9 });
  if (raw.length > userDataLimit)
    throw new EnvironmentRefused([
      `${environment.name}: preRunnerScript: user data has ${raw.length} bytes even compressed, and EC2 takes ${userDataLimit}: keep the script in the AMI or fetch its bulk from within it`,
    ]);
  return raw.toString("base64");
}
