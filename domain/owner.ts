// What an instance works for: a union with one format and one parse. Records, tags and the index say it in that format.

/** A provision of a workflow run. Attempts of a run share its label, and a later one releases what an earlier one left. */
export interface RunOwner {
  readonly kind: "run";
  /** GitHub's run_id. */
  readonly runId: string;
  /** GitHub's run_attempt. */
  readonly attempt: number;
  /** Tells provisions of one attempt apart. */
  readonly provisionId: string;
}

export type Owner =
  | RunOwner
  /** One queued job, by GitHub's id of it. */
  | { readonly kind: "job"; readonly id: string }
  | { readonly kind: "fleet"; readonly name: string }
  /** An idle floor in one period of refresh: who asks, but nobody's owner. What it creates waits for its first owner. */
  | { readonly kind: "floor"; readonly period: number; readonly pool: string }
  /** A test of an image before runs get it; `id` tells one test of it from the next. */
  | { readonly kind: "image-test"; readonly imageId: string; readonly id: string };

/** What a run's id and a provision's name may be, wherever they come from. */
export const runIds = /^\d{1,20}$/;
export const provisionIds = /^[A-Za-z0-9_.-]{1,100}$/;

export const runOwner = (runId: string, attempt: number, provisionId: string): RunOwner => ({
  kind: "run",
  runId,
  attempt,
  provisionId,
});

export const ownerOf = ({ runId, attempt, provisionId }: Omit<RunOwner, "kind">): RunOwner =>
  runOwner(runId, attempt, provisionId);

type Kind = Owner["kind"];
type Of<K extends Kind> = Extract<Owner, { kind: K }>;

interface Form<K extends Kind> {
  readonly pattern: RegExp;
  readonly write: (owner: Of<K>) => string;
  readonly read: (parts: readonly string[]) => Of<K>;
}

/** No part but the last may hold a ":", and a number is written in one way only: so each owner has one text, and each text one owner. */
const forms: { readonly [K in Kind]: Form<K> } = {
  run: {
    pattern: /^github:run:(\d{1,20}):([1-9]\d{0,3}):([A-Za-z0-9_.-]{1,100}(?:\+rerun)?)$/,
    write: ({ runId, attempt, provisionId }) => `github:run:${runId}:${attempt}:${provisionId}`,
    read: ([runId = "", attempt, provisionId = ""]) => ({ kind: "run", runId, attempt: Number(attempt), provisionId }),
  },
  job: {
    pattern: /^github:job:(\d{1,20})$/,
    write: ({ id }) => `github:job:${id}`,
    read: ([id = ""]) => ({ kind: "job", id }),
  },
  fleet: {
    pattern: /^fleet:([A-Za-z0-9_.-]{1,100})$/,
    write: ({ name }) => `fleet:${name}`,
    read: ([name = ""]) => ({ kind: "fleet", name }),
  },
  floor: {
    pattern: /^floor:(0|[1-9]\d{0,14}):([\w.:/-]{1,200})$/,
    write: ({ period, pool }) => `floor:${period}:${pool}`,
    read: ([period, pool = ""]) => ({ kind: "floor", period: Number(period), pool }),
  },
  "image-test": {
    pattern: /^image-test:(ami-[0-9a-f]{8,17}):(\d{1,20})$/,
    write: ({ imageId, id }) => `image-test:${imageId}:${id}`,
    read: ([imageId = "", id = ""]) => ({ kind: "image-test", imageId, id }),
  },
};

const written = <K extends Kind>(owner: Of<K>): string => (forms[owner.kind] as Form<K>).write(owner);

/** Undefined for every text that `formatOwner` does not give. */
export function parseOwner(text: string | undefined): Owner | undefined {
  for (const { pattern, read } of Object.values(forms)) {
    const match = pattern.exec(text ?? "");
    if (match !== null) return read(match.slice(1));
  }
  return undefined;
}

/** Throws where a part has what would make the text another's: its maker has checked the parts (`runIds`, `provisionIds`). */
export function formatOwner(owner: Owner): string {
  const text = written(owner);
  if (!forms[owner.kind].pattern.test(text))
    throw new Error(`"${text}" is not an owner: a part of it has characters that it may not have`);
  return text;
}

/** The owner that a record names; a floor owns nothing. */
export const holderOf = (owner: Owner): string | undefined => (owner.kind === "floor" ? undefined : formatOwner(owner));

/** The run that an owner is a provision of; undefined for every other owner, and for none. */
export function runOf(owner: string | undefined): RunOwner | undefined {
  const parsed = parseOwner(owner);
  return parsed?.kind === "run" ? parsed : undefined;
}

/** Whether it belongs to this run, in an attempt up to this one: what the attempt may release. */
export function isOfRun(owner: string | undefined, { runId, attempt }: Pick<RunOwner, "runId" | "attempt">): boolean {
  const run = runOf(owner);
  return run !== undefined && run.runId === runId && run.attempt <= attempt;
}

/** What owners share that the index lists together: all attempts and provisions of a run; every other owner is alone. */
export const groupOf = (owner: Owner): string => (owner.kind === "run" ? runGroup(owner.runId) : formatOwner(owner));
export const runGroup = (runId: string): string => `github:run:${runId}`;
