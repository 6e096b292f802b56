// What an error of an AWS SDK client means: never applied, perhaps applied, or refused for good.
import { OutOfReach, type Unknown } from "../ports/outcomes.ts";

/** AWS understood the call and will not do it, however often it is asked: a missing right, or a mistake of ours. */
export class AwsRefused extends Error {
  override readonly name = "AwsRefused";
  /** AWS's error code, e.g. `AccessDeniedException`. */
  readonly code: string;
  constructor(what: string, code: string, message: string) {
    super(`AWS refused ${what}: ${code}: ${message}${hintOn(code, message)}`);
    this.code = code;
  }
}

const noRight = " (give the caller's role this permission: deploy the stack again, or look for a boundary policy)";
const unknown = " (AWS does not know these credentials: sign in again, or correct the key and its secret)";
const hints: Readonly<Record<string, string>> = {
  AccessDenied: noRight,
  AccessDeniedException: noRight,
  UnauthorizedOperation: noRight,
  UnrecognizedClientException: unknown,
  InvalidClientTokenId: unknown,
  AuthFailure: unknown,
  ExpiredTokenException: " (the credentials have expired: sign in again)",
  ExpiredToken: " (the credentials have expired: sign in again)",
};

/** A credential provider that failed says what to do (`aws sso login`); if none was configured, the message does not. */
const hintOn = (code: string, message: string): string =>
  code === "CredentialsProviderError" && message.startsWith("Could not load credentials")
    ? " (no AWS credentials were found: configure a role, a profile or AWS_ACCESS_KEY_ID)"
    : (hints[code] ?? "");

interface SdkError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $retryable?: { readonly throttling?: boolean };
}

/** Service models and the SDK's own list of throttling errors (smithy "Retry behaviour"). None of them was applied. */
const throttling = new Set([
  "BandwidthLimitExceeded",
  "EC2ThrottledException",
  "KmsThrottled",
  "LimitExceededException",
  "OverLimit",
  "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException",
  "ReplicatedWriteConflictException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "SlowDown",
  "ThrottledException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  "TooManyUpdates",
  "TransactionConflictException",
  "TransactionInProgressException",
]);
const timeouts = new Set(["TimeoutError", "RequestTimeout", "RequestTimeoutException", "AbortError"]);

export const asSdkError = (error: unknown): SdkError => (error instanceof Error ? error : new Error(String(error)));

/** `throttled`: not applied. `unclear`: perhaps applied, or AWS was not reached. `refused`: never will be. */
export function troubleOf(error: unknown): "throttled" | "unclear" | "refused" {
  const { name, code, $metadata, $retryable } = asSdkError(error);
  const status = $metadata?.httpStatusCode;
  if (throttling.has(name) || status === 429 || $retryable?.throttling === true) return "throttled";
  if (timeouts.has(name)) return "unclear";
  if (status !== undefined && status >= 400 && status < 500) return "refused";
  if (name === "CredentialsProviderError") return "refused";
  if (status !== undefined || typeof code === "string") return "unclear";
  // Neither from AWS nor from the network: a bug, which must not be hidden.
  throw error;
}

/** AWS's code and message, for people. */
export const problemOf = (error: unknown): string => {
  const { name, code, message } = asSdkError(error);
  return `${code ?? name}: ${message}`;
};

/** A write's failure as a value where it may have been applied, or may be tried again; throws AwsRefused otherwise. */
export function asUnknown(what: string, error: unknown): Unknown {
  const trouble = troubleOf(error);
  if (trouble === "refused") throw new AwsRefused(what, asSdkError(error).name, asSdkError(error).message);
  return { kind: "unknown", problem: `${what}: ${problemOf(error)}` };
}

/** A read's failure: OutOfReach if AWS was not reached or throttled all retries, AwsRefused if it refused. */
export function raise(what: string, error: unknown): never {
  if (troubleOf(error) === "refused") throw new AwsRefused(what, asSdkError(error).name, asSdkError(error).message);
  throw new OutOfReach(`${what}: ${problemOf(error)}`, { cause: error });
}
