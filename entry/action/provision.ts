// Mode provision: a run's instances, the outputs for its jobs, and what the post step needs should this one be killed.
import { saveState, setOutput } from "@actions/core";
import type { Random } from "../../cloud/ports/clock.ts";
import type { Log } from "../../cloud/ports/log.ts";
import type { Provisioned, SavedProvision } from "../../control/runs/provision.ts";
import { labelOf, wordsOfProblem, type RawRequest, type Request } from "../../domain/request.ts";
import { alikeTogether } from "../words/alike-reasons.ts";
import { BadInput } from "../words/bad-input.ts";
import { counted, spoken } from "../words/durations.ts";
import type { OperatedWorld } from "../control-world.ts";
import { requestOf, labelOfInput } from "../request-inputs.ts";
import type { Inputs } from "./inputs.ts";
import { onStop } from "./stop-signals.ts";
import { estimateOf, failedSummary, provisionSummary } from "./summary.ts";
import { fail, grouped, type ActionLog } from "./action-log.ts";
import { writeSummary } from "./write-summary.ts";

/** The state that the post step reads. */
export const savedState = "provision";

export function rawOf({ of, around }: Inputs, random: Pick<Random, "id">): RawRequest {
  // A secret one is an output, and GitHub passes no output on that is masked: so it is not written to any log.
  const label = labelOfInput(of("label"), random);
  if (label === undefined)
    throw new BadInput([`label is "${of("label")}"; write "run-id" or "secret"; further labels go into "labels"`]);
  return {
    runId: around.runId,
    attempt: around.attempt,
    repository: around.repository,
    name: of("name") || around.job,
    instanceCount: of("instance-count"),
    minCount: of("min-count"),
    resourceClass: of("resource-class"),
    architecture: of("architecture"),
    usageClass: of("usage-class"),
    fallback: of("fallback"),
    allowedInstanceTypes: of("allowed-instance-types"),
    labels: of("labels"),
    timeoutMin: of("timeout-min"),
    maxRuntimeMin: of("max-runtime-min"),
    label,
  };
}

/** When each instance was ready, ms after the beginning, by this machine's own steady clock. */
interface Readiness {
  readonly log: Log;
  readonly afterMs: ReadonlyMap<string, number>;
}

function listening(log: ActionLog): Readiness {
  const begun = performance.now();
  const afterMs = new Map<string, number>();
  return {
    afterMs,
    log: {
      event: (...event) => {
        const [name, facts] = event;
        if (name === "instance.ready") afterMs.set(facts.instance, Math.round(performance.now() - begun));
        log.event(...event);
      },
    },
  };
}

/** Says whether the step succeeds. */
export async function provisionMode(
  inputs: Inputs,
  log: ActionLog,
  worldOf: (log: Log) => OperatedWorld,
): Promise<boolean> {
  const heard = listening(log);
  const world = worldOf(heard.log);
  const loaded = await world.settings.load();
  const parsed = requestOf(rawOf(inputs, world.random), loaded.configuration);
  if (!parsed.ok) throw new BadInput(parsed.problems.map((problem) => wordsOfProblem(problem)));
  const { request } = parsed;
  // Loaded once the environment has answered, as all that the first call can do without.
  const { provision } = await import("../../control/runs/provision.ts");
  const cancel = onStop(() => log.note("Cancelled: giving back what was taken; the post step does what is left"));
  let saved: SavedProvision | undefined;
  const keep = (state: SavedProvision): void => {
    saved = { ...state, committed: false };
    saveState(savedState, JSON.stringify(saved));
  };
  const asked = `${counted(request.count, `${request.resourceClass} instance`)} (${request.architecture}, ${request.usageClass})`;
  const outcome = await grouped(`Provision ${asked} in ${inputs.environment}`, () =>
    provision(world, request, { cancel, loaded, saved: keep }),
  );
  if (outcome.kind !== "ready") {
    fail(outcome.kind === "failed" ? "Provision failed" : "Provision cancelled", outcome.reasons);
    await writeSummary(failedSummary(outcome), log);
    return false;
  }
  const ready = { ...outcome, readyMs: Math.max(0, ...heard.afterMs.values()) };
  putOut(request, ready);
  // Only now: no job can use the instances of a step that is killed before its outputs are written.
  saveState(savedState, JSON.stringify({ ...saved, committed: true }));
  await tellReady(request, ready, heard.afterMs, log);
  return true;
}

type Ready = Extract<Provisioned, { kind: "ready" }>;

function putOut(request: Request, { instances, created, reused, readyMs }: Ready): void {
  const ids = instances.map(({ instanceId }) => instanceId);
  const estimate = estimateOf(instances);
  const outputs: Readonly<Record<string, string>> = {
    label: labelOf(request),
    "instance-ids": JSON.stringify(ids),
    "instance-types": JSON.stringify(instances.map(({ instanceType }) => instanceType)),
    created: String(created),
    reused: String(reused),
    "ready-ms": String(readyMs),
    "estimated-cost-per-hour": estimate === undefined ? "" : estimate.toFixed(4),
  };
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
}

async function tellReady(
  request: Request,
  outcome: Ready,
  readyAfterMs: ReadonlyMap<string, number>,
  log: ActionLog,
): Promise<void> {
  const { instances, created, reused, readyMs, reasons = [] } = outcome;
  log.note(
    `${counted(instances.length, "instance")} ready in ${spoken(readyMs)}: ${reused} from the pool, ${created} created`,
  );
  log.note(
    `runs-on: ${request.label === undefined ? labelOf(request) : "the output `label`, which this log does not show"}`,
  );
  for (const reason of alikeTogether(reasons))
    log.warn(`${instances.length} of ${request.count} instances`, `fewer than asked for: ${reason}`);
  await writeSummary(provisionSummary(request, outcome, readyAfterMs), log);
}
