// User data of a launch template: cloud-init MIME, the boot hook first, then the files that it waits for.
import { gzipSync } from "node:zlib";
import type { Environment, Problem } from "../environment/environment.ts";
import { keptMachines } from "../arns.ts";
import { bootFiles, scriptOf, type BootedMachine, type BootFile } from "./first-boot-files.ts";

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
      write_files: files.map(({ path, content, permissions, append }) => ({
        path,
        permissions,
        ...(append === undefined ? {} : { append }),
        owner: "root:root",
        encoding: "b64",
        content: Buffer.from(content).toString("base64"),
      })),
    },
    undefined,
    1,
  )}\n`;

/** As cloud-init reads it. */
export const mimeUserData = (environment: Environment, machine: BootedMachine): string =>
  [
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    "MIME-Version: 1.0",
    "",
    part("text/cloud-boothook", "boot-hook.sh", scriptOf("boot-hook.sh")),
    part("text/cloud-config", "files.yaml", cloudConfig(bootFiles(environment, machine))),
    `--${boundary}--`,
    "",
  ].join("\n");

/** Compressed where it would not fit otherwise: cloud-init unpacks it. */
function raw(environment: Environment, machine: BootedMachine): Buffer {
  const plain = Buffer.from(mimeUserData(environment, machine));
  return plain.length <= userDataLimit ? plain : gzipSync(plain, { level: 9 });
}

/** Base64, as a launch template wants it. */
export const userData = (environment: Environment, machine: BootedMachine): string =>
  raw(environment, machine).toString("base64");

export function problemsOfUserData(environment: Environment): readonly Problem[] {
  const bytes = Math.max(...keptMachines(environment).map((machine) => raw(environment, machine).length));
  if (bytes <= userDataLimit) return [];
  const rule = `user data has ${bytes} bytes even compressed, and EC2 takes ${userDataLimit}: give only the certificates that are needed to reach AWS and GitHub, and keep the others in the AMI`;
  return [["privateCa", rule]];
}
