// `runpool ami <step>`: images are baked, tested, published and pruned; what a machine's image lacks is told.
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
  publish: { needs: ["image"], takes: [] },
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
    ...missing.map((one) => `--${one} is missing: ami ${input.step} needs it`),
    ...strange.map((one) => `--${one} is nothing that ami ${input.step} takes`),
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
  summary: "bake, test, publish and prune images; check one of your own",
  details:
    "bake builds an image with Packer (a checkout of runpool is needed); test boots one instance of it, which must register; " +
    "publish makes it the environment's, and never one that failed its test; prune deletes old ones that nothing uses. " +
    "check tells what an image lacks: of this machine, or with --image of an AMI as EC2 describes it. " +
    "age tells how far the runner in it is behind, and propose what has been released since.",
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
    { name: "downloads", value: "DIR", help: "bake: files taken instead of downloads, by their names" },
    { name: "docker-for-jobs", help: "bake: jobs may use docker, which makes them root" },
    { name: "subnet", value: "ID", help: "bake: where to build; else a subnet of the default VPC" },
    {
      name: "instance-profile",
      value: "NAME",
      help: "bake: of the build machine, e.g. runpool-ENVIRONMENT-image-build of the stacks; else Packer makes one",
    },
    { name: "kms-key", value: "KEY", help: "bake: encrypts with this key; else with AWS's own" },
    { name: "ssh-interface", value: "HOW", help: "bake: session_manager (no open port), public_ip, private_ip" },
    { name: "class", value: "NAME", help: "test: the resource class; else the smallest" },
    {
      name: "timeout-min",
      value: "MIN",
      help: "test: how long it may take to register; without it as the environment says",
    },
    {
      name: "keep",
      value: "N",
      otherwise: defaults.keep,
      help: "prune: newest images of each variant, and last values of each parameter",
    },
    { name: "phase", value: "WHEN", otherwise: defaults.phase, help: "check: image (finished, not booted) or booted" },
    {
      name: "releases",
      value: "URL",
      otherwise: defaults.releases,
      help: "age: the API that lists the runner's releases",
    },
    { name: "dry-run", help: "prune: only tell; bake: only validate" },
    { name: "evict", help: "age: end the idle instances of an image whose runner is too old" },
    { name: "write", help: "propose: write it into versions.json" },
  ],
  examples: [
    "runpool ami bake -e dev --variant ubuntu-24.04-x64 --json",
    "runpool ami test -e dev --image ami-0123456789abcdef0",
    "runpool ami publish -e dev --image ami-0123456789abcdef0",
    "runpool ami prune -e dev --keep 3 --dry-run",
    "sudo runpool ami check",
  ],
  schema: z.object({ step: z.enum(steps), ...defaultless }),
  run: async (input, ground, { values }) => {
    checkOptions(input, values, defaults);
    // Loaded late, like all that touches AWS.
    const { runStep } = await import("./ami/steps.ts");
    return runStep(input, ground);
  },
});
