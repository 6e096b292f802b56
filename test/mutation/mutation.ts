// A realistic mistake of one line, what it would do to a user, and the test that sees it.
import type { Edit } from "./edit.ts";

export interface Mutation extends Edit {
  /** What a user would meet if nobody saw it. */
  readonly meets: string;
  /** The test file that sees it first; it is run before the other tests that reach the file. */
  readonly test: string;
  /** Why no test sees it, where none does: it changes nothing that could be seen, or only what cannot be had in a test. */
  readonly survives?: string;
}

/** Rows of one file and the test that sees them: what a user would meet, the text, what stands there instead. */
export const of = (
  file: string,
  test: string,
  ...rows: readonly (readonly [meets: string, find: string, replace: string, survives?: string])[]
): readonly Mutation[] =>
  rows.map(([meets, find, replace, survives]) => ({
    file,
    meets,
    find,
    replace,
    test: `test/${test}.test.ts`,
    ...(survives === undefined ? {} : { survives }),
  }));
