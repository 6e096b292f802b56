// Mode refresh: what the inputs say of the environment's operation goes to the overlay; then one refresh.
import type { ForgeAuth } from "../../cloud/github/forge-client.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { BadInput } from "../words/bad-input.ts";
import type { OperatedWorld } from "../control-world.ts";
import { storedCredential } from "../forge-credential.ts";
import { unservableLine } from "../../control/operate/doctor/unservable-line.ts";
import { worded } from "../words/reasons.ts";
import type { Inputs } from "./inputs.ts";
import { readOverlayInputs } from "./overlay-inputs.ts";
import { refreshSummary } from "./summary.ts";
import { fail, grouped, type ActionLog } from "./action-log.ts";
import { writeSummary } from "./write-summary.ts";

type WorldOf = (log: Log, forge?: ForgeAuth) => OperatedWorld;

/** Fails where a part of refresh could not be done: a scheduled workflow that is red is seen. */
export async function refreshMode(inputs: Inputs, log: ActionLog, worldOf: WorldOf): Promise<boolean> {
  const { of, environment } = inputs;
  const dryRun = of("dry-run");
  if (dryRun !== "true" && dryRun !== "false") throw new BadInput([`dry-run is "${dryRun}"; write "true" or "false"`]);
  const dry = dryRun === "true";
  await layOver(inputs, log, worldOf(log), dry);
  const world = worldOf(log, await forgeOf(inputs, log, worldOf(log)));
  const report = worded(
    await grouped(`Refresh ${environment}${dry ? ", dry run" : ""}`, () => refresh(world, { dryRun: dry })),
  );
  for (const { kind, instanceId, why, done } of report.findings)
    log.note(`${instanceId}: ${kind}${done || dry ? "" : ", not done"}: ${why}`);
  for (const { runId, attempt, wanted, ready } of report.reruns)
    log.note(`run ${runId}, attempt ${attempt}, is run again: ${ready} of ${wanted} instances ready`);
  for (const job of report.unservable) log.warn("A job that stays queued", unservableLine(job));
  for (const { key, problem } of report.damaged) log.warn("Damaged item", `${key}: ${problem}`);
  fail("Refresh", report.problems);
  await writeSummary(refreshSummary(environment, dry, report), log);
  return report.problems.length === 0;
}

async function layOver({ of }: Inputs, log: ActionLog, world: OperatedWorld, dry: boolean): Promise<void> {
  const loaded = await world.settings.load();
  const { overlay, changed, problems, differences } = readOverlayInputs(of, loaded);
  for (const problem of loaded.overlayProblems ?? []) log.warn("Invalid configuration overlay", problem);
  if (problems.length > 0) throw new BadInput(problems);
  for (const difference of differences) log.warn("Not as deployed", difference);
  if (changed.length === 0) return;
  log.note(`${dry ? "Would change" : "Changed"} in the overlay: ${changed.join(", ")}`);
  const seen = loaded.overlayProblems === undefined ? loaded.overlay : undefined;
  if (!dry) await world.settings.writeOverlay(overlay, seen);
}

/** The token given, else what the environment keeps; with neither, refresh does without GitHub and reports it. */
async function forgeOf({ of }: Inputs, log: ActionLog, world: OperatedWorld): Promise<ForgeAuth | undefined> {
  const token = of("github-token");
  if (token !== "") return { kind: "token", token };
  const stored = await storedCredential(world.secrets, (await world.settings.load()).configuration);
  if (stored.kind === "unusable") log.warn("GitHub credential", `${stored.name} cannot be used: ${stored.why}`);
  return stored.kind === "usable" ? stored.auth : undefined;
}
