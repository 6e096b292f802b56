// `runpool release`: a run's instances leave and go back to the pool.
import { wordsOfLeft } from "../words/reasons.ts";
import { partitionScopes } from "../../control/refresh/tokens.ts";
import { release, type Released } from "../../control/runs/release.ts";
import { partitionOf } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { BadInput } from "../words/bad-input.ts";
import { command } from "./command.ts";
import { spoken } from "../words/durations.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Context } from "./context.ts";
import { interruptible } from "./interrupts.ts";
import type { Sink } from "../words/terminal.ts";
import { attemptOption, repositoryOption, runIdOption, tokenOption } from "./run-options.ts";

const name = "release";

/** Above every attempt that GitHub counts. */
const everyAttempt = 10_000;

/** What is needed to delete the runners at GitHub first. */
function forgeOf(token: string | undefined, repository: string | undefined): { token: string; repository: string } {
  const problems: string[] = [];
  if (token === undefined) problems.push("--github needs a token: set GITHUB_TOKEN");
  if (repository === undefined)
    problems.push("--github needs the repository: give --repository, or set GITHUB_REPOSITORY");
  if (token === undefined || repository === undefined) throw new BadInput(problems, name);
  return { token, repository };
}

export const releaseCommand = command({
  name,
  summary: "give a run's instances back to the pool",
  details:
    "Asks every instance of the run to leave. Waits for running jobs (at most until their instance's maximum runtime), and up " +
    `to ${spoken(limits.releaseWaitMs)} for instances that do not answer. Safe to run twice, or for a run that never provisioned.`,
  options: [
    {
      ...runIdOption,
      required: true,
      accepts: { pattern: /^\d{1,20}$/, words: "it is GitHub's run_id, a whole number" },
    },
    {
      ...attemptOption,
      help: "release attempts up to this one (default: all)",
      accepts: { pattern: /^[1-9]\d{0,3}$/, words: "it is GitHub's run_attempt, from 1" },
    },
    { ...repositoryOption, accepts: { pattern: /^[\w.-]+\/[\w.-]+$/, words: "write OWNER/REPOSITORY" } },
    { name: "github", help: "delete the runners at GitHub first (needs GITHUB_TOKEN and --repository)" },
    tokenOption,
  ],
  examples: ["runpool release -e prod --run-id 1001", "runpool release --github"],
  run: async (input, context) => {
    const forge = input.github ? forgeOf(input["github-token"], input.repository) : undefined;
    const world = await context.world(forge === undefined ? {} : { forge: { kind: "token", token: forge.token } });
    const { configuration } = await world.settings.load();
    const runId = input["run-id"];
    const scope =
      forge && (partitionScopes(configuration).get(partitionOf(configuration, forge.repository)) ?? forge.repository);
    const { result, cancelled } = await interruptible(
      context.progress,
      {
        waiting: () => `waiting for the instances of run ${runId} to leave`,
        first: () =>
          context.progress.note(
            "Stopping: refresh takes back what has not left yet; press Ctrl-C again to exit at once",
          ),
        again: () =>
          context.terminal.err.write(
            `\nSome instances have not answered yet: refresh takes them back, or they end at their thresholds.\n`,
          ),
      },
      (cancel) =>
        release(world, {
          runId,
          attempt: Number(input.attempt ?? everyAttempt),
          cancel,
          ...(scope === undefined ? {} : { forgeScope: scope }),
        }),
    );
    return showReleased(result, runId, cancelled, context);
  },
});

/** A release that has left instances to refresh has failed, one that was interrupted is cancelled. */
export function showReleased(
  released: Released,
  runId: string,
  cancelled: boolean,
  context: Pick<Context, "result" | "place"> & { readonly terminal: { readonly err: Pick<Sink, "write"> } },
): ExitCode {
  const { pooled, condemned, elsewhere } = released;
  const left = wordsOfLeft(released);
  const { err } = context.terminal;
  const all = pooled.length + condemned.length + elsewhere.length + left.length;
  context.result({ runId, ...released, left }, () => {
    if (all === 0) return [`run ${runId} holds no instance in ${context.place().environment}: nothing to release`];
    const parts = [`${pooled.length} back in the pool`, `${condemned.length} ended`];
    if (elsewhere.length > 0) parts.push(`${elsewhere.length} gone or with another owner already`);
    if (left.length > 0) parts.push(`${left.length} not yet`);
    return [`run ${runId} released: ${parts.join(", ")}`];
  });
  for (const { instanceId, why } of left) err.write(`- ${instanceId}: ${why}\n`);
  if (left.length > 0) err.write("Refresh takes them back; they end at their thresholds at the latest.\n");
  if (cancelled) return exitCodes.cancelled;
  return left.length > 0 ? exitCodes.failed : exitCodes.done;
}
