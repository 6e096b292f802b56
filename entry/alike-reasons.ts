// Many instances that failed alike are one reason to a person, not one each.
const anInstance = /i-[0-9a-f]{8,17}( \([^()]*\))?/g;
/** Ids that are named beside the first. */
const mostNamed = 3;

/** The same for reasons that differ only in instances and numbers: how long something took tells no failure from another. */
export const kindOf = (reason: string): string => reason.replaceAll(anInstance, "i-").replaceAll(/\d+/g, "#");

/** Each kind of reason once, as the first of it says it, with how many others there are; in the order of the first ones. */
export function alikeTogether(reasons: readonly string[]): readonly string[] {
  const kinds = new Map<string, string[]>();
  for (const reason of reasons) {
    const kind = kindOf(reason);
    kinds.set(kind, [...(kinds.get(kind) ?? []), reason]);
  }
  return [...kinds.values()].map(([first = "", ...others]) => {
    if (others.length === 0) return first;
    const ids = others.flatMap((other) => /^i-[0-9a-f]+/.exec(other)?.[0] ?? []);
    const named =
      ids.length === 0 ? "" : `: ${ids.slice(0, mostNamed).join(", ")}${ids.length > mostNamed ? " …" : ""}`;
    return `${first} (and ${others.length} more like it${named})`;
  });
}
