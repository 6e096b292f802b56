// What a refresh did, or in a dry run would do: one line an instance, sorted, and what concerns no instance.
import { isEmpty, removalOf } from "../../control/refresh/retired-classes.ts";
import { unservableLine } from "../../control/operate/doctor/unservable-line.ts";
import { inColumns } from "../words/columns.ts";
import { counted } from "../words/durations.ts";
import type { WordedReport } from "../words/reasons.ts";
import { plain, type Sink } from "../words/terminal.ts";

type Finding = WordedReport["findings"][number];

/** By kind of finding, in the order of the table: what ends first, what is kept last. */
const actions: Readonly<Record<string, string>> = {
  "condemn-retired": "end it",
  "condemn-gone": "end it",
  "condemn-expired": "end it",
  "condemn-silent": "end it",
  "condemn-evicted": "end it",
  "end-unrecorded": "end it",
  "end-overdue": "end it",
  "end-again": "end it again",
  confirm: "confirm its end",
  prove: "prove it free, end it",
  "make-idle": "give it to the pool",
  park: "give it to the pool",
};
const order = Object.keys(actions);
/** A kind that is newer than this table speaks for itself. */
const actionOf = (kind: string): string => actions[kind] ?? kind;
const rank = (kind: string): number => (order.includes(kind) ? order.indexOf(kind) : order.length);

export const sortedFindings = (findings: readonly Finding[]): readonly Finding[] =>
  [...findings].sort(
    (a, b) =>
      rank(a.kind) - rank(b.kind) ||
      a.kind.localeCompare(b.kind, "en") ||
      a.instanceId.localeCompare(b.instanceId, "en"),
  );

function findingLines(findings: readonly Finding[], dryRun: boolean, out: Sink): readonly string[] {
  if (findings.length === 0) return ["nothing to end or repair"];
  const title = (text: string): string => out.paint("dim", text);
  const columns = [
    { title: "INSTANCE" },
    { title: dryRun ? "WOULD" : "ACTION" },
    ...(dryRun ? [] : [{ title: "DONE" }]),
    { title: "WHY" },
  ];
  const rows = sortedFindings(findings).map(({ kind, instanceId, why, done }) =>
    [instanceId, actionOf(kind), ...(dryRun ? [] : [done ? "yes" : "not yet"]), why].map((text) => ({
      text: plain(text),
    })),
  );
  return inColumns(columns, rows, undefined, title);
}

export function refreshLines(
  { states, findings, ghosts, configurations, requeued, floor, reruns, unservable, retired, tokens }: WordedReport,
  environment: string,
  dryRun: boolean,
  out: Sink,
): readonly string[] {
  const records = Object.entries(states)
    .sort(([a], [b]) => a.localeCompare(b, "en"))
    .map(([state, count]) => `${count} ${state}`);
  const would = dryRun ? "would be " : "";
  const renewed = tokens.renewed.length;
  return [
    `refresh of ${environment}${dryRun ? ", dry run: nothing was changed" : ""}`,
    `records: ${records.length === 0 ? "none" : records.join(", ")}`,
    ...findingLines(findings, dryRun, out),
    ...(renewed === 0 ? [] : [`${counted(renewed, "token")} ${would}renewed`]),
    ...(ghosts.length === 0
      ? []
      : [`${counted(ghosts.length, "ghost runner")} ${would}removed: ${ghosts.toSorted().map(plain).join(", ")}`]),
    ...(configurations.length === 0
      ? []
      : [`${counted(configurations.length, "just-in-time configuration")} ${would}deleted`]),
    ...(requeued === 0 ? [] : [`${counted(requeued, "idle instance")} ${would}sent to the pool again`]),
    ...(floor.extended + floor.created === 0
      ? []
      : [`idle floor: ${floor.extended} ${would}extended, ${floor.created} ${would}created`]),
    ...reruns.map(
      ({ runId, attempt, provisionId, wanted, ready }) =>
        `run ${runId}, attempt ${attempt} (${plain(provisionId)}) is run again: ${
          dryRun ? `${counted(wanted, "instance")} would be provisioned` : `${ready} of ${wanted} instances ready`
        }`,
    ),
    ...unservable.map((job) => plain(unservableLine(job))),
    ...retired.map((one) =>
      isEmpty(one)
        ? removalOf(one.resourceClass, environment)
        : `class ${one.resourceClass} is retired: ${counted(one.instances, "instance")}, about ${counted(one.messages, "message")}, ${one.unreadable} unreadable left`,
    ),
  ];
}
