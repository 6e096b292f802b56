// What synthesis says of a wrong environment file.
import { expect, test } from "vitest";
import example from "../../environments/example.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import { EnvironmentRefused } from "../../stacks/environment/refused.ts";

/** Each problem as a line; none where the file is right. */
export const refusals = (file: unknown): readonly string[] => {
  try {
    readEnvironment(file, "x");
    return [];
  } catch (error) {
    if (error instanceof EnvironmentRefused) return error.problems;
    throw error;
  }
};

/** What is changed in the example, and the beginning of what is then said. */
export type Wrong = readonly [what: string, changes: object, said: RegExp];

/** A test for each. */
export const eachIsRefused = (wrong: readonly Wrong[]): void =>
  test.each(wrong)("%s is refused by its field and the rule", (_, changes, said) => {
    const problems = refusals({ ...example, ...changes });
    expect(
      problems.find((problem) => said.test(problem)),
      problems.join("\n") || "nothing was refused",
    ).toBeDefined();
  });
