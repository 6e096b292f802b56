// The nearest known word to one that is not known, for "did you mean".

/** Levenshtein's distance, two neighbouring letters exchanged counting as one slip. */
export function distance(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const change = (rows[i - 1]?.[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      let least = Math.min((rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        least = Math.min(least, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[one.length]?.[other.length] ?? 0;
}

/** Undefined where none is near: a third of the word wrong at most, or a beginning of exactly one. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const begun = known.filter((one) => word.length > 1 && one.startsWith(word));
  if (begun.length === 1) return begun[0];
  const far = Math.max(1, Math.floor(word.length / 3));
  const near = known.map((one) => ({ one, away: distance(word, one) })).sort((a, b) => a.away - b.away)[0];
  return near !== undefined && near.away <= far ? near.one : undefined;
}

/** ` (did you mean "…"?)`, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

/** Enough to choose from. */
const mostNamed = 3;

/** What is needed of an option to find it. */
interface Named {
  readonly name: string;
  readonly choices?: readonly string[];
}

/**
 * The same for an option: the nearest, where a part of a name counts as well (`--clas` is in `--resource-class` and in `--usage-class`);
 * else the option of which it is a value (`--spot`).
 */
export function optionSuggestion(raw: string, options: readonly Named[]): string {
  const word = raw.replace(/^-+/, "");
  if (word.length < 2) return "";
  const far = Math.max(1, Math.floor(word.length / 3));
  const away = (part: string): number => (part.startsWith(word) ? 1 : distance(word, part));
  const whole = (name: string): number => (word.endsWith(`-${name}`) ? 1 : away(name));
  const scored = options.map(({ name }) => ({
    meant: `--${name}`,
    // The whole name before a part of another that is as near.
    score: Math.min(whole(name) - 0.5, ...partsOf(name).map(away)),
  }));
  const least = Math.min(...scored.map(({ score }) => score));
  const near = scored.filter(({ score }) => score === least && score <= far);
  const valued = options.filter(({ choices }) => choices?.includes(word) === true);
  const meant = near.length > 0 ? near.map((one) => one.meant) : valued.map(({ name }) => `--${name} ${word}`);
  if (meant.length === 0) return "";
  return `; did you mean ${meant
    .slice(0, mostNamed)
    .map((one) => `"${one}"`)
    .join(" or ")}?`;
}

/** Of `a-b-c`: its words, its beginnings and its ends. */
const partsOf = (name: string): readonly string[] => {
  const split = name.split("-");
  return split.flatMap((word, i) => [split.slice(0, i + 1).join("-"), word, split.slice(i).join("-")]);
};
