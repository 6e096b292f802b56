// Messages for the control plane's events; events without one are in the result, or not of interest.
import type { EventName, Events, LogEvent } from "../../domain/events.ts";
import { wordsOfCause, wordsOfReason } from "./reasons.ts";
import { elapsed, spoken } from "./durations.ts";

interface Words<Facts> {
  readonly warns?: boolean;
  /** Undefined where these facts are of no interest. */
  say(facts: Facts): string | undefined;
}

/** The line before has the full reason. */
const inBrief = (reason: string): string => {
  const [line = ""] = reason.split("\n");
  const brief = line.slice(0, 120).trimEnd();
  return brief.length < reason.length ? `${brief} …` : brief;
};
const warning = <Facts>(say: Words<Facts>["say"]): Words<Facts> => ({ warns: true, say });
const plainly = <Facts>(say: Words<Facts>["say"]): Words<Facts> => ({ say });

const words: { readonly [Name in EventName]?: Words<Events[Name]> } = {
  "instance.claimed": plainly((f) => `${f.instance} claimed from the pool (${f.type})`),
  "instance.created": plainly((f) => `${f.instance} created (${f.type}, ${f.zone})`),
  "instance.found-again": plainly((f) => `${f.instance} already belongs to this provision`),
  "instance.ready": plainly((f) => `${f.instance} registered after ${spoken(f.ms)}`),
  "instance.lost": warning((f) => `${f.instance} lost: ${wordsOfCause(f.why)}`),
  "instance.unrecorded": warning((f) => `${f.instance} could not be recorded and is ended`),
  "instance.asked-to-leave": plainly((f) => `${f.instance} asked to leave`),
  "instance.pooled": plainly((f) => `${f.instance} is idle again`),
  "instance.condemned": plainly((f) => `${f.instance} is ended: ${inBrief(wordsOfCause(f.reason))}`),
  "instance.terminated": plainly((f) => `${f.instance} has ended (${wordsOfCause(f.why)})`),
  "counter.doubted": plainly(
    (f) => `the counters of ${f.scopes} differ from the table; looking again in ${spoken(f.againMs)}`,
  ),
  "counter.differs": plainly((f) => `the counter of ${f.scope} is off by ${f.by}`),
  "ghosts.left": plainly((f) => `${f.count} more offline runners are left to the next refresh`),
  "condemn.refused": plainly((f) => `${f.instance} is not ended after all: ${f.why}`),
  "creation.short": warning(
    (f) =>
      `${f.created} of ${f.wanted} created (${f.reason === undefined ? "EC2 gave no reason; trying again" : wordsOfReason(f.reason)})`,
  ),
  "provision.given-back": plainly((f) =>
    f.pooled === 0 && f.condemned === 0 && f.left === 0
      ? undefined
      : `given back: ${f.pooled} to the pool, ${f.condemned} ended, ${f.left} still leaving`,
  ),
  "rerun.began": plainly((f) => `run ${f.runId}, attempt ${f.attempt}, is run again: ${f.wanted} wanted`),
  "request.unsaved": warning(
    (f) => `the request could not be saved, so re-run failed jobs would find no runner: ${f.problem}`,
  ),
  "clean-up.unseen": warning((f) => `could not ask EC2 for machines without a record: ${f.problem}`),
  "counter.recounted": plainly((f) => `counter ${f.scope} set right: ${f.counted}`),
  "token.renewed": plainly((f) => `token renewed: ${f.name}`),
  "pool.unreadable": warning((f) => `an unreadable pool message was set aside: ${f.problem}`),
  "pool.unsent": warning(() => "some pool messages could not be sent; refresh sends them"),
  "terminate.refused": warning((f) => `EC2 does not end ${f.instance} yet: ${f.problem}`),
  "terminate.failed": warning((f) => `could not ask EC2 to end machines; refresh tries again: ${f.problem}`),
  "release.forge-unreachable": warning((f) => `GitHub was not asked to delete runners: ${f.problem}`),
  "validation.unread": warning((f) => `the records could not be read; trying again: ${f.problem}`),
  "give-back.unread": warning((f) => `the records could not be read; trying again: ${f.problem}`),
};

export interface Message {
  readonly line: string;
  readonly warns: boolean;
}

/** Undefined if people need not know. */
export function messageOf(...[name, facts]: LogEvent): Message | undefined {
  const known: Words<typeof facts> | undefined = words[name];
  const line = known?.say(facts);
  return line === undefined ? undefined : { line, warns: known?.warns ?? false };
}

/** The status line while nothing happens. */
export const stillAt = (what: string, ms: number): string => `${what}, ${elapsed(ms)}`;
