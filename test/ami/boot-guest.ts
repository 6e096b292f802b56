// Runs in the guest, a baked root that has just booted: says, to the file that is named, which of runpool's units its boot has started,
// or, asked for `doctor`, what the doctor makes of the spec that the machine carries.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { imageSpec, imageSpecFile } from "../../agent/hosts/image-spec.ts";
import { judgeImageSpec } from "../../control/operate/doctor/image-spec.ts";
import { hostClock } from "../../entry/host-clock.ts";

const [file = "", what = "units"] = process.argv.slice(2);
const units = [
  "runpool-boot-watchdog.timer",
  "runpool-deadline.timer",
  "runpool-firewall.service",
  "runpool-request.path",
  "runpool-agent.service",
];
const ask = (unit: string, property: string): string =>
  execFileSync("systemctl", ["show", "-P", property, unit], { encoding: "utf8" }).trim();
function unitsFound(): object {
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
  return { found, rule };
}

const found =
  what === "doctor"
    ? judgeImageSpec(await imageSpec(imageSpecFile, process.env["PATH"] ?? "", hostClock))
    : unitsFound();
writeFileSync(file, JSON.stringify(found));
