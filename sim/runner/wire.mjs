// HTTP to the GitHub stand-in: the protocol's calls, and how failures read in the real runner's words.
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { standIn } from "./root.mjs";

/** .NET's names of the status codes that the runner prints (System.Net.HttpStatusCode). */
const statusNames = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  422: "UnprocessableEntity",
  429: "TooManyRequests",
  500: "InternalServerError",
  502: "BadGateway",
  503: "ServiceUnavailable",
};
const reasonPhrases = {
  ...statusNames,
  404: "Not Found",
  400: "Bad Request",
  429: "Too Many Requests",
  500: "Internal Server Error",
};

export const statusName = (status) => statusNames[status] ?? String(status);
/** What .NET's EnsureSuccessStatusCode throws. */
export const notSuccess = (status) =>
  `Response status code does not indicate success: ${status} (${reasonPhrases[status] ?? status}).`;

export class HttpFailure extends Error {
  constructor(status, text, requestId) {
    super(messageOf(text) ?? notSuccess(status));
    this.status = status;
    this.text = text;
    this.requestId = requestId;
  }
}

const messageOf = (text) => {
  try {
    return JSON.parse(text).message;
  } catch {
    return undefined;
  }
};

/** What .NET says when a connection cannot be made or breaks. */
const networkWords = (error, url) => {
  const { hostname, port } = new URL(url);
  const code = error?.code;
  if (code === "ECONNREFUSED") return `Connection refused (${hostname}:${port})`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `Name or service not known (${hostname}:${port})`;
  return "An error occurred while sending the request.";
};

/** One exchange, by Node's own client: `fetch` would cost each of the runner's short processes 30 ms until it is loaded. */
const exchange = (method, url, { headers, body, signal }) =>
  new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? secureRequest : request;
    const call = send(url, { method, headers, ...(signal ? { signal } : {}) }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({
          status: response.statusCode,
          text: Buffer.concat(chunks).toString(),
          requestId: response.headers["x-github-request-id"] ?? "",
        }),
      );
    });
    call.once("error", reject);
    call.end(body);
  });

/** One call. Answers `{ status, body }`; throws HttpFailure for a refusal, Error with .NET's words when the network fails. */
export async function call(method, url, { authorization, body, signal } = {}) {
  const sent = body ? JSON.stringify(body) : undefined;
  const headers = {
    "user-agent": `GitHubActionsRunner-linux-${process.arch}/${standIn.version}`,
    ...(authorization ? { authorization } : {}),
    ...(sent ? { "content-type": "application/json", "content-length": Buffer.byteLength(sent) } : {}),
  };
  let answer;
  try {
    answer = await exchange(method, url, { headers, body: sent, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error(networkWords(error, url), { cause: error });
  }
  const { status, text, requestId } = answer;
  if (status < 200 || status > 299) throw new HttpFailure(status, text, requestId);
  return { status, body: text === "" ? undefined : JSON.parse(text) };
}

export const pause = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/** A random wait in [low, high] ms. */
export const backOff = ([low, high], signal) => pause(low + Math.random() * (high - low), signal);
