// Rules for tags: what EC2, its instance metadata and IAM all accept.
import type { Environment, Problem } from "./environment.ts";

/** Fifty a resource, of which eight are ours. */
const most = 42;
/** IAM API Reference, Tag: letters, digits and blanks of any script, and these. */
const value = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
/** EC2 User Guide, "Work with instance tags in instance metadata": with any other key the launch fails. IAM takes no comma. */
const key = /^[A-Za-z0-9+\-=._:@]{1,128}$/;

export function problemsOfTags({ tags }: Pick<Environment, "tags">): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const [name, held] of Object.entries(tags)) {
    const path = `tags.${name}`;
    if (/^(aws|runpool):/i.test(name)) problems.push([path, 'keys beginning with "aws:" or "runpool:" are reserved']);
    if (!key.test(name) || [".", "..", "_index"].includes(name))
      problems.push([
        path,
        "must be 1-128 letters, digits and + - = . _ : @ (instance metadata and IAM take no space, comma or slash)",
      ]);
    const before = seen.get(name.toLowerCase());
    if (before !== undefined) problems.push([path, `differs from "${before}" only in case, which IAM ignores`]);
    seen.set(name.toLowerCase(), name);
    if (held.length > 256) problems.push([path, `has a value of ${held.length} characters; the maximum is 256`]);
    if (!value.test(held))
      problems.push([path, "has a value that IAM refuses: only letters, digits, spaces and _ . : / = + - @"]);
  }
  if (Object.keys(tags).length > most)
    problems.push(["tags", `has more than ${most} entries: AWS allows 50, and runpool sets 8`]);
  return problems;
}
