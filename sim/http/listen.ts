// A stand-in's HTTP server on the loopback interface.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Gives its address, without a slash at the end; rejects if no port is free. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Ends its connections, too. */
export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
