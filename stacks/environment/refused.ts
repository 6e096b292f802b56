// What synthesis throws where an environment file is wrong.

/** The message has one line a problem: `dev: network.zones[1]: the rule`. */
export class EnvironmentRefused extends Error {
  override readonly name = "EnvironmentRefused";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}
