// An embedded cloud of the account and region that a stack is for, with real SDK clients on it.
import { onTestFinished } from "vitest";
import { chance } from "../../sim/chance.ts";
import { embeddedCloud } from "../../sim/embedded-cloud.ts";
import { imagesOf, placeOf } from "../../sim/furnish-from-stack.ts";
import type { StackFile } from "../../sim/stack-file.ts";
import { manualClock } from "../sim/manual-clock.ts";

export async function embeddedFor(stack: StackFile) {
  const place = placeOf(stack);
  const clock = manualClock();
  const cloud = await embeddedCloud({ clock, ...place, chance: chance("stacks") });
  for (const { id, architecture, rootDevice } of imagesOf(stack))
    cloud.machines.addImage({ id, name: id, architecture: architecture === "arm64" ? "arm64" : "x86_64", rootDevice });
  onTestFinished(() => cloud.close());
  return { cloud, clients: cloud.clients, clock, url: cloud.door.url };
}
