// An environment's file from what the old refresh was told: typed, with FILL IN where no workflow says it.
import { classes, duration, runnerVersion, type Parsed } from "../../action/overlay-inputs.ts";
import { limits } from "../../../domain/limits.ts";
import { problemsOfClasses } from "../../../domain/resource-class.ts";
import type { Written } from "./old-steps.ts";

export interface EnvironmentWish {
  readonly name: string;
  /** Where the values were read, for its first line. */
  readonly sources: readonly string[];
  readonly repository: string | undefined;
  readonly region: Written | undefined;
  /** The inputs of refresh. */
  readonly inputs: ReadonlyMap<string, Written>;
}

export interface EnvironmentText {
  readonly text: string;
  /** Inputs whose value could not be taken over, each with its line. */
  readonly problems: readonly { readonly input: Written; readonly problem: string }[];
}

const quoted = (text: string): string => JSON.stringify(text);
const fill = (what: string): string => quoted(`FILL IN: ${what}`);
const words = (text: string): readonly string[] => text.split(/[\s,]+/).filter((word) => word !== "");

/** As a template literal, so that its lines stay lines. */
function script(text: string): string {
  const escaped = text.replaceAll("\r", "").replaceAll(/[\\`]|\$\{/g, String.raw`\$&`);
  return `\`${escaped.endsWith("\n") ? escaped : `${escaped}\n`}\``;
}

export function environmentText({ name, sources, repository, region, inputs }: EnvironmentWish): EnvironmentText {
  const problems: { input: Written; problem: string }[] = [];
  /** The value as the file writes it; undefined where the input is absent, and said where it cannot be taken over. */
  const taken = <Value>(input: string, parse: (text: string) => Parsed<Value>): Value | undefined => {
    const given = inputs.get(input);
    if (given === undefined || given.text.trim() === "") return undefined;
    const parsed = given.expression
      ? { problem: `is ${given.text.trim()}, which no file says` }
      : parse(given.text.trim());
    if ("value" in parsed) return parsed.value;
    problems.push({ input: given, problem: `${input} ${parsed.problem}` });
    return undefined;
  };
  const all = (input: string, pattern: RegExp): readonly string[] =>
    taken(input, (text) => {
      const odd = words(text).find((word) => !pattern.test(word));
      return odd === undefined ? { value: words(text) } : { problem: `names "${odd}", which is none of AWS's ids` };
    }) ?? [];
  const subnets = all("subnet-ids", /^subnet-[0-9a-f]{8,17}$/);
  const [image] = all("ami", /^ami-[0-9a-f]{8,17}$/);
  const idleMs = taken("idle-time-sec", duration(1000, "seconds", limits.longestIdleMs));
  const maxRuntimeMs = taken("max-runtime-min", duration(60_000, "minutes", limits.longestRuntimeMs));
  const resourceClasses = taken("resource-class-config", (text) => {
    const parsed = classes(text);
    const wrong = "value" in parsed ? problemsOfClasses(parsed.value)[0] : undefined;
    return wrong === undefined ? parsed : { problem: `cannot be taken over: ${wrong}` };
  });
  const preRunner = taken("pre-runner-script", (text) => ({ value: text }));
  const version = taken("actions-runner-version", runnerVersion);
  const where =
    region === undefined || region.expression ? fill("the region, e.g. eu-central-1") : quoted(region.text.trim());
  if (region?.expression === true)
    problems.push({ input: region, problem: `aws-region is ${region.text}, which no file says` });
  const limitParts = [
    ...(idleMs === undefined ? [] : [`idleMs: ${digits(idleMs)}`]),
    ...(maxRuntimeMs === undefined ? [] : [`maxRuntimeMs: ${digits(maxRuntimeMs)}`]),
  ];
  const lines = [
    `// The environment ${quoted(name)}, from what ${sources.join(" and ")} said. Fill in what says FILL IN; npm run synth checks it.`,
    'import type { EnvironmentFile } from "../stacks/environment.ts";',
    "",
    "export default {",
    `  name: ${quoted(name)},`,
    `  account: ${fill("the account's twelve digits")},`,
    `  region: ${where},`,
    ...networkLines(subnets),
    `  forge: { repositories: [${repository === undefined ? fill("OWNER/REPOSITORY of every workflow that provisions") : quoted(repository)}] },`,
    ...(resourceClasses === undefined ? [] : classLines(resourceClasses)),
    "  // As the image is: x64 or arm64, here and in images.",
    '  architectures: ["x64"],',
    `  operatingSystem: ${fill("amazon-linux-2023, ubuntu-22.04 or ubuntu-24.04")},`,
    "  // The image must hold the agent and the runner: bake one (runpool ami bake), or add install for a stock one.",
    `  images: { x64: { id: ${image === undefined ? fill("the AMI's id") : quoted(image)} } },`,
    ...(limitParts.length === 0 ? [] : [`  limits: { ${limitParts.join(", ")} },`]),
    ...(preRunner === undefined ? [] : [`  preRunnerScript: ${script(withShell(preRunner))},`]),
    ...(version === undefined ? [] : [`  runnerVersion: ${quoted(version)},`]),
    "} satisfies EnvironmentFile;",
  ];
  return { text: `${lines.join("\n")}\n`, problems };
}

/** The old system pasted it into a bash script of its own; runpool runs it as a program. */
const withShell = (text: string): string => (text.startsWith("#!") ? text : `#!/bin/bash\n${text}`);

const digits = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+$)/g, "_");

function networkLines(subnets: readonly string[]): readonly string[] {
  const rest = `zone: ${fill("its availability zone")}, vpc: ${fill("its VPC's id")}`;
  const known = subnets.length === 0 ? [fill("a subnet's id")] : subnets.map(quoted);
  return [
    "  network: {",
    '    kind: "existing",',
    "    // One subnet an availability zone: EC2 refuses a fleet with two of one. What they are:",
    `    // aws ec2 describe-subnets --query 'Subnets[].[SubnetId,AvailabilityZone,VpcId]' --output text${subnets.length === 0 ? "" : " \\"}`,
    ...(subnets.length === 0 ? [] : [`    //   --subnet-ids ${subnets.join(" ")}`]),
    "    subnets: [",
    ...known.map((id) => `      { id: ${id}, ${rest} },`),
    "    ],",
    "  },",
  ];
}

const classLines = (
  table: Readonly<Record<string, { readonly cpu: number; readonly mmem: number }>>,
): readonly string[] => [
  "  resourceClasses: {",
  ...Object.entries(table).map(
    ([name, { cpu, mmem }]) => `    ${/^[a-z]\w*$/.test(name) ? name : quoted(name)}: { cpu: ${cpu}, mmem: ${mmem} },`,
  ),
  "  },",
];
