// A guest ends with the process that plays it, and leaves neither processes nor cgroups nor folders, however that one ends.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import { hostClock } from "../../../entry/host-clock.ts";
import { guestMissing } from "./guest-missing.ts";

const script = join(import.meta.dirname, "with-systemd.sh");
const player = `require("node:child_process").spawn(process.argv[1], process.argv.slice(2), { stdio: "inherit" })`;
const limit = { timeout: 240_000 };

/** Looks again and again, until the test's own limit. */
async function until(fits: () => boolean): Promise<void> {
  while (!fits()) await hostClock.sleep(50);
}

const linesOf = (path: string): readonly string[] => {
  try {
    return readFileSync(path, "utf8").split(/[\0\n]/);
  } catch {
    return [];
  }
};
const processesWith = (argument: string): readonly string[] =>
  readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && linesOf(`/proc/${pid}/cmdline`).includes(argument));

/** Every folder that is a guest's: in /tmp, and in each tree of cgroups. */
function placesOf(name: string): readonly string[] {
  const trees = linesOf("/proc/mounts").flatMap((line) => /^\S+ (\S+) cgroup2? /.exec(line)?.[1] ?? []);
  return [`/tmp/${name}`, `/tmp/${name}.console`, `/tmp/${name}.lock`, ...trees.map((tree) => join(tree, name))].filter(
    (path) => existsSync(path),
  );
}

/** The guest's name, of the process that holds its lock. */
function lockedBy(pid: string): string | undefined {
  try {
    return /^\/tmp\/(guest\.\w+)\.lock$/.exec(readlinkSync(`/proc/${pid}/fd/9`))?.[1];
  } catch {
    return undefined;
  }
}

interface Guest {
  readonly child: ChildProcess;
  /** An argument that processes of this guest alone have. */
  readonly mark: string;
  readonly name: string;
}

/** A guest that has booted and does nothing. */
async function bootIdle(context: TestContext, command: string, ...before: readonly string[]): Promise<Guest> {
  const why = guestMissing();
  if (why !== undefined) context.skip(why);
  const mark = `guest of ${process.pid}, ${hostClock.now()}`;
  const inside = ["bash", "-c", "sleep infinity & echo up; wait", mark];
  const child = spawn(command, [...before, ...inside], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  for await (const line of createInterface(child.stdout)) {
    said += `${line}\n`;
    if (line !== "up") continue;
    const name =
      processesWith(mark)
        .map(lockedBy)
        .find((one) => one !== undefined) ?? "";
    expect(placesOf(name)).toEqual(expect.arrayContaining([`/tmp/${name}.lock`]));
    expect(placesOf(name).length).toBeGreaterThan(3);
    return { child, mark, name };
  }
  return context.skip(said);
}

test("the player is killed: its guest is gone, and nothing of it is left", limit, async (context) => {
  const { child, mark, name } = await bootIdle(context, process.execPath, "-e", player, script);
  child.kill("SIGKILL");
  await until(() => processesWith(mark).length === 0 && placesOf(name).length === 0);
});

test(
  "what boots it is killed: its processes are gone, and the next guest takes the rest away",
  limit,
  async (context) => {
    const { child, mark, name } = await bootIdle(context, script);
    child.kill("SIGKILL");
    await until(() => processesWith(mark).length === 0);
    const left = placesOf(name);
    expect(left).toContain(`/tmp/${name}.lock`);
    expect(spawnSync(script, ["true"]).status).toBe(0);
    expect(placesOf(name)).toEqual([]);
  },
);

test("a guest that lives is left alone by the next one", limit, async (context) => {
  const { child, mark, name } = await bootIdle(context, script);
  const places = placesOf(name);
  expect(spawnSync(script, ["true"]).status).toBe(0);
  expect(placesOf(name)).toEqual(places);
  expect(processesWith(mark)).not.toEqual([]);
  child.kill("SIGTERM");
  await until(() => processesWith(mark).length === 0 && placesOf(name).length === 0);
});
