// How every SDK client is built: few, quick tries for what answers in milliseconds, patience for what does not.

/** CreateFleet launches before it answers: minutes at worst, tens of seconds at a hundred machines. */
const fleetReplyMs = 60_000;
/** DynamoDB, SQS and SSM answer in milliseconds; beyond this the reply is lost, and asking again is quicker. */
const replyMs = 4_000;
/** A connection within a region takes a few milliseconds. */
const connectMs = 1_500;

/** A process's `HTTPS_PROXY`, `NO_PROXY` and their like. */
export type WaysOut = Readonly<Record<string, string | undefined>>;

/**
 * Options of an SDK client's constructor. With four tries and the SDK's pauses a dead service is known in about 20 s. `ways`: the client
 * goes out by them. The SDK heeds no such variables, and has HTTP agents of its own, which NODE_USE_ENV_PROXY does not reach (Node.js
 * documentation, "Built-in Proxy Support").
 */
export const clientOptions = (service: "ec2" | "other" = "other", ways?: WaysOut) => ({
  maxAttempts: 4,
  retryMode: "standard",
  requestHandler: {
    connectionTimeout: connectMs,
    requestTimeout: service === "ec2" ? fleetReplyMs : replyMs,
    throwOnRequestTimeout: true,
    ...(ways === undefined ? {} : { httpsAgent: { proxyEnv: { ...ways } } }),
  },
});
