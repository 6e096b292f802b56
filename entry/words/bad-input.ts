// Input that cannot be obeyed: every problem in one line of its own, with what would be right.
export class BadInput extends Error {
  override readonly name = "BadInput";
  readonly problems: readonly string[];
  /** `help`: the command whose help says more; "" = the general help. */
  readonly help: string | undefined;
  constructor(problems: readonly string[], help?: string) {
    super(problems.join("\n"));
    this.problems = problems;
    this.help = help;
  }
}
