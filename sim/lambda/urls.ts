// Function URLs: each a server on loopback that makes events of requests, and replies of what the function returns.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { ConnectionLost } from "../http/faults.ts";
import { closeServer, listen } from "../http/listen.ts";
import { AwsFault } from "../http/service.ts";
import { invoke, type SourceContext } from "./sources.ts";

/** Lambda Developer Guide, "Lambda quotas". */
const bodyMostBytes = 6 * 1024 * 1024;
/** Everything else comes in base64 (Lambda Developer Guide, "Invoking Lambda function URLs", isBase64Encoded). */
const isText = /^(text\/|application\/(json|xml|javascript)\b)/;

async function bytesOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > bodyMostBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function eventOf(request: IncomingMessage, bytes: Buffer, now: number): object {
  // Node.js gives header names in lower case, and joins what comes twice, as Lambda does.
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : (value ?? ""),
    ]),
  );
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const asText = isText.test(headers["content-type"] ?? "");
  const http = {
    method: request.method,
    path: pathname,
    protocol: "HTTP/1.1",
    sourceIp: "127.0.0.1",
    userAgent: headers["user-agent"] ?? "",
  };
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers,
    requestContext: { accountId: "anonymous", routeKey: "$default", stage: "$default", http, timeEpoch: now },
    ...(bytes.length === 0 ? {} : { body: bytes.toString(asText ? "utf8" : "base64") }),
    isBase64Encoded: bytes.length > 0 && !asText,
  };
}

interface Reply {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** What a function returned: a reply, or something that is its body. */
function send(response: ServerResponse, payload: string): void {
  const reply = JSON.parse(payload) as Reply | null;
  if (typeof reply !== "object" || reply?.statusCode === undefined)
    return void response.writeHead(200, { "content-type": "application/json" }).end(payload);
  const body = Buffer.from(reply.body ?? "", reply.isBase64Encoded === true ? "base64" : "utf8");
  response.writeHead(reply.statusCode, { "content-type": "application/json", ...reply.headers }).end(body);
}

const refuse = (response: ServerResponse, status: number, Message: string): void =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ Message }));

async function serve(context: SourceContext, name: string, request: IncomingMessage, response: ServerResponse) {
  const bytes = await bytesOf(request);
  if (bytes === undefined) return refuse(response, 413, "Request too large");
  const input = { FunctionName: name, Payload: JSON.stringify(eventOf(request, bytes, context.clock.now())) };
  try {
    const { reply } = await invoke(context, input);
    if (reply !== undefined && "payload" in reply) send(response, reply.payload);
    else refuse(response, 502, "Internal Server Error");
  } catch (error) {
    if (error instanceof ConnectionLost) request.socket.destroy();
    else refuse(response, error instanceof AwsFault ? error.status : 500, String(error));
  }
}

/** Gives its address; it is open until the context's `stop`. */
export async function openUrl(context: SourceContext, name: string): Promise<string> {
  const server = createServer((request, response) => {
    void serve(context, name, request, response).catch(() => request.socket.destroy());
  });
  const url = await listen(server);
  context.stop.addEventListener("abort", () => void closeServer(server), { once: true });
  return `${url}/`;
}
