// What of the EC2 client is used, so that the chunk loaded for it holds no more: a whole namespace is 1 MB.
export {
  CreateFleetCommand,
  EC2Client,
  GetInstanceTypesFromInstanceRequirementsCommand,
  TerminateInstancesCommand,
  paginateDescribeInstanceTypes,
  paginateDescribeInstances,
} from "@aws-sdk/client-ec2";
