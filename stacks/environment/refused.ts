// What synthesis throws where environment files are wrong.

export class EnvironmentRefused extends Error {
  override readonly name = "EnvironmentRefused";
  /** One line each: `dev: network.zones[1]: the rule`. */
  readonly problems: readonly string[];
  /** What files of schema 1 say, as schema 2, by their names. */
  readonly translations: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  constructor(problems: readonly string[], translations: EnvironmentRefused["translations"] = {}) {
    super(problems.join("\n"));
    this.problems = problems;
    this.translations = translations;
  }
}
