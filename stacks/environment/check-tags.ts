// The rules of tags: what EC2, its instance metadata and IAM all take.
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
    if (/^(aws|runpool):/i.test(name))
      problems.push([path, 'keys that begin with "aws:" or "runpool:" are not yours to set']);
    if (!key.test(name) || [".", "..", "_index"].includes(name))
      problems.push([
        path,
        "instance metadata and IAM take 1-128 letters, digits and + - = . _ : @, no blank, no comma and no slash",
      ]);
    const before = seen.get(name.toLowerCase());
    if (before !== undefined) problems.push([path, `is "${before}" to IAM, which does not tell capitals apart`]);
    seen.set(name.toLowerCase(), name);
    if (held.length > 256) problems.push([path, `its value has ${held.length} characters; AWS takes 256`]);
    if (!value.test(held))
      problems.push([path, "IAM takes letters, digits, blanks and _ . : / = + - @ in a value, and nothing else"]);
  }
  if (Object.keys(tags).length > most)
    problems.push(["tags", `are more than ${most}; AWS takes 50 and runpool sets 8`]);
  return problems;
}
