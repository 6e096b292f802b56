// The brake on buying: what new machines of a pool were lost to before they were ready, every one of them, buys no further ones. Pure.
import { limits, maxima } from "./limits.ts";
import { lastSignalOf, type InstanceRecord } from "./record.ts";
import type { PoolName } from "./class-keys.ts";

/** All that machines are made from: another image, launch template or configuration may well do what this one does not. */
export interface Make extends PoolName {
  readonly imageId: string;
  readonly templateVersion: string;
  readonly configHash: string;
}

export interface Brake extends Make {
  /** How many were lost on their way since one last came up. */
  readonly lost: number;
  /** Epoch ms from which it is tried again. */
  readonly until: number;
}

const makeKey = (make: Make): string =>
  JSON.stringify([
    make.partition,
    make.resourceClass,
    make.architecture,
    make.imageId,
    make.templateVersion,
    make.configHash,
  ]);

/** Its agent has said that it works, whatever became of it afterwards. */
function cameUp(record: InstanceRecord): boolean {
  const signal = lastSignalOf(record);
  return signal !== undefined && signal.kind !== "prepare-failed";
}

/** Condemned before its agent could say that it works, by nobody's wish: what is given back is asked to leave first. */
const lostOnItsWay = (record: InstanceRecord): boolean =>
  (record.state === "terminating" || record.state === "terminated") && record.wanted === "serve" && !cameUp(record);

/** Of what no further machine is to be created. One that comes up releases its brake, as does another make, or time. */
export function brakesOf(records: readonly InstanceRecord[], now: number): readonly Brake[] {
  const brakes: Brake[] = [];
  // A launch that lies ahead was written by somebody who means harm: it proves nothing, and is no moment to wait until.
  const launched = records.filter(({ launchedAt }) => launchedAt <= now + limits.aheadMs);
  for (const alike of Map.groupBy(launched, makeKey).values()) {
    const last = Math.max(0, ...alike.filter(cameUp).map(({ launchedAt }) => launchedAt));
    const lost = alike.filter((record) => lostOnItsWay(record) && record.launchedAt > last);
    const [first] = lost;
    if (first === undefined || lost.length < maxima.failedLaunches) continue;
    const until = Math.max(...lost.map(({ launchedAt }) => launchedAt)) + limits.brakeMs;
    if (until <= now) continue;
    const { partition, resourceClass, architecture, imageId, templateVersion, configHash } = first;
    brakes.push({
      partition,
      resourceClass,
      architecture,
      imageId,
      templateVersion,
      configHash,
      lost: lost.length,
      until,
    });
  }
  return brakes.toSorted((a, b) => makeKey(a).localeCompare(makeKey(b)));
}

/** The brake that is on for machines of this make; undefined where they may be created. */
export const brakeOn = (brakes: readonly Brake[], make: Make, now: number): Brake | undefined =>
  brakes.find((brake) => makeKey(brake) === makeKey(make) && now < brake.until);
