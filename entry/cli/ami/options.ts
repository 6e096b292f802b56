// What `runpool ami` takes: each option with the steps that it is for.
import { imagesKept } from "../../../domain/image.ts";
import type { Option, ValuesOf } from "../command.ts";

export const steps = ["bake", "test", "publish", "prune", "check", "age", "propose"] as const;
type Step = (typeof steps)[number];

interface StepOption extends Option {
  readonly steps: readonly Step[];
  /** Those that cannot do without it. */
  readonly requiredBy?: readonly Step[];
}

const given = { pattern: /./, words: "it is empty" } as const;

export const stepOptions = [
  {
    name: "variant",
    value: "NAME",
    steps: ["bake"],
    requiredBy: ["bake"],
    help: "a name of ami/variants.json, e.g. ubuntu-24.04-x64",
    accepts: given,
  },
  {
    name: "image",
    value: "AMI",
    steps: ["test", "publish", "check", "age"],
    requiredBy: ["test", "publish"],
    help: "the image's id",
    accepts: { pattern: /^ami-[0-9a-f]{8,17}$/, words: "it is an AMI id, e.g. ami-0123456789abcdef0" },
  },
  {
    name: "recipe",
    value: "DIR",
    otherwise: "ami",
    steps: ["bake", "check", "propose"],
    help: "template, scripts and spec",
    accepts: given,
  },
  {
    name: "agent",
    value: "FILE",
    otherwise: "dist/agent.mjs",
    steps: ["bake"],
    help: "the agent's bundle (npm run build)",
    accepts: given,
  },
  {
    name: "downloads",
    value: "DIR",
    steps: ["bake"],
    help: "folder with files to use instead of downloads, by name",
    accepts: given,
  },
  { name: "docker-for-jobs", steps: ["bake"], help: "jobs may use docker, which makes them root" },
  {
    name: "subnet",
    value: "ID",
    steps: ["bake"],
    help: "subnet to build in (default: one of the default VPC)",
    accepts: { pattern: /^subnet-[0-9a-f]{8,17}$/, words: "it is a subnet id, e.g. subnet-0123456789abcdef0" },
  },
  {
    name: "instance-profile",
    value: "NAME",
    steps: ["bake"],
    help: "profile of the build machine, e.g. the stacks' runpool-ENVIRONMENT-image-build (default: Packer creates one)",
    accepts: given,
  },
  { name: "kms-key", value: "KEY", steps: ["bake"], help: "encryption key (default: AWS's own)", accepts: given },
  {
    name: "ssh-interface",
    value: "HOW",
    choices: ["session_manager", "public_ip", "private_ip"],
    steps: ["bake"],
    help: "how Packer reaches the build machine; session_manager needs no open port",
  },
  {
    name: "class",
    value: "NAME",
    steps: ["test", "publish"],
    help: "class to test (default: the smallest), or to publish for, if it has an image of its own (default: all without one)",
    accepts: given,
  },
  {
    name: "timeout-min",
    value: "MIN",
    steps: ["test"],
    help: "minutes it may take to register (default: the environment's limit)",
  },
  {
    name: "keep",
    value: "N",
    otherwise: String(imagesKept),
    steps: ["prune"],
    help: "how many images of each variant, and past values of each parameter, to keep",
    accepts: { pattern: /^[1-9]\d{0,2}$/, words: "it is a number from 1 to 999" },
  },
  {
    name: "phase",
    value: "WHEN",
    otherwise: "image",
    choices: ["image", "booted"],
    steps: ["check"],
    help: "what to expect: an image that is finished and has not booted, or one that has",
  },
  {
    name: "releases",
    value: "URL",
    otherwise: "https://api.github.com",
    steps: ["age"],
    help: "the API that lists the runner's releases",
    accepts: { pattern: { test: (text) => /^https?:/i.test(text) && URL.canParse(text) }, words: "it is a URL" },
  },
  { name: "dry-run", steps: ["bake", "prune"], help: "bake: only validate; prune: only report" },
  { name: "evict", steps: ["age"], help: "end the idle instances of an image whose runner is too old" },
  { name: "write", steps: ["propose"], help: "write the result to versions.json" },
] as const satisfies readonly StepOption[];

export type AmiInput = ValuesOf<(typeof stepOptions)[number]> & { readonly step: Step };

/** What is wrong with the options for this step: one that it needs is missing, or one is for other steps. */
export function problemsOfStep(input: AmiInput): readonly string[] {
  const options: readonly StepOption[] = stepOptions;
  const values: Readonly<Record<string, string | boolean | undefined>> = input;
  return options.flatMap(({ name, otherwise, steps: of, requiredBy = [] }) => {
    if (values[name] === undefined && requiredBy.includes(input.step))
      return [`--${name} is missing: ami ${input.step} requires it`];
    const set = values[name] !== otherwise && values[name] !== false;
    return set && !of.includes(input.step) ? [`unknown option "--${name}" for "ami ${input.step}"`] : [];
  });
}
