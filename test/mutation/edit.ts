// One text of the product, replaced: what the sabotages of the simulation and `npm run mutate` are made of.

export interface Edit {
  readonly file: string;
  /** It occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** The text with the edit made; throws where `find` does not occur exactly once: the product has moved on, and the row must follow. */
export function edited(text: string, { file, find, replace }: Edit): string {
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} times, not once: ${find}`);
  return parts.join(replace);
}
