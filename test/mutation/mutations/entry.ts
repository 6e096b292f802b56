// Mistakes in what is started: the action, the CLI and the lambdas.
import { of, type Mutation } from "../mutation.ts";

export const entryMutations: readonly Mutation[] = [
  ...of("entry/refused-removals.ts", [
    "a partition is removed with its machines alive",
    "if (left.length === 0) continue;",
    "continue;",
    "stacks/removal-guard",
  ]),
];
