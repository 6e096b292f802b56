// A list in parts: every service takes so many at once and no more.

/** In order, each of `size` but the last; none of an empty list. */
export const batchesOf = <T>(list: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
