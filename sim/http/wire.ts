// The wire protocols of the AWS services: from an HTTP request to a call, and from an outcome to an HTTP reply.
import { crc32 } from "node:zlib";
import { queryInput } from "./query-input.ts";
import { AwsFault, type AwsCall } from "./service.ts";
import { rowOf, services, versionOf, type ServiceName } from "./protocols.ts";
import { sqsErrorName, sqsQueryCode } from "./sqs-errors.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Arrival {
  readonly target: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

const names = Object.keys(services) as readonly ServiceName[];
const targets = new Map(names.map((name) => [rowOf(name).target, name]));
const queries = names.filter((name) => rowOf(name).kind === "query");
const versions = new Map(queries.map((name) => [versionOf(name), name]));

/** Which service and action a request means; undefined where no AWS service would know it. */
export function routeOf({
  target,
  body,
  authorization,
}: Arrival): { service: ServiceName; action: string } | undefined {
  if (target !== undefined) {
    const [prefix = "", action = ""] = target.split(".");
    const service = targets.get(prefix);
    return service && { service, action };
  }
  const form = new URLSearchParams(body);
  const action = form.get("Action");
  const scope = scopeOf(authorization)?.service;
  const service = versions.get(form.get("Version") ?? "") ?? queries.find((name) => name === scope);
  return action !== null && service ? { service, action } : undefined;
}

const scopePattern = /Credential=([^/,\s]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/;

function scopeOf(authorization: string | undefined) {
  const [, accessKeyId, region, service] = scopePattern.exec(authorization ?? "") ?? [];
  return accessKeyId && region && service ? { accessKeyId, region, service } : undefined;
}

/** These identify their caller by a token in the body, so they come unsigned (STS API Reference). */
const unsigned: ReadonlySet<string> = new Set(["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"]);

/** The decoded call. Throws AwsFault where the request is malformed or not signed. */
export function decode(arrival: Arrival, route: { service: ServiceName; action: string }): AwsCall {
  const { service, action } = route;
  const scope = scopeOf(arrival.authorization);
  if (!scope && !unsigned.has(action)) {
    throw service === "ec2"
      ? new AwsFault("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
      : rowOf(service).kind === "query"
        ? new AwsFault("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        : new AwsFault("MissingAuthenticationTokenException", "Request is missing Authentication Token");
  }
  const caller = { accessKeyId: scope?.accessKeyId ?? "", region: scope?.region ?? "us-east-1" };
  if (rowOf(service).kind === "query") {
    const input = queryInput(new URLSearchParams(arrival.body));
    if (!input) throw new AwsFault("MalformedQueryString", "The query string contains a syntax error.");
    return { service, action, input, caller };
  }
  return { service, action, input: readJson(arrival.body), caller };
}

function readJson(body: string): Record<string, unknown> {
  if (body === "") return {};
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    throw new AwsFault("SerializationException", "The request body could not be parsed as JSON.");
  }
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Record<string, unknown>;
  throw new AwsFault("SerializationException", "Start of structure or map expected");
}

const escape = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

const xml = (status: number, body: string): Reply => ({
  status,
  headers: { "content-type": "text/xml;charset=UTF-8" },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
});

function json(service: ServiceName, status: number, content: unknown, headers: Record<string, string> = {}): Reply {
  const body = JSON.stringify(content ?? {});
  const sum: Record<string, string> = service === "dynamodb" ? { "x-amz-crc32": String(crc32(body)) } : {};
  return { status, headers: { "content-type": rowOf(service).type, ...sum, ...headers }, body };
}

/** A success. A Query service's output is the inside of its reply, or the whole reply when it begins with it. */
export function encodeOutput(call: Pick<AwsCall, "service" | "action">, output: unknown, requestId: string): Reply {
  const { service, action } = call;
  const { kind, type } = rowOf(service);
  if (kind === "json") return json(service, 200, output);
  const inside = typeof output === "string" ? output : "";
  if (inside.startsWith("<?xml")) return { ...xml(200, ""), body: inside };
  if (inside.startsWith(`<${action}Response`)) return xml(200, inside);
  const filling =
    service === "ec2"
      ? `<requestId>${requestId}</requestId>${inside}`
      : `<${action}Result>${inside}</${action}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  return xml(200, `<${action}Response xmlns="${type}">${filling}</${action}Response>`);
}

/** Errors that the framework makes, not the service. */
const commonErrors: ReadonlySet<string> = new Set([
  "SerializationException",
  "UnknownOperationException",
  "ValidationException",
  "MissingAuthenticationTokenException",
  "InternalFailure",
]);

function jsonFault(service: ServiceName, fault: AwsFault): Reply {
  const { namespaces } = rowOf(service);
  const name = service === "sqs" ? sqsErrorName(fault.code) : fault.code;
  // DynamoDB's own quirk: its exceptions of old carry `message`, the framework's carry `Message` or none.
  const said = fault.message === "" ? {} : { message: fault.message };
  const content = {
    __type: `${namespaces ? (commonErrors.has(name) ? namespaces.common : namespaces.own) : ""}${name}`,
    ...said,
    ...fault.detail,
  };
  const side = fault.status >= 500 ? "Receiver" : "Sender";
  const headers: Record<string, string> =
    service === "sqs" ? { "x-amzn-query-error": `${sqsQueryCode(fault.code)};${side}` } : {};
  return json(service, fault.status, content, headers);
}

/** An error in the service's own shape. */
export function encodeFault(service: ServiceName, fault: AwsFault, requestId: string): Reply {
  const { kind, type } = rowOf(service);
  if (kind === "json") return jsonFault(service, fault);
  const inside = `<Code>${escape(fault.code)}</Code><Message>${escape(fault.message)}</Message>`;
  if (service === "ec2") {
    return xml(
      fault.status,
      `<Response><Errors><Error>${inside}</Error></Errors><RequestID>${requestId}</RequestID></Response>`,
    );
  }
  const side = fault.status >= 500 ? "Receiver" : "Sender";
  return xml(
    fault.status,
    `<ErrorResponse xmlns="${type}"><Error><Type>${side}</Type>${inside}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  );
}

/** What a service says of an action it does not know, in the words of its protocol. */
export const unknownAction = (service: ServiceName, action: string): AwsFault =>
  rowOf(service).kind === "query"
    ? new AwsFault(
        "InvalidAction",
        service === "ec2"
          ? `The action ${action} is not valid for this web service.`
          : `Could not find operation ${action} for version ${versionOf(service)}`,
      )
    : new AwsFault(
        "UnknownOperationException",
        service === "sqs" ? `The action ${action} is not valid for this endpoint.` : "",
      );
