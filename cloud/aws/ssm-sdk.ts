// What of the SSM client is used, so that the chunk loaded for it holds no more.
export { SSMClient } from "@aws-sdk/client-ssm";
