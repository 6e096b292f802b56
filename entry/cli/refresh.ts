// `runpool refresh`: renews tokens, ends what must end, finishes what others left undone, reports.
import type { Log } from "../../cloud/ports/log.ts";
import type { ForgeAuth } from "../../cloud/github/forge-client.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { storedCredential } from "../forge-credential.ts";
import { command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Context } from "./context.ts";
import { refreshLines, sortedFindings } from "./refresh-lines.ts";
import { tokenOption } from "./run-options.ts";
import { worded, type WordedReport } from "../words/reasons.ts";
import { plain } from "../words/terminal.ts";

export const refreshCommand = command({
  name: "refresh",
  summary: "end expired instances, renew tokens, repair the pool",
  details:
    "The scheduled refresh does the same every few minutes. Authenticates at GitHub with GITHUB_TOKEN, or with the " +
    "credential stored for the environment.",
  options: [{ name: "dry-run", help: "print what would be done, but do nothing" }, tokenOption],
  examples: ["runpool refresh -e prod --dry-run", "runpool refresh --json"],
  run: async ({ "dry-run": dryRun, "github-token": token }, context) => {
    const forge = token === undefined ? await keptCredential(context) : ({ kind: "token", token } as const);
    const { progress } = context;
    const log: Log = {
      // In a dry run tokens are due, not renewed: the report lists them.
      event: (...event) => (dryRun && event[0] === "token.renewed" ? undefined : progress.event(...event)),
    };
    const world = await context.world({ log, ...(forge === undefined ? {} : { forge }) });
    const waiting = progress.waiting(() => "refreshing");
    const report = worded(await refresh(world, { dryRun }).finally(() => waiting.done()));
    show(report, dryRun, context);
    return report.problems.length > 0 ? exitCodes.failed : exitCodes.done;
  },
});

/** Undefined if there is none that this caller may read: refresh then works without GitHub, and reports it. */
async function keptCredential(context: Context): Promise<ForgeAuth | undefined> {
  const world = await context.world();
  const { configuration } = await world.settings.load();
  const stored = await storedCredential(world.secrets, configuration);
  if (stored.kind === "unusable")
    context.progress.warn(`the stored GitHub credential (${stored.name}) cannot be used: ${stored.why}`);
  return stored.kind === "usable" ? stored.auth : undefined;
}

function show(report: WordedReport, dryRun: boolean, context: Context): void {
  const { environment } = context.place();
  const { out, err } = context.terminal;
  const { findings, damaged, problems, records: _, ...more } = report;
  const shown = { ...more, damaged, problems, findings: sortedFindings(findings) };
  context.result({ environment, dryRun, ...shown }, () => refreshLines(report, environment, dryRun, out));
  for (const { key, problem } of damaged)
    err.write(`${err.paint("yellow", "damaged item:")} ${plain(key)}: ${plain(problem)}\n`);
  for (const problem of problems) err.write(`${err.paint("red", "problem:")} ${plain(problem)}\n`);
}
