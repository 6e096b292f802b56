// Scenario: pre-runner scripts of all kinds, each as if on a fresh boot, run by root's unit.
import { rm, writeFile } from "node:fs/promises";
import { preRunnerCases } from "../../contract/pre-runner-cases.ts";
import type { Scenario } from "./scenarios.ts";
import { installUnits, run } from "./stage.ts";

/** As a machine's journal has it; the guest's takes everything. */
async function limitJournal(): Promise<void> {
  await writeFile("/etc/systemd/journald.conf.d/limited.conf", "[Journal]\nRateLimitIntervalSec=30s\n");
  await run("systemctl", "restart", "systemd-journald.service");
}
/** Few lines are more than this machine's journal would take of a unit: how many that is otherwise, depends on its disk. */
const dropIn = "[Service]\nTimeoutStartSec=2s\nLogRateLimitBurst=100\n";
const saidBy = ["journalctl", "--no-pager", "--output=cat", "--identifier=runpool-prepare"] as const;

async function prepare(script: string): Promise<readonly string[]> {
  await run(
    "bash",
    "-c",
    "systemctl stop runpool-prepare 2>/dev/null; systemctl reset-failed runpool-prepare 2>/dev/null; true",
  );
  // A fresh boot's journal holds nothing of the script's yet.
  await run("journalctl", "--sync", "--rotate", "--vacuum-time=1us", "--quiet");
  for (const mark of ["prepared", "preparing"]) await rm(`/run/runpool/${mark}`, { force: true });
  await writeFile("/etc/runpool/pre-runner.sh", script);
  return (await run("/usr/lib/runpool/prepare.sh")).trimEnd().split("\n");
}

export const preparations: Scenario = async () => {
  await installUnits({ dropIns: { "runpool-prepare.service": dropIn } });
  const found: Record<string, readonly string[]> = {};
  await limitJournal();
  let linesKept = 0;
  for (const { name, script } of preRunnerCases) {
    found[name] = await prepare(script);
    if (name === "chatty") linesKept = (await run(...saidBy)).trimEnd().split("\n").length;
  }
  const again = await run("/usr/lib/runpool/prepare.sh");
  await run(
    "install",
    "-D",
    "/usr/lib/runpool/prepare-as-job.conf",
    "/etc/systemd/system/runpool-prepare.service.d/user.conf",
  );
  await run("systemctl", "daemon-reload");
  const asJob = await prepare("id -un");
  return { found, linesKept, again: again.trimEnd().split("\n"), asJob };
};
