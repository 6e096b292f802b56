// `runpool ami <step>`: bake, test, publish, prune and check images.
import * as z from "zod/mini";
import { imagesKept } from "../../domain/image.ts";
import type { AmiInput } from "./ami/steps.ts";
import { BadInput } from "../words/bad-input.ts";
import { command } from "./command.ts";

const name = "ami";
const steps = ["bake", "test", "publish", "prune", "check", "age", "propose"] as const;

/** What a step cannot do without, and what else it takes; an option of another step is a mistake. */
const taken: Readonly<
  Record<(typeof steps)[number], { readonly needs: readonly string[]; readonly takes: readonly string[] }>
> = {
  bake: {
    needs: ["variant"],
    takes: [
      "recipe",
      "agent",
      "downloads",
      "docker-for-jobs",
      "subnet",
      "kms-key",
      "instance-profile",
      "ssh-interface",
      "dry-run",
    ],
  },
  test: { needs: ["image"], takes: ["class", "timeout-min"] },
  publish: { needs: ["image"], takes: ["class"] },
  prune: { needs: [], takes: ["keep", "dry-run"] },
  check: { needs: [], takes: ["image", "phase", "recipe"] },
  age: { needs: [], takes: ["image", "evict", "releases"] },
  propose: { needs: [], takes: ["recipe", "write"] },
};

function checkOptions(
  input: AmiInput,
  given: Readonly<Record<string, string | boolean>>,
  defaults: Readonly<Record<string, string>>,
): void {
  const { needs, takes } = taken[input.step];
  const all = [...needs, ...takes];
  const missing = needs.filter((one) => given[one] === undefined);
  const strange = Object.keys(defaultless).filter(
    (one) => given[one] !== undefined && given[one] !== false && given[one] !== defaults[one] && !all.includes(one),
  );
  const problems = [
    ...missing.map((one) => `--${one} is missing: ami ${input.step} requires it`),
    ...strange.map((one) => `unknown option "--${one}" for "ami ${input.step}"`),
  ];
  if (problems.length > 0) throw new BadInput(problems, name);
}

const text = z.string().check(z.minLength(1, "it is empty"));
const defaultless = {
  variant: z.optional(text),
  image: z.optional(z.string().check(z.regex(/^ami-[0-9a-f]{8,17}$/, "it is an AMI id, e.g. ami-0123456789abcdef0"))),
  recipe: text,
  agent: text,
  downloads: z.optional(text),
  "docker-for-jobs": z._default(z.boolean(), false),
  subnet: z.optional(
    z.string().check(z.regex(/^subnet-[0-9a-f]{8,17}$/, "it is a subnet id, e.g. subnet-0123456789abcdef0")),
  ),
  "kms-key": z.optional(text),
  "instance-profile": z.optional(text),
  "ssh-interface": z.optional(
    z.enum(["session_manager", "public_ip", "private_ip"], "it is session_manager, public_ip or private_ip"),
  ),
  class: z.optional(text),
  "timeout-min": z.optional(z.string()),
  keep: z.pipe(z.string().check(z.regex(/^[1-9]\d{0,2}$/, "it is a number from 1 to 999")), z.transform(Number)),
  phase: z.enum(["image", "booted"], "it is image or booted"),
  releases: z.url({ protocol: /^https?$/, error: "it is a URL" }),
  "dry-run": z._default(z.boolean(), false),
  evict: z._default(z.boolean(), false),
  write: z._default(z.boolean(), false),
};
const defaults = {
  recipe: "ami",
  agent: "dist/agent.mjs",
  keep: String(imagesKept),
  phase: "image",
  releases: "https://api.github.com",
};

export const amiCommand = command({
  name,
  summary: "bake, test, publish, prune and check images",
  details:
    "bake builds an image with Packer (needs a checkout of runpool). test boots one instance of it, which must register. " +
    "publish makes a tested image the environment's. prune deletes old images that nothing uses. " +
    "check lists what an image lacks: this machine's, or with --image an AMI as EC2 describes it. " +
    "age shows how old its runner is, and propose what has been released since.",
  operand: { name: "step", help: steps.join(", "), required: true, choices: steps },
  options: [
    { name: "variant", value: "NAME", help: "bake: a name of ami/variants.json, e.g. ubuntu-24.04-x64" },
    { name: "image", value: "AMI", help: "test, publish, check, age: the image's id" },
    {
      name: "recipe",
      value: "DIR",
      otherwise: defaults.recipe,
      help: "bake, check, propose: template, scripts and spec",
    },
    { name: "agent", value: "FILE", otherwise: defaults.agent, help: "bake: the agent's bundle (npm run build)" },
    { name: "downloads", value: "DIR", help: "bake: folder with files to use instead of downloads, by name" },
    { name: "docker-for-jobs", help: "bake: jobs may use docker, which makes them root" },
    { name: "subnet", value: "ID", help: "bake: subnet to build in (default: one of the default VPC)" },
    {
      name: "instance-profile",
      value: "NAME",
      help: "bake: profile of the build machine, e.g. the stacks' runpool-ENVIRONMENT-image-build (default: Packer creates one)",
    },
    { name: "kms-key", value: "KEY", help: "bake: encryption key (default: AWS's own)" },
    { name: "ssh-interface", value: "HOW", help: "bake: session_manager (no open port), public_ip, private_ip" },
    {
      name: "class",
      value: "NAME",
      help: "test: resource class (default: the smallest); publish: a class with an image of its own (default: the image of all others)",
    },
    {
      name: "timeout-min",
      value: "MIN",
      help: "test: minutes it may take to register (default: the environment's limit)",
    },
    {
      name: "keep",
      value: "N",
      otherwise: defaults.keep,
      help: "prune: how many images of each variant, and past values of each parameter, to keep",
    },
    { name: "phase", value: "WHEN", otherwise: defaults.phase, help: "check: image (finished, not booted) or booted" },
    {
      name: "releases",
      value: "URL",
      otherwise: defaults.releases,
      help: "age: the API that lists the runner's releases",
    },
    { name: "dry-run", help: "prune: only report; bake: only validate" },
    { name: "evict", help: "age: end the idle instances of an image whose runner is too old" },
    { name: "write", help: "propose: write the result to versions.json" },
  ],
  examples: [
    "runpool ami bake -e dev --variant ubuntu-24.04-x64 --json",
    "runpool ami test -e dev --image ami-0123456789abcdef0",
    "runpool ami publish -e dev --image ami-0123456789abcdef0",
    "runpool ami prune -e dev --keep 3 --dry-run",
    "sudo runpool ami check",
  ],
  schema: z.object({ step: z.enum(steps), ...defaultless }),
  run: async (input, context, { values }) => {
    checkOptions(input, values, defaults);
    // Loaded late, like all that touches AWS.
    const { runStep } = await import("./ami/steps.ts");
    return runStep(input, context);
  },
});
