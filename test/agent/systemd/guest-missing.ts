// Why this machine cannot boot a guest (with-systemd.sh), as far as that can be seen without trying.
import { existsSync } from "node:fs";
import { missing } from "../../tools.ts";

/** What starts a guest, and what the agent's units and the scenarios run in it: the guest's root is the machine's own. */
const programs = [
  "unshare nsenter setpriv mount umount pivot_root ip awk find flock hostname",
  "systemctl systemd-analyze systemd-run systemd-sysusers systemd-tmpfiles journalctl",
  "dbus-daemon nft pgrep pkill ps groupadd",
].flatMap((some) => some.split(" "));

/** `more`: programs that this guest needs beside those of every guest. Undefined where it can be tried. */
export function guestMissing(...more: readonly string[]): string | undefined {
  if (process.platform !== "linux") return "a guest with systemd needs Linux";
  if (process.getuid?.() !== 0) return "a guest with systemd needs root";
  if (!existsSync("/lib/systemd/systemd")) return "there is no systemd on this machine";
  return missing(...programs, ...more);
}
