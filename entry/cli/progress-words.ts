// What the control plane's events say to a person; an event that is not here is in the result, or of no interest.
import { elapsed, spoken } from "./durations.ts";

type Facts = Readonly<Record<string, unknown>>;
interface Words {
  readonly warns?: boolean;
  /** Undefined where these facts are of no interest. */
  say(facts: Facts): string | undefined;
}

const text = (fact: unknown): string => (typeof fact === "string" ? fact : (JSON.stringify(fact) ?? "?"));
/** What was lost for this reason has said it at length, in the line before. */
const inBrief = (reason: string): string => {
  const [line = ""] = reason.split("\n");
  const brief = line.slice(0, 120).trimEnd();
  return brief.length < reason.length ? `${brief} …` : brief;
};
const warning = (say: Words["say"]): Words => ({ warns: true, say });
const plainly = (say: Words["say"]): Words => ({ say });

const words: Readonly<Record<string, Words>> = {
  "instance.claimed": plainly((f) => `${text(f["instance"])} claimed from the pool (${text(f["type"])})`),
  "instance.created": plainly((f) => `${text(f["instance"])} created (${text(f["type"])}, ${text(f["zone"])})`),
  "instance.found-again": plainly((f) => `${text(f["instance"])} is this provision's own already`),
  "instance.ready": plainly((f) => `${text(f["instance"])} registered after ${spoken(Number(f["ms"]))}`),
  "instance.lost": warning((f) => `${text(f["instance"])} lost: ${text(f["why"])}`),
  "instance.unrecorded": warning((f) => `${text(f["instance"])} could not be recorded and is ended`),
  "instance.asked-to-leave": plainly((f) => `${text(f["instance"])} asked to leave`),
  "instance.pooled": plainly((f) => `${text(f["instance"])} is idle again`),
  "instance.condemned": plainly((f) => `${text(f["instance"])} is ended: ${inBrief(text(f["reason"]))}`),
  "instance.terminated": plainly((f) => `${text(f["instance"])} has ended (${text(f["why"])})`),
  "counter.doubted": plainly(
    (f) =>
      `the counters of ${text(f["scopes"])} differ from the table; looking again in ${spoken(Number(f["againMs"]))}`,
  ),
  "counter.differs": plainly((f) => `the counter of ${text(f["scope"])} is off by ${text(f["by"])}`),
  "ghosts.left": plainly((f) => `${text(f["count"])} more offline runners are left to the next refresh`),
  "condemn.refused": plainly((f) => `${text(f["instance"])} is not ended after all: ${text(f["why"])}`),
  "creation.short": warning(
    (f) =>
      `${text(f["created"])} of ${text(f["wanted"])} created (${text(f["problems"] ?? "EC2 gave no reason, and is asked again")})`,
  ),
  "provision.given-back": plainly((f) =>
    f["pooled"] === 0 && f["condemned"] === 0 && f["left"] === 0
      ? undefined
      : `given back: ${text(f["pooled"])} to the pool, ${text(f["condemned"])} ended, ${text(f["left"])} still leaving`,
  ),
  "rerun.began": plainly(
    (f) => `run ${text(f["runId"])}, attempt ${text(f["attempt"])}, is run again: ${text(f["wanted"])} wanted`,
  ),
  "request.unsaved": warning(
    (f) => `the request could not be kept, so that failed jobs run again would find no runner: ${text(f["problem"])}`,
  ),
  "clean-up.unseen": warning((f) => `EC2 could not be asked for machines without a record: ${text(f["problem"])}`),
  "counter.recounted": plainly((f) => `counter ${text(f["scope"])} set right: ${text(f["counted"])}`),
  "token.renewed": plainly((f) => `token renewed: ${text(f["name"])}`),
  "pool.unreadable": warning((f) => `an unreadable pool message was set aside: ${text(f["problem"])}`),
  "pool.unsent": warning(() => "some pool messages could not be sent; refresh sends them"),
  "terminate.refused": warning((f) => `EC2 does not end ${text(f["instance"])} yet: ${text(f["problem"])}`),
  "terminate.failed": warning(
    (f) => `EC2 could not be asked to end machines; refresh asks again: ${text(f["problem"])}`,
  ),
  "release.forge-unreachable": warning((f) => `GitHub was not asked to delete runners: ${text(f["problem"])}`),
  "validation.unread": warning((f) => `the records could not be read; trying again: ${text(f["problem"])}`),
  "give-back.unread": warning((f) => `the records could not be read; trying again: ${text(f["problem"])}`),
};

export interface Said {
  readonly line: string;
  readonly warns: boolean;
}

/** Undefined where a person need not know. */
export function say(name: string, facts: Facts): Said | undefined {
  const known = Object.hasOwn(words, name) ? words[name] : undefined;
  const line = known?.say(facts);
  return line === undefined ? undefined : { line, warns: known?.warns ?? false };
}

/** The line that stands while nothing happens. */
export const stillAt = (what: string, ms: number): string => `${what}, ${elapsed(ms)}`;
