// An embedded cloud of the account and region that a stack is for, with real SDK clients on it.
import { onTestFinished, vi } from "vitest";
import { credentials, place } from "../../entry/laptop/embedded-cloud.ts";
import { chance } from "../../sim/chance.ts";
import { embeddedCloud } from "../../sim/embedded-cloud.ts";
import { imagesOf, placeOf } from "../../sim/furnish-from-stack.ts";
import type { StackFile } from "../../sim/stack-file.ts";
import { manualClock } from "../sim/manual-clock.ts";

/** Makes this process one of the laptop's environment, with these credentials, until the test calls `vi.unstubAllEnvs`. */
export function becomeProcess(url: string, { accessKeyId, secretAccessKey } = credentials): Record<string, string> {
  const variables = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: place.region,
    RUNPOOL_ENVIRONMENT: place.environment,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return variables;
}

export async function embeddedFor(stack: StackFile) {
  const place = placeOf(stack);
  const clock = manualClock();
  const cloud = await embeddedCloud({ clock, ...place, chance: chance("stacks") });
  for (const { id, architecture, rootDevice } of imagesOf(stack))
    cloud.machines.addImage({ id, name: id, architecture: architecture === "arm64" ? "arm64" : "x86_64", rootDevice });
  onTestFinished(() => cloud.close());
  return { cloud, clients: cloud.clients, clock, url: cloud.door.url };
}
