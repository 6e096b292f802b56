// The embedded cloud over HTTP under a clock that jumps: the AWS adapters' first stand.
import { chance } from "../../cloud/sim/chance.ts";
import { dynamodb, type DynamoDb } from "../../cloud/sim/dynamodb/dynamodb.ts";
import { ec2, type Ec2 } from "../../cloud/sim/ec2/ec2.ts";
import { openFaults, type Faults } from "../../cloud/sim/http/faults.ts";
import { openFrontDoor, type FrontDoor } from "../../cloud/sim/http/front-door.ts";
import { sqs } from "../../cloud/sim/sqs/sqs.ts";
import { ssm } from "../../cloud/sim/ssm/ssm.ts";
import type { Clock } from "../../cloud/ports.ts";
import type { Place } from "../../domain/names.ts";
import { openAwsStand, type AwsStand, type AwsStandWish } from "./aws-stand.ts";
import type { StandKind } from "./stand.ts";

export const place: Place = { awsPartition: "aws", region: "eu-west-1", account: "123456789012" };

/**
 * Whoever sleeps makes the time pass: nothing waits, and everything that is due later finds the later time. It begins now:
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

export interface HttpSim extends AwsStand {
  readonly door: FrontDoor;
  readonly faults: Faults;
  readonly db: DynamoDb;
  readonly cloud: Ec2;
}

export async function openHttpSim(options: Pick<AwsStandWish, "maxAttempts"> = {}): Promise<HttpSim> {
  const clock = jumpingClock();
  const faults = openFaults();
  const base = { clock, faults, region: place.region, account: place.account };
  const db = dynamodb({ ...base, chance: chance("contract/dynamodb") });
  const parameters = ssm(base);
  const cloud = ec2({ ...base, chance: chance("contract/ec2"), parameter: parameters.value });
  const services = {
    dynamodb: db.service,
    sqs: sqs({ ...base, chance: chance("contract/sqs") }).service,
    ec2: cloud.service,
    ssm: parameters.service,
  };
  const door = await openFrontDoor({ services, clock, faults, chance: chance("contract/door") });
  const stand = await openAwsStand({
    endpoint: door.url,
    place,
    clock,
    ...options,
    close: async () => {
      cloud.close();
      await door.close();
    },
  });
  return { ...stand, door, faults, db, cloud };
}

export const httpSim: StandKind = { name: "the AWS adapters over the embedded cloud", open: () => openHttpSim() };
