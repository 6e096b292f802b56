// What `runpool logs` reads by: its clients are loaded with its first use.
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { clientOptions } from "../cloud/aws/client-options.ts";
import { instanceLogs } from "../cloud/aws/instance-logs.ts";
import type { InstanceLogs } from "../cloud/ports/instance-logs.ts";
import { instanceLogGroup } from "../domain/names.ts";

export const logsOf = (environment: string, region: string): InstanceLogs =>
  instanceLogs({
    logs: new CloudWatchLogsClient({ region, ...clientOptions("other", process.env) }),
    ec2: new EC2Client({ region, ...clientOptions("other", process.env) }),
    group: instanceLogGroup(environment),
  });
