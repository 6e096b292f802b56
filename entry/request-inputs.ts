// A provision's inputs against the environment they are for: the same for the action and the command line.
import { classOf, isServed, retiredClassesOf, type Configuration } from "../domain/configuration.ts";
import type { Random } from "../cloud/ports/clock.ts";
import { parseRequest, problemOfTimeout, type RawRequest, type RequestParse } from "../domain/request.ts";

/** `parseRequest`, and that the environment serves the repository: at any other its instances could not register. */
export function requestOf(raw: RawRequest, configuration: Configuration): RequestParse {
  // What is not said is as the class says, or its environment.
  const usageClass = raw.usageClass || classOf(configuration, raw.resourceClass).usageClass;
  const parsed = parseRequest({ ...raw, usageClass }, configuration.resourceClasses, retiredClassesOf(configuration));
  const { repositories } = configuration.forge;
  const tooLong = parsed.ok ? problemOfTimeout(parsed.request, configuration.provisionMs) : undefined;
  if (tooLong !== undefined) return { ok: false, problems: [tooLong] };
  const named = /^[\w.-]+\/[\w.-]+$/.test(raw.repository);
  if (!named || isServed(configuration.forge, raw.repository)) return parsed;
  const served = repositories.length === 0 ? "none" : repositories.map((one) => `"${one}"`).join(", ");
  const rule = `this environment serves ${served}`;
  const problem = { field: "repository", given: raw.repository, rule } as const;
  return { ok: false, problems: parsed.ok ? [problem] : [...parsed.problems, problem] };
}

export const labelChoices = ["run-id", "secret"] as const;

/**
 * The label for the input `label`: "" (the run id), or a secret of 160 bits that other jobs cannot guess. Undefined if the input is
 * neither.
 */
export function labelOfInput(input: string, random: Pick<Random, "id">): string | undefined {
  if (input === "run-id") return "";
  return input === "secret" ? `runpool-${random.id()}${random.id()}` : undefined;
}

/** Defaults of a request. */
export const requestDefaults = {
  attempt: "1",
  name: "provision",
  instanceCount: "1",
  resourceClass: "large",
  architecture: "x64",
  usageClass: "",
  allowedInstanceTypes: "",
  labels: "",
  fallback: "false",
  label: "run-id",
} as const satisfies Partial<RawRequest>;
