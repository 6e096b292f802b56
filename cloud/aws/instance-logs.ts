// Logs of instances: CloudWatch Logs where they are shipped, and EC2's console output.
import {
  GetLogEventsCommand,
  paginateDescribeLogStreams,
  type CloudWatchLogsClient,
  type GetLogEventsCommandOutput,
  type LogStream,
} from "@aws-sdk/client-cloudwatch-logs";
import { GetConsoleOutputCommand, type EC2Client } from "@aws-sdk/client-ec2";
import type { InstanceLogs, LogLine, LogPage, LogPlace } from "../ports/instance-logs.ts";
import { asSdkError, raise } from "./sdk-errors.ts";

export interface InstanceLogsOptions {
  readonly logs: CloudWatchLogsClient;
  readonly ec2: EC2Client;
  /** The log group of the environment's instances. */
  readonly group: string;
}

/** Undefined if AWS reports that it does not exist. */
async function unlessMissing<Value>(what: string, ask: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await ask();
  } catch (error) {
    const { name } = asSdkError(error);
    if (/^(ResourceNotFoundException|InvalidInstanceID\..*)$/.test(name)) return undefined;
    return raise(what, error);
  }
}

const linesOf = ({ events = [] }: GetLogEventsCommandOutput): readonly LogLine[] =>
  events.map(({ timestamp = 0, message = "" }) => ({ at: timestamp, text: message.replace(/\n$/, "") }));

/**
 * An instance writes to `<its id>/<its private address>`. IAM knows the address of the caller and not its id, so another instance that was
 * taken over can open a stream that begins with this one's id and ends in its own address. It learns of the id once this one is at work, and
 * has begun its log: the oldest stream is the instance's own.
 */
async function streamOf({ logs, group }: InstanceLogsOptions, instanceId: string): Promise<string | undefined> {
  const found: LogStream[] = [];
  const about = { logGroupName: group, logStreamNamePrefix: `${instanceId}/` };
  for await (const { logStreams = [] } of paginateDescribeLogStreams({ client: logs }, about))
    found.push(...logStreams);
  found.sort((a, b) => (a.creationTime ?? 0) - (b.creationTime ?? 0));
  return found[0]?.logStreamName;
}

/** From the end, page by page: a page may hold fewer events than requested, even none, with more to come. */
async function newestOf(options: InstanceLogsOptions, stream: string, most: number): Promise<LogPage> {
  const about = { logGroupName: options.group, logStreamName: stream };
  const first = await options.logs.send(new GetLogEventsCommand({ ...about, limit: most, startFromHead: false }));
  let lines = linesOf(first);
  let back = first.nextBackwardToken;
  while (lines.length < most && back !== undefined) {
    const page = await options.logs.send(
      new GetLogEventsCommand({ ...about, limit: most - lines.length, nextToken: back }),
    );
    lines = [...linesOf(page), ...lines];
    // GetLogEvents gives the token back unchanged at the stream's beginning.
    if (page.nextBackwardToken === back) break;
    back = page.nextBackwardToken;
  }
  return { lines: lines.slice(-most), next: { stream, token: first.nextForwardToken ?? "" } };
}

const newest = (options: InstanceLogsOptions, instanceId: string, most: number): Promise<LogPage | undefined> =>
  unlessMissing("GetLogEvents", async () => {
    const stream = await streamOf(options, instanceId);
    return stream === undefined ? undefined : await newestOf(options, stream, most);
  });

async function since({ logs, group }: InstanceLogsOptions, { stream, token }: LogPlace): Promise<LogPage> {
  // GetLogEvents demands `startFromHead` beside a forward token (its API Reference).
  const forward = { nextToken: token, startFromHead: true };
  const command = new GetLogEventsCommand({ logGroupName: group, logStreamName: stream, ...forward });
  const page = await logs.send(command).catch((error: unknown) => raise("GetLogEvents", error));
  return { lines: linesOf(page), next: { stream, token: page.nextForwardToken ?? token } };
}

async function consoleOf({ ec2 }: InstanceLogsOptions, instanceId: string): Promise<string | undefined> {
  const ask = (Latest: boolean) => ec2.send(new GetConsoleOutputCommand({ InstanceId: instanceId, Latest }));
  const reply = await unlessMissing("GetConsoleOutput", async () => {
    try {
      return await ask(true);
    } catch (error) {
      // Instances not built on Nitro keep only the output of their boot.
      if (asSdkError(error).name !== "UnsupportedOperation") throw error;
      return await ask(false);
    }
  });
  const text = Buffer.from(reply?.Output ?? "", "base64").toString("utf8");
  return text === "" ? undefined : text;
}

export const instanceLogs = (options: InstanceLogsOptions): InstanceLogs => ({
  newest: (instanceId, most) => newest(options, instanceId, most),
  since: (place) => since(options, place),
  console: (instanceId) => consoleOf(options, instanceId),
});
