// Apt and dpkg are asked again as long as another holds their locks, and not because of anything else.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { recipeFolder } from "./stand-ins.ts";

/** A stock system's own apt, as it holds up another. */
const words = {
  lists: "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)",
  dpkg: "dpkg: error: dpkg frontend lock was locked by another process with pid 812",
  other: "E: Unable to locate package docker.io",
};

const script = `set -eu
exec 3>"$LOG"
trap 'cat "$LOG"' EXIT
. "$1"
sleep() { echo paused >&3; }
apt() { echo asked >&3; [ "$(grep -c asked "$LOG")" -gt "$2" ] || { echo "$1"; return 100; }; }
unlocked apt "$2" "$3"
echo done >&3`;

/** What happens where apt says this so many times before it does what it is asked. */
function asked(said: string, times: number) {
  const folder = mkdtempSync(join(tmpdir(), "apt-care-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const words = ["-c", script, "bash", join(recipeFolder, "install", "apt-care.sh"), said, String(times)];
  const env = { ...process.env, LOG: join(folder, "log") };
  const { stdout, stderr, status } = spawnSync("bash", words, { env, encoding: "utf8" });
  return { lines: stdout.trim().split("\n"), stderr: stderr.trim(), status };
}

test.each([words.lists, words.dpkg])("%s: waited for, then done", (said) => {
  expect(asked(said, 2)).toEqual({
    lines: ["asked", "paused", "asked", "paused", "asked", "done"],
    stderr: "",
    status: 0,
  });
});

test("a lock that is never given up ends the bake, with what apt says", () => {
  const { lines, stderr, status } = asked(words.lists, 1_000);
  expect(lines.filter((line) => line === "asked")).toHaveLength(60);
  expect([stderr, status]).toEqual([words.lists, 1]);
});

test("what is wrong otherwise is said at once", () => {
  expect(asked(words.other, 1)).toEqual({ lines: ["asked"], stderr: words.other, status: 1 });
});
