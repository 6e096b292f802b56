// What SDK errors mean: never applied, perhaps applied, or refused for good; and what they may not say.
import { SSMClient } from "@aws-sdk/client-ssm";
import { describe, expect, it } from "vitest";
import { AwsRefused, asUnknown, problemOf, raise, troubleOf } from "../../cloud/aws/sdk-errors.ts";
import { secrets } from "../../cloud/aws/secrets.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";

const error = (name: string, status?: number, code?: string): Error =>
  Object.assign(new Error(`${name} it says`), {
    name,
    ...(status === undefined ? {} : { $metadata: { httpStatusCode: status } }),
    ...(code === undefined ? {} : { code }),
  });

describe("an SDK error", () => {
  it("is told apart by its code, its status, or the network's word", () => {
    expect(troubleOf(error("ThrottlingException", 400))).toBe("throttled");
    expect(troubleOf(error("RequestLimitExceeded", 503))).toBe("throttled");
    expect(troubleOf(error("Whatever", 429))).toBe("throttled");
    expect(troubleOf(error("InternalServerError", 500))).toBe("unclear");
    expect(troubleOf(error("TimeoutError"))).toBe("unclear");
    expect(troubleOf(error("Error", undefined, "ECONNREFUSED"))).toBe("unclear");
    expect(troubleOf(error("AccessDeniedException", 400))).toBe("refused");
    expect(troubleOf(error("CredentialsProviderError"))).toBe("refused");
  });

  it.each([
    // Smithy's list of throttling errors, and what the models of DynamoDB, SQS, SSM, EC2 and KMS add to it.
    ..."BandwidthLimitExceeded EC2ThrottledException LimitExceededException PriorRequestNotComplete".split(" "),
    ..."ProvisionedThroughputExceededException RequestLimitExceeded RequestThrottled RequestThrottledException".split(
      " ",
    ),
    ..."SlowDown ThrottledException Throttling ThrottlingException TooManyRequestsException".split(" "),
    ..."TransactionInProgressException TransactionConflictException ReplicatedWriteConflictException".split(" "),
    ..."KmsThrottled OverLimit TooManyUpdates".split(" "),
  ])("%s was not applied, whatever its status", (code) => {
    expect(troubleOf(error(code, 400))).toBe("throttled");
    expect(troubleOf(error(code, 503))).toBe("throttled");
    expect(() => raise("Query", error(code, 400))).toThrow(OutOfReach);
  });

  it.each(["TimeoutError", "RequestTimeout", "RequestTimeoutException", "AbortError"])(
    "%s may have been applied, also where it comes as a client's error",
    (code) => expect(troubleOf(error(code, 400))).toBe("unclear"),
  );

  it.each([
    ["AccessDenied", "permission"],
    ["AccessDeniedException", "permission"],
    ["UnauthorizedOperation", "permission"],
    ["UnrecognizedClientException", "does not know these credentials"],
    ["InvalidClientTokenId", "does not know these credentials"],
    ["AuthFailure", "does not know these credentials"],
    ["ExpiredTokenException", "have expired"],
    ["ExpiredToken", "have expired"],
  ])("%s comes with what to do", (code, words) => {
    expect(() => raise("Query", error(code, 400))).toThrow(words);
  });

  it("that is a mistake in the code is thrown on", () => {
    const mistake = new TypeError("undefined is not a function");
    expect(() => troubleOf(mistake)).toThrow(mistake);
  });

  it("becomes a value for writes and an exception for reads; a refusal is one for both, with the fix", () => {
    expect(asUnknown("UpdateItem", error("TimeoutError"))).toMatchObject({ kind: "unknown" });
    expect(() => raise("Query", error("InternalServerError", 500))).toThrow(OutOfReach);
    for (const meet of [asUnknown, raise])
      expect(() => meet("UpdateItem", error("AccessDeniedException", 400))).toThrow(/UpdateItem.*permission/);
    expect(() => asUnknown("x", error("ExpiredTokenException", 400))).toThrow(AwsRefused);
    expect(problemOf(error("Error", undefined, "ECONNRESET"))).toContain("ECONNRESET");
  });
});

it("credentials: 'none were found' is added only where the message does not say what to do", () => {
  const said = (code: string, message: string): string => new AwsRefused("a read", code, message).message;
  const nowhere = said("CredentialsProviderError", "Could not load credentials from any providers");
  expect(nowhere).toContain("no AWS credentials were found");
  const expired = said("CredentialsProviderError", "Token is expired. To refresh this SSO session run 'aws sso login'");
  expect(expired).toMatch(/run 'aws sso login'$/);
  expect(said("UnrecognizedClientException", "The security token is invalid")).toContain("sign in again");
});

it("a secret that AWS refuses, or that never arrives, is not in the error", async () => {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
  const client = new SSMClient({ region: "eu-west-1", endpoint: "http://127.0.0.1:1", credentials, maxAttempts: 1 });
  const failing = (failure: Error) =>
    secrets(Object.assign(Object.create(client) as SSMClient, { send: () => Promise.reject(failure) }));
  const quoting = Object.assign(error("ValidationException", 400), { message: "Value 'hunter2' at 'value' failed" });
  for (const failure of [quoting, Object.assign(error("TimeoutError"), { message: "hunter2" })]) {
    const thrown: unknown = await failing(failure)
      .write("/runpool/x", "hunter2")
      .catch((caught: unknown) => caught);
    expect(thrown).toBeInstanceOf(Error);
    expect(`${(thrown as Error).message} ${String((thrown as Error).cause)}`).not.toContain("hunter2");
  }
});
