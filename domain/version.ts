// Which runpool this is, and which environments it can work on: an action, a CLI and a deployed environment need not be of one version.

/** package.json says the same (a test compares). */
export const version = "0.1.0";

/**
 * The layout of what a stack makes and writes for others to read: the table's indexes, the items, the queues' names. Raised
 * whenever an older control plane would misread a newer environment, or a newer one would miss something in an older one.
 */
export const environmentSchema = 2;

/** The oldest layout that this version still works on; raised with what an older environment lacks: 2 has machine classes. */
export const oldestEnvironmentSchema = 2;

/** What the stack writes down of itself; both absent in environments deployed before they were written: those have schema 1. */
export interface DeployedVersion {
  /** The version of runpool whose stacks were deployed. */
  readonly deployedBy?: string;
  readonly schema?: number;
}

/** Why this version must not touch an environment, with the command that fixes it; undefined where it may. */
export function skewOf(
  environment: string,
  { deployedBy = "0.1.0", schema = 1 }: DeployedVersion,
  own = { version, newest: environmentSchema, oldest: oldestEnvironmentSchema },
): string | undefined {
  const both = `environment "${environment}" was deployed by runpool ${deployedBy} (schema ${schema})`;
  if (schema > own.newest)
    return (
      `${both}, which this runpool ${own.version} (schema ${own.newest}) is too old for. ` +
      `Use v${deployedBy}: \`uses: OWNER/runpool@v${deployedBy}\` in workflows, that release's package on the command line`
    );
  if (schema < own.oldest)
    return (
      `${both}, which this runpool ${own.version} no longer works on (it needs schema ${own.oldest}). ` +
      `Deploy it again from a checkout of v${own.version}: \`npm run cdktf -- deploy '${environment}-*'\`` +
      // Two states of one version, before its release: there is nothing to keep to.
      (deployedBy === own.version ? "" : `; until then keep the action and the command line at v${deployedBy}`)
    );
  return undefined;
}
