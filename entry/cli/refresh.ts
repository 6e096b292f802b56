// `runpool refresh`: renews tokens, ends what must end, finishes what others left undone, reports.
import * as z from "zod/mini";
import type { Log } from "../../cloud/ports/log.ts";
import type { ForgeAuth } from "../../cloud/github/forge-client.ts";
import { refresh, type RefreshReport } from "../../control/refresh/refresh.ts";
import { storedCredential } from "../forge-credential.ts";
import { command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Ground } from "./ground.ts";
import { refreshLines, sortedFindings } from "./refresh-lines.ts";
import { tokenOption } from "./run-options.ts";
import { plain } from "../words/terminal.ts";

export const refreshCommand = command({
  name: "refresh",
  summary: "end what must end, renew tokens, repair the pool",
  details:
    "The scheduled refresh does the same every few minutes. It authenticates at GitHub by GITHUB_TOKEN, or by the " +
    "credential that the environment keeps.",
  options: [{ name: "dry-run", help: "print what would be done, and do nothing" }, tokenOption],
  examples: ["runpool refresh -e prod --dry-run", "runpool refresh --json"],
  schema: z.object({ "dry-run": z._default(z.boolean(), false), "github-token": z.optional(z.string()) }),
  run: async ({ "dry-run": dryRun, "github-token": token }, ground) => {
    const forge = token === undefined ? await keptCredential(ground) : ({ kind: "token", token } as const);
    const { progress } = ground;
    const log: Log = {
      // In a dry run tokens are only due, not renewed: the report says so.
      event: (...event) => (dryRun && event[0] === "token.renewed" ? undefined : progress.event(...event)),
    };
    const world = await ground.world({ log, ...(forge === undefined ? {} : { forge }) });
    const waiting = progress.waiting(() => "refreshing");
    const report = await refresh(world, { dryRun }).finally(() => waiting.done());
    show(report, dryRun, ground);
    return report.problems.length > 0 ? exitCodes.failed : exitCodes.done;
  },
});

/** Undefined where the environment keeps none that this caller may read: refresh then does without GitHub, and reports it. */
async function keptCredential(ground: Ground): Promise<ForgeAuth | undefined> {
  const world = await ground.world();
  const { configuration } = await world.settings.load();
  const stored = await storedCredential(world.secrets, configuration);
  if (stored.kind === "of-no-use")
    ground.progress.warn(`the stored GitHub credential (${stored.name}) cannot be used: ${stored.why}`);
  return stored.kind === "usable" ? stored.auth : undefined;
}

function show(report: RefreshReport, dryRun: boolean, ground: Ground): void {
  const { environment } = ground.place();
  const { out, err } = ground.terminal;
  const { findings, damaged, problems, records: _, ...more } = report;
  const shown = { ...more, damaged, problems, findings: sortedFindings(findings) };
  ground.result({ environment, dryRun, ...shown }, () => refreshLines(report, environment, dryRun, out));
  for (const { key, problem } of damaged)
    err.write(`${err.paint("yellow", "damaged item:")} ${plain(key)}: ${plain(problem)}\n`);
  for (const problem of problems) err.write(`${err.paint("red", "problem:")} ${plain(problem)}\n`);
}
