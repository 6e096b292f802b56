// What synthesis says of a wrong environment file.
import { readEnvironment } from "../../stacks/check-environment.ts";
import { EnvironmentRefused } from "../../stacks/refused.ts";

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
