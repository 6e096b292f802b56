// Durations as people write them: `90s`, `7m`, `1h30m`, `2d`.

const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;
type Unit = keyof typeof units;

/** One number a unit, the larger unit first. As a JSON schema takes it too. */
export const durationPattern = /^(?=\d)(\d{1,6}d)?(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?$/;

/** In ms; undefined for anything else. */
export const parseDuration = (text: string): number | undefined =>
  durationPattern.test(text)
    ? [...text.matchAll(/(\d+)([dhms])/g)].reduce(
        (sum, [, count, unit]) => sum + Number(count) * units[unit as Unit],
        0,
      )
    : undefined;

/** The same duration as it is written: whole seconds, what is below them is cut off. */
export function formatDuration(ms: number): string {
  let left = ms;
  const parts = (Object.entries(units) as [Unit, number][]).map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? "" : `${count}${unit}`;
  });
  return parts.join("") || "0s";
}

const spelled: readonly (readonly [RegExp, number])[] = [
  [/^(ms|msecs?|milliseconds?)$/, 1],
  [/^(s|secs?|seconds?)$/, units.s],
  [/^(m|mins?|minutes?)$/, units.m],
  [/^(h|hrs?|hours?)$/, units.h],
  [/^(d|days?)$/, units.d],
];

/** How a duration that is spelled in another way would be right; undefined where its meaning is not plain. */
export function respelledDuration(given: unknown): string | undefined {
  // Schema 1 had milliseconds.
  const text = typeof given === "number" ? `${given}ms` : typeof given === "string" ? given.toLowerCase() : "";
  let ms = 0;
  const rest = text.replaceAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g, (_, count: string, unit: string) => {
    ms += Number(count) * (spelled.find(([pattern]) => pattern.test(unit))?.[1] ?? Number.NaN);
    return "";
  });
  const right = /^[\s,]*$/.test(rest) && ms >= units.s && ms % units.s === 0 ? formatDuration(ms) : "";
  return durationPattern.test(right) ? right : undefined;
}
