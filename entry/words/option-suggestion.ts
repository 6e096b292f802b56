// The option that was meant by one that is not known, for "did you mean".
import { distance } from "../../domain/nearest.ts";

/** Enough to choose from. */
const mostNamed = 3;

/** What is needed of an option to find it. */
interface Named {
  readonly name: string;
  readonly choices?: readonly string[];
}

/**
 * `; did you mean …?`, or nothing: the nearest option, where a part of a name counts as well (`--clas` is in `--resource-class` and in
 * `--usage-class`); else the option of which it is a value (`--spot`).
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
