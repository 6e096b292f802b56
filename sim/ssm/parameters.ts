// What the embedded Parameter Store holds, and its rules for names, sizes and versions.
import { AwsFault } from "../http/service.ts";

export type ParameterType = "String" | "StringList" | "SecureString";

export interface Version {
  readonly number: number;
  readonly type: ParameterType;
  readonly value: string;
  readonly tier: "Standard" | "Advanced";
  readonly description: string | undefined;
  readonly keyId: string | undefined;
  readonly dataType: string;
  readonly at: number;
}

export interface Parameter {
  readonly name: string;
  /** Oldest first, at most 100. */
  readonly versions: Version[];
  readonly tags: Map<string, string>;
}

export type Parameters = Map<string, Parameter>;

export const invalid = (message: string): AwsFault => new AwsFault("ValidationException", message);
const notFound = (name: string): AwsFault => new AwsFault("ParameterNotFound", `Parameter ${name} not found.`);

/** SSM API Reference, PutParameter: allowed characters, reserved prefixes, at most 15 levels. */
export function checkName(name: string): string {
  if (!/^[a-zA-Z0-9_.\-/]+$/.test(name) || name.length > 1011)
    throw invalid(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    );
  // A user may write no public parameter: it is not a wrong name.
  if (/^\/aws(\/|$)/i.test(name))
    throw new AwsFault("AccessDeniedException", `No access to reserved parameter name: ${name}.`);
  if (/^\/?(aws|ssm)/i.test(name))
    throw invalid('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
  if (name.includes("/") && !name.startsWith("/"))
    throw invalid("Parameter name must be a fully qualified name: a path begins with a slash.");
  if (name.split("/").length - 1 > 15)
    throw new AwsFault("HierarchyLevelLimitExceededException", "A parameter path has at most fifteen levels.");
  return name;
}

/** 4 KB in the standard tier, 8 KB in the advanced one (bytes). */
export function checkSize(value: string, tier: string | undefined): Version["tier"] {
  const bytes = Buffer.byteLength(value);
  if (bytes === 0) throw invalid("Parameter value can't be empty.");
  if (bytes > 8192) throw invalid("Advanced tier parameters support a maximum parameter value of 8192 characters.");
  const advanced = tier === "Advanced" || (tier === "Intelligent-Tiering" && bytes > 4096);
  if (bytes > 4096 && !advanced)
    throw invalid(
      "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
    );
  return advanced ? "Advanced" : "Standard";
}

export const latest = (parameter: Parameter): Version => parameter.versions.at(-1) as Version;

/** Appends a version, forgetting the oldest beyond a hundred. */
export function append(parameter: Parameter, version: Omit<Version, "number">): Version {
  const next = { ...version, number: (parameter.versions.at(-1)?.number ?? 0) + 1 };
  parameter.versions.push(next);
  if (parameter.versions.length > 100) parameter.versions.shift();
  return next;
}

/** By name, ARN, or either with `:VERSION`. */
export function find(parameters: Parameters, reference: string): { parameter: Parameter; version: Version } {
  const plain = reference.replace(/^arn:aws:ssm:[^:]*:[^:]*:parameter(?=\/)/, "");
  const [path = "", selector] = plain.split(":");
  const name = parameters.has(path) ? path : path.replace(/^\//, "");
  const parameter = reference.startsWith("arn:") ? parameters.get(name) : parameters.get(path);
  if (parameter === undefined) throw notFound(reference);
  if (selector === undefined) return { parameter, version: latest(parameter) };
  const version = parameter.versions.find(({ number }) => String(number) === selector);
  if (version === undefined)
    throw new AwsFault(
      "ParameterVersionNotFound",
      `Systems Manager could not find version ${selector} of ${path}. Verify the version and try again.`,
    );
  return { parameter, version };
}
