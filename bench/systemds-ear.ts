// Where systemd listens to the agent, for a bench without systemd: a `systemd-notify` that passes its arguments on.
import { spawnSync } from "node:child_process";
import { constants, mkdirSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

export interface Ear {
  /** Holds the `systemd-notify` that the agent finds first on its PATH. */
  readonly bin: string;
  /** Resolves with the first notice: the binary has been started, has done its work and is about to end. */
  heard(): Promise<string>;
  close(): Promise<void>;
}

/**
 * What stands where systemd listens. The machine's own `systemd-notify` is run for each notice, where there is one; nobody is at the socket
 * it is given, so it fails at the last datagram, which costs the same. A shell more than on a machine: 1 ms.
 */
export async function systemdsEar(folder: string): Promise<Ear> {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const pipe = join(folder, "notices");
  if (spawnSync("/bin/sh", ["-c", `mkfifo "$1"`, "sh", pipe]).status !== 0) throw new Error(`no pipe ${pipe}`);
  // For reading and writing: then neither side waits for the other to open it.
  const held = await open(pipe, constants.O_RDWR);
  const real = `NOTIFY_SOCKET=${folder}/nobody PATH=/usr/bin:/bin systemd-notify "$@" 2>/dev/null`;
  writeFileSync(join(bin, "systemd-notify"), `#!/bin/sh\n${real}\necho "$*" >${pipe}\n`, { mode: 0o755 });
  return {
    bin,
    heard: async () => {
      const { buffer, bytesRead } = await held.read(Buffer.alloc(4096));
      return buffer.toString("utf8", 0, bytesRead);
    },
    close: async () => {
      // For who may still be waiting.
      await held.write("\n");
      await held.close();
    },
  };
}
