// The job summary: which instances a run has, where they are from, what they cost about; or why there are none.
import type { Provisioned, ReadyInstance } from "../../control/runs/provision.ts";
import type { Released } from "../../control/runs/release.ts";
import { estimatedUsdPerHour } from "../../domain/prices.ts";
import { labelOf, type Request } from "../../domain/request.ts";
import { alikeTogether } from "../words/alike-reasons.ts";
import { wordsOfLeft, type WordedReport } from "../words/reasons.ts";
import { unservableLine } from "../../control/operate/doctor/unservable-line.ts";
import { counted, spoken } from "../words/durations.ts";
import { plain } from "../words/terminal.ts";

/**
 * Text of others as Markdown that shows it and does nothing else: between two dollars GitHub would set a formula, and what looks like an
 * address becomes a link (GitHub Flavored Markdown, "Autolinks (extension)") unless a comment parts it.
 */
const escaped = (text: string): string =>
  plain(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/[\\|`*_[\]#~@$]/g, (sign) => `\\${sign}`)
    .replaceAll("://", ":<!-- -->//")
    .replaceAll(/\b(www)\./gi, "$1<!-- -->.")
    .replaceAll(/\s*\n\s*/g, " ");

function* table(head: readonly string[], rows: readonly (readonly string[])[]): Generator<string> {
  yield `| ${head.join(" | ")} |`;
  yield `| ${head.map(() => "---").join(" | ")} |`;
  for (const row of rows) yield `| ${row.map(escaped).join(" | ")} |`;
}

type Ready = Extract<Provisioned, { kind: "ready" }>;

/** Dollars an hour of all whose type is known; undefined where none is. */
export function estimateOf(instances: readonly ReadyInstance[]): number | undefined {
  const known = instances
    .map(({ instanceType, usageClass }) => estimatedUsdPerHour(instanceType, usageClass))
    .filter((usd) => usd !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, usd) => sum + usd, 0);
}

const dollars = (usd: number | undefined): string => (usd === undefined ? "unknown" : `$${usd.toFixed(3)}`);

/** `readyAfterMs`: from a claim or launch to the registration, by instance. */
export function* provisionSummary(
  request: Request,
  { instances, created, reused, readyMs, reasons = [] }: Ready,
  readyAfterMs: ReadonlyMap<string, number>,
): Generator<string> {
  yield `### ${counted(instances.length, "runner")} ready in ${spoken(readyMs)}`;
  yield "";
  yield* table(
    ["instance", "type", "zone", "usage", "from", "ready after", "about, per hour"],
    instances.map(({ instanceId, instanceType, zone, usageClass, origin }) => [
      instanceId,
      instanceType,
      zone,
      usageClass,
      origin === "pool" ? "the pool" : "created",
      spoken(readyAfterMs.get(instanceId) ?? readyMs),
      dollars(estimatedUsdPerHour(instanceType, usageClass)),
    ]),
  );
  yield "";
  yield `${reused} from the pool, ${created} created. Together about **${dollars(estimateOf(instances))} an hour**: an estimate by us-east-1's list prices, without disks and traffic.`;
  yield "";
  // A secret label reaches the jobs that need it through the output only.
  if (request.label === undefined) yield `\`runs-on: ${labelOf(request)}\``;
  else yield "`runs-on: ${{ needs.<job>.outputs.label }}`";
  if (reasons.length === 0) return;
  yield "";
  yield `Fewer than the ${request.count} requested:`;
  yield "";
  for (const reason of alikeTogether(reasons)) yield `- ${escaped(reason)}`;
}

export function* failedSummary({ kind, reasons }: Exclude<Provisioned, Ready>): Generator<string> {
  yield `### No runners: the provision ${kind === "failed" ? "failed" : "was cancelled"}`;
  yield "";
  for (const reason of alikeTogether(reasons)) yield `- ${escaped(reason)}`;
}

export function* releaseSummary(runId: string, released: Released): Generator<string> {
  const { pooled, condemned, elsewhere, left } = released;
  yield `### Run ${escaped(runId)} released`;
  yield "";
  yield `${pooled.length} back in the pool, ${condemned.length} ended, ${elsewhere.length} gone or with another owner already, ${left.length} not yet.`;
  for (const { instanceId, why } of wordsOfLeft(released)) yield `- ${instanceId}: ${escaped(why)}`;
}

export function* refreshSummary(environment: string, dryRun: boolean, report: WordedReport): Generator<string> {
  const { states, findings, ghosts, configurations, requeued, floor, reruns, unservable, tokens, problems } = report;
  yield `### Refresh of ${environment}${dryRun ? " (dry run: nothing was changed)" : ""}`;
  yield "";
  yield* table(
    ["", ""],
    [
      [
        "records",
        Object.entries(states)
          .map(([state, count]) => `${count} ${state}`)
          .join(", ") || "none",
      ],
      ["tokens renewed", String(tokens.renewed.length)],
      ["ghost runners removed", String(ghosts.length)],
      ...(configurations.length === 0 ? [] : [["just-in-time configurations deleted", String(configurations.length)]]),
      ["sent to the pool again", String(requeued)],
      ["idle floor", `${floor.extended} extended, ${floor.created} created`],
      ["for re-runs", `${reruns.reduce((sum, { ready }) => sum + ready, 0)} in ${counted(reruns.length, "run")}`],
    ],
  );
  if (findings.length > 0) {
    yield "";
    yield* table(
      ["finding", "instance", "done", "why"],
      findings.map(({ kind, instanceId, done, why }) => [kind, instanceId, done ? "yes" : "no", why]),
    );
  }
  const lines = [...unservable.map(unservableLine), ...problems];
  if (lines.length > 0) yield "";
  for (const problem of alikeTogether(lines)) yield `- ${escaped(problem)}`;
}
