// Those who publish what an image is made of: release lists of GitHub's stand-in, and for the rest versions, checksums and files of few bytes.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** A file has its own address for its content. */
const sum = (address: string): string => createHash("sha256").update(address).digest("hex");

const node = "24.99.0";
const sums = (folder: string): string =>
  ["x64", "arm64"]
    .map((architecture) => `node-v${node}-linux-${architecture}.tar.gz`)
    .map((file) => `${sum(`${folder}/${file}`)}  ${file}\n`)
    .join("");

function answer(address: string): string {
  if (address === "nodejs.org/dist/index.json") return JSON.stringify([{ version: `v${node}` }]);
  if (address.endsWith("/SHASUMS256.txt")) return sums(address.replace(/\/[^/]*$/, ""));
  return address.endsWith("VERSION") ? "1.300.7\n" : address;
}

export async function openPublishers(githubUrl: string) {
  const server = createServer((request, response) => {
    const address = (request.url ?? "/").slice(1);
    const [host = "", ...rest] = address.split("/");
    if (host !== "api.github.com") {
      response.end(answer(address));
      return;
    }
    const { authorization } = request.headers;
    void fetch(`${githubUrl}/${rest.join("/")}`, { headers: authorization === undefined ? {} : { authorization } })
      .then(async (reply) => {
        response.writeHead(reply.status, { "content-type": "application/json" });
        response.end(await reply.text());
      })
      .catch((error: unknown) => void response.destroy(error as Error));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    /** For the environment of a program that fetches from them. */
    variables: {
      PUBLISHERS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      NODE_OPTIONS: `--import=${join(import.meta.dirname, "publishers-reroute.ts")}`,
    },
    close: () => server.close().closeAllConnections(),
  };
}
