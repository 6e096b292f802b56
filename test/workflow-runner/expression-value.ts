// The values of GitHub's expressions, and how they become truth, text and numbers.
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** GitHub's truth: false, 0, "", null are false. */
export const truth = (value: Value): boolean => value !== false && value !== 0 && value !== "" && value !== null;

export const textOf = (value: Value): string => {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

export const numberOf = (value: Value): number => {
  if (value === null || value === "") return 0;
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "object" ? Number.NaN : Number(value);
};
