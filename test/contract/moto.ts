// Python's moto as an independent AWS stand-in: started on a free loopback port where it is installed.
import { spawn, spawnSync } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { missing } from "../tools.ts";

/** Why moto cannot be used here; undefined where it can. */
export function motoMissing(): string | undefined {
  const absent = missing("python3");
  if (absent !== undefined) return absent;
  const found = spawnSync("python3", ["-c", "import moto.server"]);
  return found.status === 0 ? undefined : "Python's moto with its server is not installed (pip install 'moto[server]')";
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Resolves once it listens. */
export async function startMoto(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const child = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`moto ended with ${code}: ${said}`)));
    child.stderr.on("data", (part: Buffer) => {
      said += part.toString();
      if (said.includes("Running on")) resolve();
    });
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
