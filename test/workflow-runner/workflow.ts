// A workflow file as far as the runner here plays it: every key that it does not know is an error that names it.
import { parse } from "yaml";

export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly with: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

export interface Job {
  readonly needs: readonly string[];
  readonly if?: string;
  /** One label, or several; each may be an expression. */
  readonly runsOn: readonly string[];
  /** Lists by name; `include` is a list of legs. */
  readonly matrix?: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

export interface Workflow {
  /** What `run` is given to; GitHub's own choice is a bash that a failing part of a pipe does not end. */
  readonly shell?: "bash";
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

type Found = Readonly<Record<string, unknown>>;

/** Each key is played, or has no effect on a run that is started here by hand. */
const known = {
  workflow: ["name", "on", "permissions", "concurrency", "env", "defaults", "jobs"],
  defaults: ["run"],
  run: ["shell"],
  job: [
    "name",
    "needs",
    "if",
    "runs-on",
    "strategy",
    "outputs",
    "env",
    "steps",
    "permissions",
    "environment",
    "timeout-minutes",
  ],
  strategy: ["matrix", "fail-fast"],
  step: ["id", "name", "if", "run", "uses", "with", "env"],
} as const;

export class UnknownKey extends Error {
  override readonly name = "UnknownKey";
}

function checked(what: keyof typeof known, where: string, value: unknown): Found {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UnknownKey(`${where || "the workflow"} is not a mapping`);
  const odd = Object.keys(value).find((key) => !(known[what] as readonly string[]).includes(key));
  if (odd !== undefined) throw new UnknownKey(`${where === "" ? "" : `${where}.`}${odd} is not played here`);
  return value as Found;
}

const texts = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(value ?? {}).map(([name, one]) => [name, String(one)]));

const list = (value: unknown): readonly string[] => (value === undefined ? [] : [value].flat().map(String));

/** A part that may be absent stays so. */
const part = <Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> =>
  value === undefined ? {} : (texts({ [name]: value }) as Record<Name, string>);

function stepOf(where: string, value: unknown): Step {
  const found = checked("step", where, value);
  if ((found["run"] === undefined) === (found["uses"] === undefined))
    throw new UnknownKey(`${where} needs run or uses, one of them`);
  return {
    ...part("id", found["id"]),
    ...part("name", found["name"]),
    ...part("if", found["if"]),
    ...part("run", found["run"]),
    ...part("uses", found["uses"]),
    with: texts(found["with"]),
    env: texts(found["env"]),
  };
}

function jobOf(where: string, value: unknown): Job {
  const found = checked("job", where, value);
  const strategy = checked("strategy", `${where}.strategy`, found["strategy"] ?? {});
  const matrix = strategy["matrix"] as Found | undefined;
  if (matrix !== undefined && "exclude" in matrix)
    throw new UnknownKey(`${where}.strategy.matrix.exclude is not played here`);
  const steps = found["steps"] as readonly unknown[];
  return {
    needs: list(found["needs"]),
    ...part("if", found["if"]),
    runsOn: list(found["runs-on"]),
    ...(matrix === undefined ? {} : { matrix }),
    outputs: texts(found["outputs"]),
    env: texts(found["env"]),
    steps: steps.map((step, index) => stepOf(`${where}.steps[${index}]`, step)),
  };
}

function shellOf(value: unknown): Pick<Workflow, "shell"> {
  const run = checked("run", "defaults.run", checked("defaults", "defaults", value ?? {})["run"] ?? {});
  if (run["shell"] === undefined) return {};
  if (run["shell"] !== "bash")
    throw new UnknownKey(`defaults.run.shell ${JSON.stringify(run["shell"])} is not played here`);
  return { shell: "bash" };
}

/** Throws UnknownKey. */
export function readWorkflow(text: string): Workflow {
  const found = checked("workflow", "", parse(text));
  const jobs = (found["jobs"] ?? {}) as Found;
  return {
    ...shellOf(found["defaults"]),
    env: texts(found["env"]),
    jobs: Object.fromEntries(Object.entries(jobs).map(([id, job]) => [id, jobOf(`jobs.${id}`, job)])),
  };
}

export type Leg = Readonly<Record<string, string | number | boolean>>;

/** The legs of a matrix: the product of its lists, then what `include` adds to those that it fits, or beside them. */
export function legsOf(matrix: Readonly<Record<string, unknown>> | undefined): readonly Leg[] {
  if (matrix === undefined) return [{}];
  const { include = [], ...lists } = matrix;
  let legs: Leg[] = Object.keys(lists).length === 0 ? [] : [{}];
  for (const [name, values] of Object.entries(lists))
    legs = legs.flatMap((leg) => (values as Leg[string][]).map((value) => ({ ...leg, [name]: value })));
  const own = Object.keys(lists);
  for (const added of include as Leg[]) {
    const fits = (leg: Leg): boolean => own.every((name) => !(name in added) || leg[name] === added[name]);
    if (legs.some((leg) => own.length > 0 && fits(leg)))
      legs = legs.map((leg) => (fits(leg) ? { ...leg, ...added } : leg));
    else legs.push(added);
  }
  return legs;
}
