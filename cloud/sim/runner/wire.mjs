// HTTP to the GitHub stand-in: the protocol's calls, and how failures read in the real runner's words.
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
  const code = error?.cause?.code;
  if (code === "ECONNREFUSED") return `Connection refused (${hostname}:${port})`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `Name or service not known (${hostname}:${port})`;
  return "An error occurred while sending the request.";
};

/** One call. Answers `{ status, body }`; throws HttpFailure for a refusal, Error with .NET's words when the network fails. */
export async function call(method, url, { authorization, body, signal } = {}) {
  let response;
  let text;
  try {
    response = await fetch(url, {
      method,
      headers: {
        "user-agent": `GitHubActionsRunner-linux-${process.arch}/${standIn.version}`,
        ...(authorization ? { authorization } : {}),
        ...(body ? { "content-type": "application/json" } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      ...(signal ? { signal } : {}),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error(networkWords(error, url), { cause: error });
  }
  if (!response.ok) throw new HttpFailure(response.status, text, response.headers.get("x-github-request-id") ?? "");
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

export const pause = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/** A random wait in [low, high] ms. */
export const backOff = ([low, high], signal) => pause(low + Math.random() * (high - low), signal);
