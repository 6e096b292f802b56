// Refresh's inputs as changes of the environment's overlay; what only a deployment changes is compared with what is deployed.
import type { LoadedSettings } from "../../cloud/ports/settings.ts";
import { merge, problemsOf, type Configuration, type Operational, type Overlay } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { instanceRoleName } from "../../domain/names.ts";
import { architectures, type Architecture } from "../../domain/record.ts";
import type { ResourceClasses } from "../../domain/resource-class.ts";
import type { InputName } from "./inputs.ts";

type Read = (name: InputName) => string;

export interface OverlayInputs {
  readonly overlay: Overlay;
  /** Names of the overlay that are set or taken out. */
  readonly changed: readonly string[];
  /** Inputs that cannot be obeyed; then nothing is to be written. */
  readonly problems: readonly string[];
  /** Inputs that say something else than what is deployed, each with the field of the environment's file. */
  readonly differences: readonly string[];
}

/** Instead of a value: the overlay's value is taken out, and what was deployed counts again. */
const backToDeployed = "default";

type Parsed<Value> = { readonly value: Value } | { readonly problem: string };
const wrong = (problem: string): { readonly problem: string } => ({ problem });

const duration =
  (unitMs: number, unit: string, longestMs: number) =>
  (text: string): Parsed<number> => {
    const longest = longestMs / unitMs;
    const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (count >= 1 && count <= longest) return { value: count * unitMs };
    return wrong(`is "${text}"; it is a whole number of ${unit} from 1 to ${longest}`);
  };

function classes(text: string): Parsed<ResourceClasses> {
  const shape = 'write JSON, e.g. {"large": {"cpu": 2, "mmem": 4096}}';
  try {
    const found = JSON.parse(text) as Record<string, { cpu?: unknown; mmem?: unknown } | null>;
    const entries = Object.entries(found).map(([name, one]) => [
      name,
      { cpu: Number(one?.cpu), mmem: Number(one?.mmem) },
    ]);
    return { value: Object.fromEntries(entries) as ResourceClasses };
  } catch {
    return wrong(`is not valid JSON; ${shape}`);
  }
}

/** `a=1 b=2`, by blanks, commas or lines; or the same as a JSON object. */
function pairs(text: string): readonly (readonly [string, string])[] | undefined {
  if (text.startsWith("{"))
    try {
      return Object.entries(JSON.parse(text) as object).map(([name, value]) => [name, String(value)] as const);
    } catch {
      return undefined;
    }
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const split = words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)] as const);
  return words.every((word) => word.includes("=")) ? split : undefined;
}

function floors(text: string): Parsed<Record<string, number>> {
  const shape = 'write CLASS/ARCHITECTURE=COUNT, e.g. "large/x64=2 xlarge/arm64/on-demand=1"';
  const found = pairs(text);
  const fits = found?.every(
    ([pool, count]) => /^[a-z0-9-]+\/(x64|arm64)(\/(spot|on-demand))?$/.test(pool) && /^\d{1,4}$/.test(count),
  );
  if (found === undefined || fits !== true) return wrong(`is "${text}"; ${shape}`);
  return { value: Object.fromEntries(found.map(([pool, count]) => [pool, Number(count)])) };
}

const images =
  (deployed: readonly Architecture[]) =>
  (text: string): Parsed<Operational["images"]> => {
    const id = /^ami-[0-9a-f]{8,17}$/;
    const [only] = deployed;
    if (id.test(text) && deployed.length === 1 && only !== undefined) return { value: { [only]: text } };
    const found = pairs(text);
    const fits = found?.every(([name, ami]) => deployed.some((one) => one === name) && id.test(ami));
    if (found !== undefined && fits === true) return { value: Object.fromEntries(found) };
    return wrong(`is "${text}"; write ${deployed.map((one) => `${one}=ami-…`).join(" ")}`);
  };

const architecturesOf = ({ imageParameters }: Configuration): readonly Architecture[] =>
  architectures.filter((one) => imageParameters[one] !== undefined);

export function readOverlayInputs(
  of: Read,
  { configuration, defaults, overlay, overlayProblems }: LoadedSettings,
): OverlayInputs {
  const next: Record<string, unknown> = { ...overlay };
  const problems: string[] = [];
  const given: string[] = [];
  const lay = <Value>(input: InputName, name: keyof Operational, parse: (text: string) => Parsed<Value>): void => {
    const text = of(input);
    if (text === "") return;
    given.push(name);
    if (text === backToDeployed) {
      delete next[name];
      return;
    }
    const parsed = parse(text);
    if ("problem" in parsed) problems.push(`${input} ${parsed.problem}`);
    else next[name] = parsed.value;
  };
  lay("ami", "images", images(architecturesOf(configuration)));
  lay("idle-time-sec", "idleMs", duration(1000, "seconds", limits.longestIdleMs));
  lay("max-runtime-min", "maxRuntimeMs", duration(60_000, "minutes", limits.longestRuntimeMs));
  lay("pre-runner-script", "preRunnerScript", (text) => ({ value: text }));
  lay("resource-class-config", "resourceClasses", classes);
  lay("idle-floor", "idleFloors", floors);
  const wanted = next as Overlay;
  const differs = [...new Set([...Object.keys(overlay), ...Object.keys(next)])].filter(
    (name) => JSON.stringify(overlay[name as keyof Overlay]) !== JSON.stringify(next[name]),
  );
  // In the place of an unusable one stands what is given alone.
  const changed = overlayProblems === undefined ? differs : given;
  // The whole must still be a configuration: an overlay that breaks it would stop every provision.
  if (problems.length === 0)
    for (const { words: problem } of problemsOf(merge(defaults, wanted)))
      problems.push(`${problem} (classes or limits of ${fileOf(configuration)})`);
  return { overlay: wanted, changed, problems, differences: differencesOf(of, configuration) };
}

const fileOf = ({ environment }: Configuration): string => `the file of environment "${environment}"`;

const words = (text: string): readonly string[] => text.split(/[\s,]+/).filter((word) => word !== "");

const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.toSorted().join() === other.toSorted().join();

function differencesOf(of: Read, configuration: Configuration): readonly string[] {
  const { environment, subnets, securityGroups = [] } = configuration;
  const file = fileOf(configuration);
  const differences: string[] = [];
  const given = words(of("subnet-ids"));
  const deployed = subnets.map(({ id }) => id);
  if (given.length > 0 && !sameSet(given, deployed))
    differences.push(
      `subnet-ids is ${given.join(" ")}, deployed are ${deployed.join(" ")}: set network (kind "existing", subnets) in ${file} and deploy`,
    );
  const groups = words(of("security-group-ids"));
  if (groups.length > 0 && !sameSet(groups, securityGroups))
    differences.push(
      `security-group-ids is ${groups.join(" ")}, deployed is ${securityGroups.join(" ") || `runpool-${environment}-instances`}, which the stack makes for the VPC of network in ${file}: everything out, nothing in; leave the input out`,
    );
  const profile = of("iam-instance-profile").replace(/^arn:.*:instance-profile\//, "");
  // Each partition has a profile of its own, whose name begins so.
  if (profile !== "" && !profile.startsWith(instanceRoleName(environment)))
    differences.push(
      `iam-instance-profile is ${profile}, deployed is ${instanceRoleName(environment)}, which the stack makes for name in ${file} and which jobs cannot use: give them a role by OpenID Connect, and leave the input out`,
    );
  return differences;
}
