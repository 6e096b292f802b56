// The instance metadata service of one machine, on a loopback port: IMDSv2, and v1 where the machine's options allow it.
//
// Sources: EC2 User Guide (Use the Instance Metadata Service, Instance metadata categories). Not modelled: the hop limit (a
// loopback has no hops), packet rate limits, IPv6, signatures of the identity document, dated versions' older contents.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Machine } from "../ec2/machine.ts";
import { closeServer, listen } from "../http/listen.ts";
import { metadataOf, read } from "./metadata.ts";

export interface Imds {
  /** For AWS_EC2_METADATA_SERVICE_ENDPOINT. */
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ttlHeader = "x-aws-ec2-metadata-token-ttl-seconds";
const tokenHeader = "x-aws-ec2-metadata-token";
const longestTtlSeconds = 21_600;

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

const problem = (status: number, reason: string): Answer => ({ status, body: `${status} - ${reason}` });

/** Expiry of each token, in epoch milliseconds. */
type Tokens = Map<string, number>;

function newToken(request: IncomingMessage, tokens: Tokens, now: number): Answer {
  // A token must not leave through a proxy that was left open.
  if (request.headers["x-forwarded-for"] !== undefined) return problem(403, "Forbidden");
  const ttl = header(request, ttlHeader) ?? "";
  if (!/^\d+$/.test(ttl) || Number(ttl) < 1 || Number(ttl) > longestTtlSeconds) return problem(400, "Bad Request");
  const token = randomBytes(40).toString("base64url");
  for (const [old, expiry] of tokens) if (expiry <= now) tokens.delete(old);
  tokens.set(token, now + Number(ttl) * 1000);
  return { status: 200, body: token, headers: { [ttlHeader]: ttl } };
}

function answer(request: IncomingMessage, machine: Machine, tokens: Tokens, now: number): Answer {
  if (machine.metadata.httpEndpoint === "disabled") return problem(403, "Forbidden");
  let path: string;
  try {
    path = decodeURIComponent((request.url ?? "/").split("?")[0] ?? "/");
  } catch {
    return problem(400, "Bad Request");
  }
  const [, version = "", rest = ""] = /^\/(latest|\d{4}-\d\d-\d\d|1\.0)(?:\/(.*))?$/.exec(path) ?? [];
  if (request.method === "PUT")
    return rest === "api/token" ? newToken(request, tokens, now) : problem(405, "Not Allowed");
  if (request.method !== "GET" && request.method !== "HEAD") return problem(405, "Not Allowed");
  const token = header(request, tokenHeader);
  if (token === undefined && machine.metadata.httpTokens === "required") return problem(401, "Unauthorized");
  if (token !== undefined && (tokens.get(token) ?? 0) <= now) return problem(401, "Unauthorized");
  if (path === "/") return { status: 200, body: "latest" };
  const body = version === "" ? undefined : read(metadataOf(machine, now), rest);
  return body === undefined ? problem(404, "Not Found") : { status: 200, body };
}

/** Serves one machine's metadata until closed. What changes on the machine (tags, a spot notice) shows at once. */
export async function openImds(options: { readonly machine: Machine; readonly clock: Clock }): Promise<Imds> {
  const tokens: Tokens = new Map();
  const server = createServer((request, response) => {
    request.resume();
    const { status, body, headers } = answer(request, options.machine, tokens, options.clock.now());
    response.writeHead(status, { "content-type": "text/plain", server: "EC2ws", ...headers });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  return { url: await listen(server), close: () => closeServer(server) };
}
