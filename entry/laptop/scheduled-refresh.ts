// Refresh on the laptop as on AWS: the deployed bundle in a process of its own, woken by the synthesized schedule.
import { join } from "node:path";
import { PutParameterCommand } from "@aws-sdk/client-ssm";
import type { EventName } from "../../domain/events.ts";
import { limits } from "../../domain/limits.ts";
import { forgeCredentialParameter } from "../../domain/names.ts";
import { processes } from "../../sim/lambda/containers.ts";
import { furnishLambdas } from "../../sim/lambda/furnish.ts";
import { hostClock } from "../host-clock.ts";
import { credentials, forgeToken, place, type EmbeddedCloud } from "./embedded-cloud.ts";
import { readStack, stackFolder } from "./laptop-stack.ts";
import { packed } from "./packed.ts";
import type { View } from "./view.ts";

/** The demonstration takes a minute: what the schedule has in minutes comes in seconds. */
const scheduleSpeed = 60;
export const periodMs = limits.refreshMs / scheduleSpeed;
/** Until its first refresh is done: a process has to start, on a machine that may be busy. */
const firstMs = 30_000;

export interface ScheduledRefresh {
  /** Resolves after the first refresh, which the deployment starts at once; where it does not come, all that needs it fails with a reason. */
  once(stop: AbortSignal): Promise<void>;
  /** What its log reports as failed, so far. */
  readonly problems: readonly string[];
}

const isProblem: ReadonlySet<string> = new Set<EventName>(["refresh.problem", "token.not-renewed", "lambda.failed"]);

export async function deployRefresh({
  cloud,
  stacks,
  directory,
  view,
}: {
  readonly cloud: EmbeddedCloud;
  readonly stacks: string;
  /** Its code is unpacked below it. */
  readonly directory: string;
  readonly view: View;
}): Promise<ScheduledRefresh> {
  const problems: string[] = [];
  const first = new AbortController();
  const read = (text: string): void => {
    const { at: _at, environment: _environment, event, ...facts } = readLine(text);
    // Most other lines are metrics.
    if (typeof event !== "string") return;
    view.event("refresh", event as EventName, facts);
    if (isProblem.has(event)) problems.push(`refresh: ${event} ${JSON.stringify(facts)}`);
    if (event !== "refresh.done") return;
    if (facts["problems"] !== 0) problems.push(`refresh: ${String(facts["problems"])} problems`);
    first.abort();
  };
  const readLine = (text: string): Readonly<Record<string, unknown>> => {
    try {
      return JSON.parse(text) as Readonly<Record<string, unknown>>;
    } catch {
      problems.push(`refresh: ${text}`);
      return {};
    }
  };
  const Name = forgeCredentialParameter(place.environment);
  await cloud.clients.ssm.send(new PutParameterCommand({ Name, Value: forgeToken, Type: "SecureString" }));
  const deployed = processes({
    directory: join(directory, "functions"),
    program: packed("runtime"),
    variables: {
      AWS_REGION: place.region,
      AWS_ENDPOINT_URL: cloud.aws.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
  });
  await furnishLambdas(cloud, await readStack(stacks, "control"), {
    folder: stackFolder(stacks, "control"),
    scheduleSpeed,
    runtime: (of, line) =>
      deployed(of, (text) => {
        read(text);
        line(text);
      }),
  });
  return {
    once: (stop) => hostClock.sleep(firstMs, AbortSignal.any([first.signal, stop])),
    problems,
  };
}
