// Mode provision: a run's instances, the outputs for its jobs, and what the post step needs should this one be killed.
import { saveState, setOutput } from "@actions/core";
import type { Log } from "../../cloud/ports/log.ts";
import type { Provisioned, SavedProvision } from "../../control/runs/provision.ts";
import { labelOf, wordsOfProblem, type Request } from "../../domain/request.ts";
import { alikeTogether } from "../words/alike-reasons.ts";
import { BadInput } from "../words/bad-input.ts";
import { counted, spoken } from "../words/durations.ts";
import type { OperatedWorld } from "../control-world.ts";
import { rawRequestOf, requestOf } from "../request-inputs.ts";
import type { Inputs, outputs } from "./inputs.ts";
import { onStop } from "./stop-signals.ts";
import { estimateOf, failedSummary, provisionSummary } from "./summary.ts";
import { fail, grouped, type ActionLog } from "./action-log.ts";
import { writeSummary } from "./write-summary.ts";

/** The state that the post step reads. */
export const savedState = "provision";

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
  const parsed = requestOf(rawRequestOf(inputs.run, inputs.of), loaded.configuration, world.random);
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
  const values: Readonly<Record<keyof typeof outputs, string>> = {
    label: labelOf(request),
    "instance-ids": JSON.stringify(ids),
    "instance-types": JSON.stringify(instances.map(({ instanceType }) => instanceType)),
    created: String(created),
    reused: String(reused),
    "ready-ms": String(readyMs),
    "estimated-cost-per-hour": estimate === undefined ? "" : estimate.toFixed(4),
  };
  for (const [name, value] of Object.entries(values)) setOutput(name, value);
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
    log.warn(`${instances.length} of ${request.count} instances`, `fewer than requested: ${reason}`);
  await writeSummary(provisionSummary(request, outcome, readyAfterMs), log);
}
