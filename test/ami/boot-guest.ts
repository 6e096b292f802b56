// Runs in the guest, a baked root that has just booted: says, to the file that is named, which of runpool's units its boot has started.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const [file = ""] = process.argv.slice(2);
const units = [
  "runpool-boot-watchdog.timer",
  "runpool-deadline.timer",
  "runpool-firewall.service",
  "runpool-request.path",
  "runpool-agent.service",
];
const ask = (unit: string, property: string): string =>
  execFileSync("systemctl", ["show", "-P", property, unit], { encoding: "utf8" }).trim();
const found = Object.fromEntries(
  units.map((unit) => [
    unit,
    {
      enabled: ask(unit, "UnitFileState"),
      active: ask(unit, "ActiveState"),
      // Asked for by the boot, though its condition may keep it from running.
      condition: ask(unit, "ConditionTimestampMonotonic") === "0" ? "not asked" : ask(unit, "ConditionResult"),
    },
  ]),
);
const rule = execFileSync("nft", ["list", "table", "inet", "runpool"], { encoding: "utf8" });
writeFileSync(file, JSON.stringify({ found, rule }));
