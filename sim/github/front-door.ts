// The GitHub stand-in's HTTP front door: reads a call, lets faults strike, finds its route, writes the reply.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { listen } from "../http/listen.ts";
import type { Call, Reply } from "./call.ts";
import { GithubRefusal, notFound, refusalReply } from "./call.ts";
import type { Credentials } from "./credentials.ts";
import type { GithubFault, GithubFaults } from "./faults.ts";
import type { RateLimits } from "./rate-limit.ts";
import { admit } from "./routes.ts";
import type { Found } from "./routes.ts";
import type { World } from "./world.ts";

export interface FrontDoorParts {
  readonly world: World;
  readonly credentials: Credentials;
  readonly faults: GithubFaults;
  readonly rateLimits: RateLimits;
  readonly find: (method: string, path: string) => Found | undefined;
  /** Told of every call: its route as in GitHub's reference. */
  readonly count: (route: string) => void;
  /** Told of every REST call that names no version of the API. */
  readonly unversioned: (route: string) => void;
}

/** More than any call here sends. */
const maxBodyBytes = 10_000_000;

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > maxBodyBytes) throw new GithubRefusal(413, "Payload too large");
  }
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    throw new GithubRefusal(400, "Problems parsing JSON");
  }
  throw new GithubRefusal(400, "Body should be a JSON object");
}

function write(world: World, response: ServerResponse, reply: Reply, extra: Readonly<Record<string, string>>): void {
  const text = typeof reply.body === "string";
  const body = typeof reply.body === "string" ? reply.body : reply.body === undefined ? "" : JSON.stringify(reply.body);
  response.sendDate = false;
  response.writeHead(reply.status, {
    date: new Date(world.clock.now()).toUTCString(),
    server: "github.com",
    "x-github-request-id": world.chance.id().toUpperCase(),
    ...(body === "" ? {} : { "content-type": text ? "text/plain; charset=utf-8" : "application/json; charset=utf-8" }),
    ...extra,
    ...reply.headers,
  });
  response.end(body);
}

/** What a struck call throws instead of being served; latency and lost connections are handled where they happen. */
function strike(parts: FrontDoorParts, struck: readonly GithubFault[], key: string): void {
  for (const fault of struck) {
    if (fault.kind === "server-error") throw new GithubRefusal(fault.status, "Server Error");
    if (fault.kind === "primary-limit") throw parts.rateLimits.exhausted(key, fault.status);
    if (fault.kind === "secondary-limit") {
      const words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
      const { retryAfterS } = fault;
      throw new GithubRefusal(
        fault.status,
        words,
        retryAfterS === undefined ? {} : { "retry-after": `${retryAfterS}` },
      );
    }
  }
}

/** GitHub REST, "API Versions": an unknown version is refused with 400, none at all is served. */
function checkVersion(
  version: string | string[] | undefined,
  route: string,
  unversioned: (route: string) => void,
): void {
  if (version === undefined) return unversioned(route);
  if (version !== "2022-11-28") throw new GithubRefusal(400, `API version "${String(version)}" is not supported.`);
}

async function delay(world: World, struck: readonly GithubFault[]): Promise<void> {
  for (const fault of struck) {
    if (fault.kind === "latency") await world.clock.sleep(world.chance.between(...fault.ms));
  }
}

async function serve(parts: FrontDoorParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { world } = parts;
  const url = new URL(request.url ?? "/", world.baseUrl);
  const path = url.pathname.replace(/^\/api\/v3(?=\/|$)/, "").replace(/(.)\/$/, "$1") || "/";
  const method = request.method ?? "GET";
  const found = parts.find(method, path);
  const route = `${method} ${found?.route.path ?? "(unknown)"}`;
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  parts.count(route);
  const struck = parts.faults.striking(route);
  const losesReply = struck.some((fault) => fault.kind === "lost-reply");
  let extra: Record<string, string> = {};
  let reply: Reply;
  try {
    await delay(world, struck);
    if (struck.some((fault) => fault.kind === "lost-request")) return void request.socket.destroy();
    const ours = path.startsWith("/_runner") || path === "/actions/runner-registration";
    const caller = ours ? undefined : parts.credentials.identify(request.headers.authorization);
    const key = caller?.key ?? "127.0.0.1";
    strike(parts, struck, key);
    if (!ours) checkVersion(request.headers["x-github-api-version"], route, parts.unversioned);
    if (!ours) extra = parts.rateLimits.count(key);
    if (found === undefined) throw notFound();
    admit(found.route, found.names, caller);
    const body = await readBody(request);
    const call: Call = {
      method,
      path,
      names: found.names,
      query: url.searchParams,
      headers: request.headers,
      body,
      caller,
      gone: gone.signal,
    };
    reply = await found.route.handle(world, call);
  } catch (error) {
    reply = refusalReply(
      error instanceof GithubRefusal ? error : new GithubRefusal(500, `The stand-in failed: ${String(error)}`),
    );
  }
  if (losesReply) return void request.socket.destroy();
  if (!response.destroyed) write(world, response, reply, extra);
}

/** Opens the door on a loopback port and puts the base URL into the world. */
export async function openFrontDoor(parts: FrontDoorParts): Promise<Server> {
  const server = createServer((request, response) => void serve(parts, request, response));
  parts.world.baseUrl = await listen(server);
  return server;
}
