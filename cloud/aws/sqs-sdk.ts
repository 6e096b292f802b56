// What of the SQS client is used, so that the chunk loaded for it holds no more.
export { SQSClient } from "@aws-sdk/client-sqs";
