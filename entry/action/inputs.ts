// The action's inputs: their names, defaults and modes (action.yml says the same; a test compares), and reading them.
import { environmentName } from "../../domain/names.ts";
import { requestDefaults } from "../request-inputs.ts";
import { BadInput } from "../words/bad-input.ts";

export type Mode = "provision" | "release" | "refresh";
const modes: readonly string[] = ["provision", "release", "refresh"] satisfies readonly Mode[];

interface Input {
  /** The modes that use it; all modes if absent. */
  readonly modes?: readonly Mode[];
  /** What "" means, where that is a value. */
  readonly otherwise?: string;
}

const provision = ["provision"] as const;
const refresh = ["refresh"] as const;

export const inputs = {
  mode: {},
  environment: { otherwise: "prod" },
  "aws-region": {},
  name: { modes: provision },
  "instance-count": { modes: provision, otherwise: requestDefaults.instanceCount },
  "min-count": { modes: provision },
  "resource-class": { modes: provision, otherwise: requestDefaults.resourceClass },
  architecture: { modes: provision, otherwise: requestDefaults.architecture },
  "usage-class": { modes: provision },
  fallback: { modes: provision, otherwise: requestDefaults.fallback },
  "allowed-instance-types": { modes: provision, otherwise: "c* m* r*" },
  labels: { modes: provision },
  label: { modes: provision, otherwise: requestDefaults.label },
  "timeout-min": { modes: provision },
  "max-runtime-min": { modes: ["provision", "refresh"] },
  "run-id": { modes: ["release"] },
  "github-token": { modes: ["release", "refresh"] },
  ami: { modes: refresh },
  "idle-time-sec": { modes: refresh },
  "pre-runner-script": { modes: refresh },
  "resource-class-config": { modes: refresh },
  "idle-floor": { modes: refresh },
  "dry-run": { modes: refresh, otherwise: "false" },
  "iam-instance-profile": { modes: refresh },
  "security-group-ids": { modes: refresh },
  "subnet-ids": { modes: refresh },
} as const satisfies Readonly<Record<string, Input>>;

export type InputName = keyof typeof inputs;
export const inputNames = Object.keys(inputs) as readonly InputName[];
export const inputOf = (name: InputName): Input => inputs[name];

/** Variables that the runner sets for every step (GitHub docs, "Variables reference"). */
export interface Surroundings {
  readonly runId: string;
  readonly attempt: string;
  readonly repository: string;
  readonly job: string;
}

export interface Inputs {
  readonly mode: Mode;
  readonly environment: string;
  readonly region: string;
  readonly around: Surroundings;
  /** The input's text, or its default; "" where it has none. */
  readonly of: (name: InputName) => string;
  /** Inputs that are given without effect, with the reason. */
  readonly notices: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** `given` is what the step's `with:` says; an empty text is as good as none. Throws BadInput. */
export function readInputs(given: (name: InputName) => string, variables: Variables): Inputs {
  const of = (name: InputName): string => given(name).trim() || (inputOf(name).otherwise ?? "");
  const problems: string[] = [];
  const mode = of("mode");
  if (!modes.includes(mode)) problems.push(`mode is "${mode}"; write "provision", "release" or "refresh"`);
  const environment = given("environment").trim() || variables["RUNPOOL_ENVIRONMENT"] || inputs.environment.otherwise;
  if (!environmentName.test(environment))
    problems.push(`environment is "${environment}"; it is 1-20 of a-z, 0-9 and "-", beginning with a letter`);
  // configure-aws-credentials exports AWS_REGION.
  const region = of("aws-region") || variables["AWS_REGION"] || variables["AWS_DEFAULT_REGION"] || "us-east-1";
  if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region))
    problems.push(`aws-region is "${region}"; it is an AWS region, e.g. eu-central-1`);
  if (problems.length > 0) throw new BadInput(problems);
  const around = {
    runId: variables["GITHUB_RUN_ID"] ?? "",
    attempt: variables["GITHUB_RUN_ATTEMPT"] || requestDefaults.attempt,
    repository: variables["GITHUB_REPOSITORY"] ?? "",
    job: variables["GITHUB_JOB"] || requestDefaults.name,
  };
  const notices = inputNames.flatMap((name) => unused(name, given(name).trim(), mode as Mode));
  return { mode: mode as Mode, environment, region, around, of, notices };
}

/** The runner fills defaults in, so that only what differs from one has been written by a person. */
function unused(name: InputName, text: string, mode: Mode): readonly string[] {
  const { modes: useful, otherwise } = inputOf(name);
  if (text === "" || text === otherwise || name === "name") return [];
  if (useful === undefined || useful.includes(mode)) return [];
  return [`${name} has no effect in mode ${mode}; it is for ${useful.join(" and ")}`];
}
