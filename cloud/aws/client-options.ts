// How every SDK client is built: few, quick tries for what answers in milliseconds, patience for what does not.

/** CreateFleet launches before it answers: minutes at worst, tens of seconds at a hundred machines. */
const fleetReplyMs = 60_000;
/** DynamoDB, SQS and SSM answer in milliseconds; beyond this the reply is lost, and asking again is quicker. */
const replyMs = 4_000;
/** A connection within a region takes a few milliseconds. */
const connectMs = 1_500;

/** Options of an SDK client's constructor. With four tries and the SDK's pauses a dead service is known in about 20 s. */
export const clientOptions = (service: "ec2" | "other" = "other") => ({
  maxAttempts: 4,
  retryMode: "standard",
  requestHandler: {
    connectionTimeout: connectMs,
    requestTimeout: service === "ec2" ? fleetReplyMs : replyMs,
    throwOnRequestTimeout: true,
  },
});
