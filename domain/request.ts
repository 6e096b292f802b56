// What a provision is asked for, checked: the one place where its words are validated.
import { parseAllowedTypes } from "./instance-types.ts";
import { limits, maxima } from "./limits.ts";
import { provisionIds, runIds } from "./owner.ts";
import type { ResourceClass, ResourceClasses } from "./resource-class.ts";
import type { Architecture, UsageClass } from "./record.ts";

/** As it comes from an action's inputs or the command line. */
export interface RawRequest {
  readonly runId: string;
  readonly attempt: string;
  readonly name: string;
  readonly repository: string;
  readonly instanceCount: string;
  readonly resourceClass: string;
  readonly architecture: string;
  readonly usageClass: string;
  readonly allowedInstanceTypes: string;
  readonly labels: string;
  /** "true": on-demand where spot is short. */
  readonly fallback: string;
  /** How many will do where not all can be had; "" = all. */
  readonly minCount?: string;
  /** Minutes to wait for them; "" = as the environment says. */
  readonly timeoutMin?: string;
  /** Minutes that the instances may serve; "" = as the environment says. */
  readonly maxRuntimeMin?: string;
  /** The label instead of the run id; "" = the run id. */
  readonly label?: string;
}

export interface Request {
  readonly runId: string;
  readonly attempt: number;
  readonly provisionId: string;
  readonly repository: string;
  readonly count: number;
  readonly resourceClass: string;
  readonly minimum: ResourceClass;
  readonly architecture: Architecture;
  readonly usageClass: UsageClass;
  readonly allowedTypes: readonly string[];
  readonly labels: readonly string[];
  /** On-demand where spot is short. */
  readonly fallback: boolean;
  /** As many will do where not all can be had in time; absent = all. */
  readonly minCount?: number;
  /** How long to wait for them; absent = the environment's provision limit. */
  readonly timeoutMs?: number;
  /** How long they may serve, from the commit; absent = the environment's. */
  readonly maxRuntimeMs?: number;
  /** What jobs name in `runs-on` instead of the run id: one that nobody can guess. */
  readonly label?: string;
}

/** The label that tells this run's runners from all others. */
export const labelOf = ({ label, runId }: Pick<Request, "label" | "runId">): string => label ?? runId;

/** What is wrong with a field of a request: with what it was given as, or with a part of it that the rule names. */
export interface RequestProblem {
  readonly field: keyof RawRequest;
  readonly given?: string;
  /** What would be right. */
  readonly rule: string;
}

/** The input of the action, and the option of the command line, by which a field is given. */
export const inputNameOf = (field: keyof RawRequest): string =>
  field.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);

/** In one line; `name` is what the reader calls the field. */
export const wordsOfProblem = ({ field, given, rule }: RequestProblem, name: string = inputNameOf(field)): string =>
  given === undefined ? `${name}: ${rule}` : `${name} is "${given}"; ${rule}`;

export type RequestParse =
  | { readonly ok: true; readonly request: Request }
  | { readonly ok: false; readonly problems: readonly RequestProblem[] };

const minuteMs = 60_000;

const wholeNumber = (text: string, low: number, high: number): number | undefined => {
  const number = /^\d{1,16}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return number >= low && number <= high ? number : undefined;
};

/** Allowed names, quoted, for an error. */
const list = (allowed: readonly string[]): string => allowed.map((name) => `"${name}"`).join(", ");

/**
 * What is wrong with a label that is not a run's id. `1002` and `1002-large` would be another run's: its jobs would be drawn to these
 * machines. `config.sh` takes its labels with commas between them, so that one with a comma would be two.
 */
export function problemOfLabel(label: string, longest: number = maxima.labelLength): string | undefined {
  if (label.length > longest) return `"${label.slice(0, 20)}…" is longer than ${longest} characters`;
  if (label === "" || /[\s,\p{C}]/u.test(label))
    return `"${label}" is empty, or has a blank, a comma or a control character`;
  return /^\d+(-|$)/.test(label)
    ? `"${label}" begins with a number, as the labels of runs do; begin with a letter`
    : undefined;
}

/** The parts that may be left out; `""` is left out. */
function parseOptional(raw: RawRequest, count: number | undefined, problems: RequestProblem[]) {
  const found: { minCount?: number; timeoutMs?: number; maxRuntimeMs?: number; label?: string } = {};
  const { minCount = "", timeoutMin = "", maxRuntimeMin = "", label = "" } = raw;
  const longest = limits.longestRuntimeMs / minuteMs;
  const whole = (field: keyof RawRequest, given: string, high: number, take: (value: number) => void): void => {
    if (given.trim() === "") return;
    const value = wholeNumber(given, 1, high);
    if (value === undefined) problems.push({ field, given, rule: `it is a whole number from 1 to ${high}` });
    else take(value);
  };
  whole("minCount", minCount, count ?? maxima.instanceCount, (value) => (found.minCount = value));
  whole("timeoutMin", timeoutMin, longest, (value) => (found.timeoutMs = value * minuteMs));
  whole("maxRuntimeMin", maxRuntimeMin, longest, (value) => (found.maxRuntimeMs = value * minuteMs));
  if (label === "") return found;
  const problem = problemOfLabel(label, maxima.ownLabelLength);
  if (problem === undefined) found.label = label;
  else problems.push({ field: "label", rule: problem });
  return found;
}

/** Undefined where it waits no longer than its environment does. */
export const problemOfTimeout = ({ timeoutMs = 0 }: Request, provisionMs: number): RequestProblem | undefined =>
  timeoutMs > provisionMs
    ? {
        field: "timeoutMin",
        given: String(timeoutMs / minuteMs),
        rule: `this environment waits at most ${provisionMs / minuteMs} minutes (limits.provision in its file)`,
      }
    : undefined;

/** Checks a request against the classes of its environment, those in use and the `retired` ones. Every problem is named, with what would be right. */
export function parseRequest(raw: RawRequest, classes: ResourceClasses, retired: readonly string[] = []): RequestParse {
  const problems: RequestProblem[] = [];
  const wrong = (field: keyof RawRequest, rule: string): void =>
    void problems.push({ field, given: raw[field] ?? "", rule });
  const runId = raw.runId.trim();
  if (!runIds.test(runId)) wrong("runId", "it is GitHub's run_id, a whole number");
  const attempt = wholeNumber(raw.attempt, 1, 1000);
  if (attempt === undefined) wrong("attempt", "it is GitHub's run_attempt, from 1");
  const name = raw.name.trim();
  if (!provisionIds.test(name)) wrong("name", 'it is 1-100 letters, digits, "_", "." or "-", e.g. the job\'s name');
  if (!/^[\w.-]+\/[\w.-]+$/.test(raw.repository) || /(?:^|\/)\.{1,2}(?:\/|$)/.test(raw.repository))
    wrong("repository", "write OWNER/REPOSITORY");
  const count = wholeNumber(raw.instanceCount, 1, maxima.instanceCount);
  if (count === undefined) wrong("instanceCount", `it is a whole number from 1 to ${maxima.instanceCount}`);
  const minimum = Object.hasOwn(classes, raw.resourceClass) ? classes[raw.resourceClass] : undefined;
  if (minimum === undefined) {
    const retirement = retired.includes(raw.resourceClass) ? "it is retired; " : "";
    wrong("resourceClass", `${retirement}this environment has ${list(Object.keys(classes))}`);
  }
  const architecture = raw.architecture === "x64" || raw.architecture === "arm64" ? raw.architecture : undefined;
  if (architecture === undefined) wrong("architecture", 'write "x64" or "arm64"');
  const usageClass = raw.usageClass === "spot" || raw.usageClass === "on-demand" ? raw.usageClass : undefined;
  if (usageClass === undefined) wrong("usageClass", 'write "spot" or "on-demand"');
  const types = parseAllowedTypes(raw.allowedInstanceTypes);
  if (!types.ok) problems.push({ field: "allowedInstanceTypes", rule: types.problem });
  const labels = raw.labels.split(/[\s,]+/).filter((label) => label !== "");
  for (const label of labels) {
    const problem = problemOfLabel(label);
    if (problem !== undefined) problems.push({ field: "labels", rule: problem });
  }
  const fallback = raw.fallback === "true";
  if (!fallback && raw.fallback !== "false") wrong("fallback", 'write "true" or "false"');
  const optional = parseOptional(raw, count, problems);
  if (problems.length > 0 || !types.ok || attempt === undefined || count === undefined) return { ok: false, problems };
  if (minimum === undefined || architecture === undefined || usageClass === undefined) return { ok: false, problems };
  const { repository, resourceClass } = raw;
  const allowedTypes = types.patterns;
  return {
    ok: true,
    request: {
      runId,
      attempt,
      provisionId: name,
      repository,
      count,
      resourceClass,
      minimum,
      architecture,
      usageClass,
      allowedTypes,
      labels,
      fallback,
      ...optional,
    },
  };
}
