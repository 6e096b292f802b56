// What of the CloudWatch Logs client is used, so that the chunk loaded for it holds no more.
export { CloudWatchLogsClient, GetLogEventsCommand, paginateDescribeLogStreams } from "@aws-sdk/client-cloudwatch-logs";
