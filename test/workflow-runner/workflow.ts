// A workflow file as far as it is played here: every key that is not is an error that names it. Whether it is sound otherwise, actionlint says.
import { parse } from "yaml";

type Texts = Readonly<Record<string, unknown>>;

export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Texts;
  readonly env?: Texts;
}

export interface Job {
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly "runs-on": string;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly outputs?: Texts;
  readonly env?: Texts;
  readonly steps: readonly Step[];
}

export interface Workflow {
  /** Named, it fails with any part of a pipe; GitHub's own choice does not. */
  readonly defaults?: { readonly run: { readonly shell: "bash" } };
  readonly env?: Texts;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** Each is played, or has no effect on a run that is started here. */
const known = {
  workflow: "name on permissions concurrency env defaults jobs",
  job: "name needs if runs-on strategy outputs env steps permissions environment timeout-minutes",
  strategy: "matrix fail-fast",
  step: "id name if run uses with env",
} as const;

function check(what: keyof typeof known, value: object): void {
  const odd = Object.keys(value).find((key) => !known[what].split(" ").includes(key));
  if (odd !== undefined) throw new Error(`${odd} of a ${what} is not played here`);
}

export function readWorkflow(text: string): Workflow {
  const workflow = parse(text) as Workflow;
  check("workflow", workflow);
  const { defaults } = workflow;
  if (defaults !== undefined && JSON.stringify(defaults) !== '{"run":{"shell":"bash"}}')
    throw new Error("of defaults only bash is played here");
  for (const job of Object.values(workflow.jobs)) {
    check("job", job);
    check("strategy", job.strategy ?? {});
    for (const step of job.steps) check("step", step);
  }
  return workflow;
}

export const needsOf = ({ needs = [] }: Job): readonly string[] => [needs].flat();

export type Leg = Readonly<Record<string, unknown>>;

/** The legs of a matrix: the product of its lists, or the list that `include` is. */
export function legsOf({ strategy }: Job): readonly Leg[] {
  const { include, ...lists } = strategy?.matrix ?? {};
  if ("exclude" in lists || (include !== undefined && Object.keys(lists).length > 0))
    throw new Error("a matrix is lists or an include here");
  return (
    (include as readonly Leg[] | undefined) ??
    Object.entries(lists).reduce<readonly Leg[]>(
      (legs, [name, values]) => legs.flatMap((leg) => values.map((value) => ({ ...leg, [name]: value }))),
      [{}],
    )
  );
}
