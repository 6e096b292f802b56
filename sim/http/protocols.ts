// What tells the services of the embedded cloud apart on the wire: a row each. A new one is a row here, its folder, and a line in embedded-cloud.ts.

interface Row {
  readonly kind: "json" | "query";
  /** JSON: the content type; Query: the XML namespace, which ends in the API's version. */
  readonly type: string;
  /** JSON: what `x-amz-target` begins with; none: it is not called over HTTP. */
  readonly target?: string;
  /** Its throttling error, as its API reference ("Common errors") and service model name it. */
  readonly throttled: readonly [code: string, message: string, status?: number];
  /** What it calls the length of a page; of EC2's calls some would refuse a short one, so it has a name of our own. */
  readonly page?: string;
  /** Before an error's name: its own errors, and those that the framework makes. */
  readonly namespaces?: { readonly own: string; readonly common: string };
}

/** In an input of EC2: the most entries of a page, beside what `MaxResults` says. */
export const shortPage = "EmbeddedPageMost";
const common = "com.amazon.coral.service#";

export const services = {
  dynamodb: {
    kind: "json",
    type: "application/x-amz-json-1.0",
    target: "DynamoDB_20120810",
    throttled: ["ThrottlingException", "Throughput exceeds the current capacity of your table or index."],
    page: "Limit",
    namespaces: { own: "com.amazonaws.dynamodb.v20120810#", common },
  },
  sqs: {
    kind: "json",
    type: "application/x-amz-json-1.0",
    target: "AmazonSQS",
    throttled: ["RequestThrottled", "Request is throttled."],
    namespaces: { own: "com.amazonaws.sqs#", common },
  },
  ssm: {
    kind: "json",
    type: "application/x-amz-json-1.1",
    target: "AmazonSSM",
    throttled: ["ThrottlingException", "Rate exceeded"],
    page: "MaxResults",
  },
  ec2: {
    kind: "query",
    type: "http://ec2.amazonaws.com/doc/2016-11-15/",
    throttled: ["RequestLimitExceeded", "Request limit exceeded.", 503],
    page: shortPage,
  },
  sts: {
    kind: "query",
    type: "https://sts.amazonaws.com/doc/2011-06-15/",
    throttled: ["Throttling", "Rate exceeded"],
  },
  iam: {
    kind: "query",
    type: "https://iam.amazonaws.com/doc/2010-05-08/",
    throttled: ["Throttling", "Rate exceeded"],
  },
  servicequotas: {
    kind: "json",
    type: "application/x-amz-json-1.1",
    target: "ServiceQuotasV20190624",
    throttled: ["TooManyRequestsException", "Too Many Requests"],
  },
  logs: {
    kind: "json",
    type: "application/x-amz-json-1.1",
    target: "Logs_20140328",
    throttled: ["ThrottlingException", "Rate exceeded"],
    page: "limit",
  },
  // Called by its sources alone: no part of the project calls it by its API.
  lambda: { kind: "json", type: "application/json", throttled: ["TooManyRequestsException", "Rate Exceeded.", 429] },
} as const satisfies Readonly<Record<string, Row>>;

export type ServiceName = keyof typeof services;
export const rowOf = (service: ServiceName): Row => services[service];

/** A Query API's version, the last part of its namespace. */
export const versionOf = (service: ServiceName): string => services[service].type.split("/").at(-2) ?? "";
