// Files of schema 1, before machine classes: they are refused, and what they say is printed as schema 2, ready to paste.
import { formatDuration } from "../../domain/duration.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";

/** What became of the fields that schema 2 has not, or not there. */
const places: Readonly<Record<string, string>> = {
  awsPartition: "take it out; it follows from region",
  resourceClasses: "write classes",
  architectures: "write defaults.architectures",
  operatingSystem: "write defaults.operatingSystem",
  images: "write defaults.image",
  install: "write defaults.install",
  disk: "write defaults.disk, and for sizeGiBByClass disk.sizeGiB of the class",
  dockerForJobs: "write defaults.docker",
  preRunnerScript: "write defaults.preRunner.script",
  preRunnerUser: "write defaults.preRunner.user",
  spotMaxPrices: "write spotMaxPrice of the class",
  runnerVersion: "take it out; the runner is the image's",
  furtherRuns: "take it out; name the run's label in runs-on, or set anyRunsJobs",
  "forge.kind": "take it out",
  "limits.idleMs": 'write limits.idle with a unit, e.g. "7m"',
  "limits.maxRuntimeMs": 'write defaults.maxRuntime with a unit, e.g. "30m"',
  "limits.bootMs": 'write limits.boot with a unit, e.g. "10m"',
  "limits.provisionMs": 'write limits.provision with a unit, e.g. "12m"',
  "limits.maxAgeMs": 'write limits.maxAge with a unit, e.g. "24h"',
  "limits.maxUses": "write defaults.maxUses",
};

export const placeInSchema2 = (path: string): string | undefined =>
  Object.hasOwn(places, path) ? places[path] : undefined;

type Branch = Readonly<Record<string, unknown>>;
const isBranch = (value: unknown): value is Branch =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const branch = (value: unknown): Branch => (isBranch(value) ? value : {});

/** Whether a file is of schema 1: it says so, or says nothing and has fields that only that had. */
export function isSchema1(file: unknown): file is Branch {
  if (!isBranch(file) || (file["schema"] !== undefined && file["schema"] !== 1)) return false;
  const names = [...Object.keys(file), ...Object.keys(branch(file["limits"])).map((name) => `limits.${name}`)];
  return file["schema"] === 1 || names.some((name) => placeInSchema2(name) !== undefined);
}

/** Without what is undefined, or an object with nothing in it. */
const given = (values: Branch): Branch =>
  Object.fromEntries(
    Object.entries(values).filter(
      ([, value]) => value !== undefined && !(isBranch(value) && Object.keys(value).length === 0),
    ),
  );
const without = (values: Branch, ...names: readonly string[]): Branch =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));

/** Milliseconds with their unit; what is not a number stays as it is, to be refused by its path. */
const lasting = (ms: unknown): unknown => (typeof ms === "number" && ms >= 1000 ? formatDuration(ms) : ms);

/** What a file of schema 1 says, as schema 2. What has no place there is left out. */
export function translated(file: Branch): Branch {
  const { name, account, region, network, disk, resourceClasses, spotMaxPrices, ...rest } = file;
  const { sizeGiBByClass, ...sizes } = branch(disk);
  const { idleMs, maxRuntimeMs, bootMs, provisionMs, maxAgeMs, maxUses, ...counts } = branch(rest["limits"]);
  const ofClass = (one: string): Branch =>
    given({
      disk: given({ sizeGiB: branch(sizeGiBByClass)[one] }),
      spotMaxPrice: branch(spotMaxPrices)[one],
    });
  const own = [...Object.keys(branch(sizeGiBByClass)), ...Object.keys(branch(spotMaxPrices))];
  // The built-in classes have to be named all, where something is said of one.
  const named = isBranch(resourceClasses)
    ? resourceClasses
    : own.length > 0
      ? Object.fromEntries(Object.keys(defaultResourceClasses).map((one) => [one, {}]))
      : undefined;
  return {
    schema: 2,
    ...given({ name, account, region, network, forge: without(branch(rest["forge"]), "kind") }),
    defaults: given({
      operatingSystem: rest["operatingSystem"],
      architectures: rest["architectures"],
      image: rest["images"],
      install: rest["install"],
      disk: sizes,
      docker: rest["dockerForJobs"],
      preRunner: given({ script: rest["preRunnerScript"], user: rest["preRunnerUser"] }),
      maxUses,
      maxRuntime: lasting(maxRuntimeMs),
    }),
    ...(named === undefined
      ? {}
      : {
          classes: Object.fromEntries(
            Object.entries(named).map(([one, size]) => [one, isBranch(size) ? { ...size, ...ofClass(one) } : size]),
          ),
        }),
    ...given({
      limits: given({
        idle: lasting(idleMs),
        boot: lasting(bootMs),
        provision: lasting(provisionMs),
        maxAge: lasting(maxAgeMs),
        ...counts,
      }),
    }),
    ...without(rest, "schema", "forge", "limits", ...Object.keys(places)),
  };
}

/** A value as TypeScript has it: names without quotes where they need none. */
function literal(value: unknown, indent = ""): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== "object")) return `[${value.map((one) => literal(one)).join(", ")}]`;
    return `[\n${value.map((one) => `${inner}${literal(one, inner)},\n`).join("")}${indent}]`;
  }
  if (!isBranch(value)) return JSON.stringify(value) ?? "undefined";
  const fields = Object.entries(value).map(
    ([name, one]) => `${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}: ${literal(one, inner)}`,
  );
  const line = `{ ${fields.join(", ")} }`;
  if (fields.length === 0) return "{}";
  return indent !== "" && line.length < 90 && !line.includes("\n")
    ? line
    : `{\n${fields.map((field) => `${inner}${field},\n`).join("")}${indent}}`;
}

export const asTypeScript = (file: Branch): string =>
  `import type { EnvironmentFile } from "../stacks/environment/environment.ts";\n\nexport default ${literal(file)} satisfies EnvironmentFile;\n`;
