// Mode release: a run's instances leave and go back to the pool.
import { wordsOfLeft } from "../words/reasons.ts";
import { release } from "../../control/runs/release.ts";
import { partitionScopes } from "../../control/refresh/tokens.ts";
import type { Log } from "../../cloud/ports/log.ts";
import type { ForgeAuth } from "../../cloud/github/forge-client.ts";
import { partitionOf } from "../../domain/configuration.ts";
import { BadInput } from "../words/bad-input.ts";
import { counted } from "../words/durations.ts";
import type { OperatedWorld } from "../control-world.ts";
import type { Inputs } from "./inputs.ts";
import { onStop } from "./stop-signals.ts";
import { releaseSummary } from "./summary.ts";
import { grouped, type ActionLog } from "./action-log.ts";
import { writeSummary } from "./write-summary.ts";

/** Above every attempt that GitHub counts. */
const everyAttempt = 10_000;

/** Succeeds even if an instance has not answered yet: the run's jobs are over, and refresh takes care of the instance. */
export async function releaseMode(
  { of, run, environment }: Inputs,
  log: ActionLog,
  worldOf: (log: Log, forge?: ForgeAuth) => OperatedWorld,
): Promise<boolean> {
  const runId = of("run-id");
  if (!/^\d{1,20}$/.test(runId)) throw new BadInput([`run-id is "${runId}"; it is GitHub's run_id, a whole number`]);
  const token = of("github-token");
  const world = worldOf(log, token === "" ? undefined : { kind: "token", token });
  const { configuration } = await world.settings.load();
  const scope = partitionScopes(configuration).get(partitionOf(configuration, run.repository)) ?? run.repository;
  const cancel = onStop(() => log.note("Stopping: refresh takes back what has not left yet"));
  const released = await grouped(`Release the instances of run ${runId} in ${environment}`, () =>
    release(world, {
      runId,
      // Another run's attempts are not known here.
      attempt: runId === run.runId ? Number(run.attempt) : everyAttempt,
      cancel,
      ...(token === "" ? {} : { forgeScope: scope }),
    }),
  );
  const { pooled, condemned, elsewhere, left } = released;
  const all = pooled.length + condemned.length + elsewhere.length + left.length;
  if (all === 0) log.note(`Run ${runId} holds no instance in ${environment}: nothing to release`);
  else log.note(`${counted(pooled.length, "instance")} back in the pool, ${condemned.length} ended`);
  for (const { instanceId, why } of wordsOfLeft(released))
    log.warn(
      "Not released yet",
      `${instanceId}: ${why}; refresh takes it back; it ends at its threshold at the latest`,
    );
  await writeSummary(releaseSummary(runId, released), log);
  return !cancel.aborted;
}
