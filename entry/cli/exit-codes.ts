// What the command line's exit codes mean.
export const exitCodes = { done: 0, failed: 1, refused: 2, outOfReach: 3, cancelled: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeWords: readonly (readonly [code: ExitCode, words: string])[] = [
  [exitCodes.done, "done"],
  [exitCodes.failed, "failed, or something is left to do: the output says what"],
  [exitCodes.refused, "bad input or wrong configuration; nothing was changed"],
  [exitCodes.outOfReach, "AWS or GitHub cannot be reached; run the same command again"],
  [exitCodes.cancelled, "cancelled"],
];
