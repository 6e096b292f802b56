// `allowed-instance-types`: names and wildcards as EC2 takes them (`c* m5.* r6i.large`).

/** What EC2 takes (CreateFleet, "AllowedInstanceTypes"): at most 30 of these. */
const one = /^[a-z0-9.*-]{1,30}$/;
/** What can match at all: FAMILY.SIZE, either with wildcards, or a wildcard that spans both. */
const meaningful = /^(?:[a-z0-9*][a-z0-9*-]*\.[a-z0-9*][a-z0-9*-]*|[a-z0-9*-]*\*[a-z0-9*-]*)$/;

export type TypesParse =
  | { readonly ok: true; readonly patterns: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** Splits on blanks and commas. An empty text allows every type. */
export function parseAllowedTypes(text: string): TypesParse {
  const patterns = text.split(/[\s,]+/).filter((part) => part !== "");
  for (const pattern of patterns) {
    if (!one.test(pattern))
      return { ok: false, problem: `"${pattern}" is no instance type or wildcard; write e.g. "c* m5.* r6i.large"` };
    if (pattern.split(".").length > 2)
      return { ok: false, problem: `"${pattern}" has two dots; a type is FAMILY.SIZE, e.g. "m5.*"` };
    if (!meaningful.test(pattern))
      return { ok: false, problem: `"${pattern}" matches no type; a type is FAMILY.SIZE: write e.g. "m5.*" or "m5*"` };
  }
  if (patterns.length > 400) return { ok: false, problem: `${patterns.length} patterns; EC2 takes at most 400` };
  return { ok: true, patterns };
}

const asExpression = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll(/[.-]/g, String.raw`\$&`).replaceAll("*", ".*")}$`);

/** Whether a type is allowed; no pattern at all allows every type. */
export function allowsType(patterns: readonly string[], instanceType: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => asExpression(pattern).test(instanceType));
}
