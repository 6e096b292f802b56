// A program with a time limit, and what it says: all of it ends, and no secret of it is told, however often it stands there.
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { masked } from "../../agent/machine/masked.ts";
import { readProcess } from "../../agent/hosts/process/process-table.ts";
import { runBounded } from "../../agent/machine/run-bounded.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { manualClock } from "../sim/manual-clock.ts";

test("at its time limit the whole process group is killed, what it has started included", async () => {
  const clock = manualClock();
  const begun: number[] = [];
  const ended = runBounded(
    {
      command: "/bin/sh",
      arguments: ["-c", "sleep 600 & echo $!; sleep 600"],
      folder: tmpdir(),
      environment: { PATH: process.env["PATH"] ?? "" },
      limitMs: 1_000,
      said: (line) => {
        begun.push(Number(line));
        void clock.advance(1_000);
      },
    },
    { ...clock, sleep: (ms, wake) => (ms === 1_000 ? clock.sleep(ms, wake) : hostClock.sleep(ms, wake)) },
  );
  expect(await ended).toMatchObject({ code: 137, timedOut: true });
  expect(begun).toHaveLength(1);
  // Killed with the group in one call; its reaper may take a moment.
  const lives = async () => (await readProcess(begun[0] ?? 0))?.zombie === false;
  for (let look = 0; look < 1_000 && (await lives()); look++) await hostClock.sleep(5);
  expect(await lives()).toBe(false);
});

test("a secret is masked each time it stands in a line, and so is each thing that looks like one", () => {
  expect(masked("a SECRET b SECRET c SECRETSECRET", ["SECRET"])).toBe("a *** b *** c ******");
  expect(masked("SECRET and OTHER, OTHER and SECRET", ["SECRET", "OTHER"])).toBe("*** and ***, *** and ***");
  const token = `ghs_${"a".repeat(36)}`;
  expect(masked(`${token} ${token}`, [])).toBe("*** ***");
  const jwt = `eyJ${"a".repeat(20)}.${"b".repeat(20)}.c`;
  expect(masked(`${jwt},${jwt}`, [])).toBe("***,***");
  expect(masked(`RemoteAuth ${"A".repeat(29)}`, [])).toBe("RemoteAuth ***");
  expect(masked("nothing to hide", [""])).toBe("nothing to hide");
  expect(masked("Bearer abcdefgh1 Bearer abcdefgh2", [])).toBe("Bearer *** Bearer ***");
});
