// The embedded cloud over HTTP under a clock that jumps: the AWS adapters' first stand.
import { chance } from "../../sim/chance.ts";
import { embeddedCloud, type EmbeddedCloud } from "../../sim/embedded-cloud.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import type { Place } from "../../domain/names.ts";
import { openAwsStand, type AwsStand, type AwsStandOptions } from "./aws-stand.ts";
import type { StandKind } from "./stand.ts";

export const place: Place = { awsPartition: "aws", region: "eu-west-1", account: "123456789012" };

/**
 * A sleep makes the time pass: nothing waits, and everything that is due later finds the later time. It begins now:
 * the SDK takes an error whose Date header is far from the host's clock for one of skew, and tries again.
 */
export function jumpingClock(start = Date.now()): Clock {
  let now = start;
  return {
    now: () => now,
    sleep: async (ms, wake) => {
      if (wake?.aborted === true) return;
      now += Math.max(0, ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

export interface HttpSim extends AwsStand, Pick<EmbeddedCloud, "door" | "faults" | "db"> {
  readonly cloud: EmbeddedCloud["machines"];
}

export async function openHttpSim(options: Pick<AwsStandOptions, "maxAttempts"> = {}): Promise<HttpSim> {
  const clock = jumpingClock();
  const { door, faults, db, machines, close } = await embeddedCloud({ clock, ...place, chance: chance("contract") });
  const stand = await openAwsStand({ endpoint: door.url, place, clock, ...options, close });
  return { ...stand, door, faults, db, cloud: machines };
}

export const httpSim: StandKind = { name: "the AWS adapters over the embedded cloud", open: () => openHttpSim() };
