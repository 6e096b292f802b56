// Decodes the form body of a Query-protocol call: `Filter.1.Value.2=a` becomes { Filter: [{ Value: [?, "a"] }] }.

type Node = { [key: string]: Node | string };

const isIndex = (key: string): boolean => /^[1-9]\d*$/.test(key);

/** Numbered members become a list, in the order of their numbers; gaps close. `X.member.1` (STS) is a list, too. */
function settle(node: Node | string): unknown {
  if (typeof node === "string") return node;
  const keys = Object.keys(node);
  const member = node["member"];
  if (keys.length === 1 && typeof member === "object" && Object.keys(member).every(isIndex)) return settle(member);
  if (keys.length > 0 && keys.every(isIndex)) {
    return keys.sort((a, b) => Number(a) - Number(b)).map((key) => settle(node[key] as Node | string));
  }
  return Object.fromEntries(keys.map((key) => [key, settle(node[key] as Node | string)]));
}

/** The decoded parameters without Action and Version. Values stay text. Undefined where two parameters contradict. */
export function queryInput(form: URLSearchParams): Record<string, unknown> | undefined {
  const root: Node = {};
  for (const [name, value] of form) {
    if (name === "Action" || name === "Version") continue;
    const steps = name.split(".");
    const last = steps.pop() as string;
    let node = root;
    for (const step of steps) {
      const next = (node[step] ??= {});
      if (typeof next === "string") return undefined;
      node = next;
    }
    if (typeof node[last] === "object") return undefined;
    node[last] = value;
  }
  const input = settle(root);
  return Array.isArray(input) ? undefined : (input as Record<string, unknown>);
}
