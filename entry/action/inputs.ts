// The action's inputs and outputs, from which action.yml and docs/inputs.md are written; and reading the inputs.
import { environmentName } from "../../domain/names.ts";
import { defaultOf, requestInputList, requestInputs, type RequestInputName } from "../request-inputs.ts";
import { BadInput } from "../words/bad-input.ts";

export const modes = ["provision", "release", "refresh"] as const;
export type Mode = (typeof modes)[number];

export interface Input {
  /** By the mode that uses it; a text alone is for every mode. */
  readonly help: string | Partial<Readonly<Record<Mode, string>>>;
  readonly required?: true;
  /** Variables that stand for an empty one, before `otherwise`. */
  readonly variables?: readonly string[];
  /** What an empty one means, where that is a value. */
  readonly otherwise?: string;
  /** What action.yml has for `otherwise`, where that is another text: an expression, or nothing, so that `variables` come first. */
  readonly declared?: string;
}

const ownInputs = {
  mode: {
    required: true,
    help: "`provision` reuses or creates the run's instances, `release` gives them back to the pool, `refresh` cleans up the environment",
  },
  environment: {
    variables: ["RUNPOOL_ENVIRONMENT"],
    otherwise: "prod",
    declared: "",
    help: "Name of the deployed environment. If empty: the variable RUNPOOL_ENVIRONMENT, else `prod`",
  },
  "aws-region": {
    variables: ["AWS_REGION", "AWS_DEFAULT_REGION"],
    otherwise: "us-east-1",
    declared: "",
    help: "AWS region of the environment. If empty: AWS_REGION (set by configure-aws-credentials), else `us-east-1`",
  },
  "run-id": {
    variables: ["GITHUB_RUN_ID"],
    help: { release: "The run whose instances are released. If empty: this run" },
  },
  "github-token": {
    help: {
      release: "Optional: a token that may administer the repository's runners, to delete them at GitHub first",
      refresh:
        "The token used to renew registration tokens. If empty: the credential stored for the environment (/runpool/ENVIRONMENT/forge-credential)",
    },
  },
  ami: {
    help: {
      refresh:
        "AMI id for new instances: `ami-…`, or `x64=ami-… arm64=ami-…`. This and the next five inputs override the deployed configuration: empty keeps the current override, `default` removes it",
    },
  },
  "idle-time-sec": { help: { refresh: "Seconds an idle instance waits before it ends" } },
  "pre-runner-script": {
    help: {
      refresh:
        "A script that each instance runs once before its first runner starts. At most 100 KB here, 256 KB in the environment's file",
    },
  },
  "resource-class-config": {
    help: {
      refresh:
        'Resource classes as JSON, memory in MiB: {"large": {"cpu": 2, "mmem": 4096}}. A new class must be deployed first',
    },
  },
  "idle-floor": { help: { refresh: "Idle instances to keep ready: `large/x64=2 xlarge/arm64/on-demand=1`" } },
  "dry-run": { otherwise: "false", help: { refresh: "`true`: report what would be done, but do nothing" } },
  "iam-instance-profile": {
    help: {
      refresh:
        "Compared with what is deployed: a difference is a warning that names the field of the environment's file",
    },
  },
  "security-group-ids": { help: { refresh: "Compared with what is deployed, as above" } },
  "subnet-ids": { help: { refresh: "Compared with what is deployed, as above" } },
} as const satisfies Readonly<Record<string, Input>>;

export type InputName = keyof typeof ownInputs | RequestInputName;

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function ofProvision({
  name,
  field,
  help,
  otherwise,
  choices,
  value,
  variables,
}: (typeof requestInputList)[number]): Input {
  const allowed = choices ?? (value === undefined ? ["true"] : []);
  const values = allowed.map((one) => `\`${one}\``).join(" or ");
  const ifEmpty = typeof otherwise === "object" ? `. If empty: ${otherwise.words}` : "";
  return {
    help: {
      provision: `${values === "" ? capital(help) : `${values}: ${help}`}${ifEmpty}`,
      ...(field === "maxRuntimeMin" ? { refresh: "Minutes instances may serve a run, from now on" } : {}),
    },
    otherwise: defaultOf(requestInputs[field]),
    ...(variables === undefined ? {} : { variables }),
    // Distinguishes the jobs of a matrix.
    ...(name === "name"
      ? { declared: "${{ strategy.job-total > 1 && format('{0}-{1}', github.job, strategy.job-index) || github.job }}" }
      : {}),
  };
}

const { mode, environment, "aws-region": region, ...others } = ownInputs;
export const inputs: Readonly<Record<InputName, Input>> = {
  mode,
  environment,
  "aws-region": region,
  ...(Object.fromEntries(requestInputList.map((input) => [input.name, ofProvision(input)])) as Readonly<
    Record<RequestInputName, Input>
  >),
  ...others,
};
export const inputNames = Object.keys(inputs) as readonly InputName[];

export const outputs = {
  label: "The label for `runs-on` of the run's jobs",
  "instance-ids": "Instance ids, as a JSON array",
  "instance-types": "Instance types in the same order, as a JSON array",
  created: "Number of instances created",
  reused: "Number of instances reused from the pool",
  "ready-ms": "Milliseconds until all instances were registered",
  "estimated-cost-per-hour":
    "Approximate total in US dollars per hour, at us-east-1's list prices, without disks and traffic. Empty if no type's price is known",
} as const;

export interface Inputs {
  readonly mode: Mode;
  readonly environment: string;
  readonly region: string;
  /** The run that the step belongs to. */
  readonly run: { readonly runId: string; readonly attempt: string; readonly repository: string };
  /** The input's text, or what stands for an empty one; "" where nothing does. */
  readonly of: (name: InputName) => string;
  /** Inputs that are given without effect, with the reason. */
  readonly notices: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** `given` is what the step's `with:` says; an empty text counts as absent. Throws BadInput. */
export function readInputs(given: (name: InputName) => string, variables: Variables): Inputs {
  const of = (name: InputName): string => {
    const { variables: others = [], otherwise = "" } = inputs[name];
    return given(name).trim() || others.map((one) => variables[one]).find(Boolean) || otherwise;
  };
  const problems: string[] = [];
  const mode = modes.find((one) => one === of("mode"));
  if (mode === undefined) problems.push(`mode is "${of("mode")}"; write "provision", "release" or "refresh"`);
  const environment = of("environment");
  if (!environmentName.test(environment))
    problems.push(`environment is "${environment}"; it is 1-20 of a-z, 0-9 and "-", beginning with a letter`);
  const region = of("aws-region");
  if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region))
    problems.push(`aws-region is "${region}"; it is an AWS region, e.g. eu-central-1`);
  if (mode === undefined || problems.length > 0) throw new BadInput(problems);
  // What the runner sets for every step (GitHub docs, "Variables reference").
  const run = {
    runId: variables["GITHUB_RUN_ID"] ?? "",
    attempt: variables["GITHUB_RUN_ATTEMPT"] || "1",
    repository: variables["GITHUB_REPOSITORY"] ?? "",
  };
  const notices = inputNames.flatMap((name) => unused(name, given(name).trim(), mode));
  return { mode, environment, region, run, of, notices };
}

/** The runner fills defaults in, so that only what differs from one has been written by a person. */
function unused(name: InputName, text: string, mode: Mode): readonly string[] {
  const { help, otherwise } = inputs[name];
  if (text === "" || text === otherwise || name === "name") return [];
  if (typeof help === "string" || help[mode] !== undefined) return [];
  return [`${name} has no effect in mode ${mode}; it is for ${Object.keys(help).join(" and ")}`];
}
