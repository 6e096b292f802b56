// Scenario: pre-runner scripts of all kinds, each as if on a fresh boot, run by root's unit.
import { rm, writeFile } from "node:fs/promises";
import type { Scenario } from "./scenarios.ts";
import { installUnits, run } from "./stage.ts";

const odd: Readonly<Record<string, string>> = {
  quotes: `cat <<'EOF'\n"it's" $HOME \\n \`x\` %s\nEOF\necho EOF`,
  windows: "\uFEFF#!/bin/bash\r\nif true; then\r\n  echo good\r\nfi",
  plain: "echo no first line",
  long: `${": 'padding padding padding'\n".repeat(4_000)}echo end`,
  empty: " \n",
  fails: "echo why; exit 3",
  masked: "set -e\nfalse\necho never",
  killed: "kill -KILL $$",
  many: "seq 1 50; exit 1",
  slow: "echo begun; sleep 300 & sleep 300",
  daemon: "sleep 300 & echo left; disown",
};

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
  await installUnits({ dropIns: { "runpool-prepare.service": "[Service]\nTimeoutStartSec=2s\n" } });
  const found: Record<string, readonly string[]> = {};
  for (const [name, script] of Object.entries(odd)) found[name] = await prepare(script);
  const again = await run("/usr/lib/runpool/prepare.sh");
  await run(
    "install",
    "-D",
    "/usr/lib/runpool/prepare-as-job.conf",
    "/etc/systemd/system/runpool-prepare.service.d/user.conf",
  );
  await run("systemctl", "daemon-reload");
  const asJob = await prepare("id -un");
  return { found, again: again.trimEnd().split("\n"), asJob };
};
