// A disk that a job has filled: the agent's writes fail and its looks do not, for a release is what makes room.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readBeginning } from "../../agent/machine/disk-state.ts";
import { readJobEvents } from "../../agent/runners/github/job-hooks.ts";
import { startMark } from "../../cloud/ports/sandbox.ts";
import { githubEnrolment } from "../../agent/runners/github/enrolment.ts";
import { runnerMaxima } from "../../agent/runners/github/runner-limits.ts";
import { githubRunner } from "../../agent/runners/github/github-runner.ts";
import type { LogEvent } from "../../domain/events.ts";
import { enrolmentOptions } from "./agent-options.ts";
import { unitHostOn, unitSandboxOn } from "./on-systemd.ts";
import { stillSandbox } from "./still-sandbox.ts";
import { manualClock } from "../sim/manual-clock.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** `fill` makes every write of the file fail, as a full disk does (for root too); `room` ends that. */
function stateWith(name: string) {
  const stateDirectory = mkdtempSync(join(tmpdir(), "full-disk-"));
  folders.push(stateDirectory);
  const file = join(stateDirectory, name);
  const events: string[] = [];
  return {
    stateDirectory,
    file,
    events,
    log: { event: (...[event]: LogEvent) => void events.push(event) },
    fill: () => {
      rmSync(file, { force: true });
      mkdirSync(join(file, "in the way"), { recursive: true });
    },
    room: () => rmSync(file, { recursive: true }),
  };
}

test("the deadline before stays, and the new one is armed once there is room again", async () => {
  const disk = stateWith("deadline");
  const clock = manualClock();
  const host = unitHostOn(disk.stateDirectory, { clock, log: disk.log });
  disk.fill();
  const at = clock.now() + 60_000;
  await host.deadline(at);
  await host.deadline(at);
  expect(disk.events).toEqual(["host.deadline-not-armed"]);
  expect(readdirSync(disk.stateDirectory)).toEqual(["deadline"]);
  disk.room();
  await host.deadline(at);
  expect(readFileSync(disk.file, "utf8")).toMatch(/^boot-1 \d+\n$/);
  expect(disk.events).toEqual(["host.deadline-not-armed", "host.deadline-armed"]);
});

test("of a hooks' file that a job has filled only the beginning is read", async () => {
  const disk = stateWith("jobs");
  expect(await readBeginning(disk.file, 100)).toBeUndefined();
  const line = "started\t1\t7\t1\tbuild\n";
  writeFileSync(disk.file, line);
  expect(await readBeginning(disk.file, 100)).toBe(line);
  // No text of JavaScript's is as long: reading it whole would end the agent, again and again.
  truncateSync(disk.file, 3 * 2 ** 30);
  expect(await readBeginning(disk.file, line.length + 2)).toBe(`${line}\0\0`);
  mkdirSync(join(disk.stateDirectory, "1"));
  renameSync(disk.file, join(disk.stateDirectory, "1", "jobs"));
  const { jobs } = await unitSandboxOn(disk.stateDirectory).look(1);
  expect(readJobEvents(jobs)).toEqual([{ name: "job.started", run: "7", attempt: "1", job: "build" }]);
});

test("the end of a job is told once, though what has been told cannot be written down", async () => {
  const disk = stateWith("runner.json");
  const log = `${startMark}\n2026-01-05 12:00:00Z: Listening for Jobs\n`;
  let jobs = "";
  const secrets = { read: async () => ({ value: "ASECRET", writtenAt: 0 }) };
  const sandbox = stillSandbox(() => ({ listener: "running", log, jobs }));
  const runner = githubRunner(sandbox, {
    enrolment: githubEnrolment(enrolmentOptions("dev", "i-0abc", secrets)),
    stateDirectory: disk.stateDirectory,
    bootId: "boot-1",
    hooksDirectory: "",
    clock: manualClock(),
    log: disk.log,
  });
  const registration = [{ forge: "github", scope: "acme/shop", labels: ["7"], kind: "token" }];
  await runner.enrol({ assignment: 1, partition: "github:acme/shop", registration });
  disk.events.length = 0;
  disk.fill();
  jobs = "started\t1\t7\t1\tbuild\ncompleted\t9\t7\t1\tbuild\n";
  expect(await runner.state()).toMatchObject({ listener: "online", busy: false });
  await runner.state();
  expect(disk.events).toEqual(["job.started", "job.completed", "runner.unsaved"]);
  disk.room();
  // One that writes without end is told of bit by bit.
  disk.events.length = 0;
  jobs += "started\t1\t7\t1\tmade-up\n".repeat(50_000);
  const looks = [];
  for (let look = 0; look < 3; look++) {
    await runner.state();
    looks.push(disk.events.splice(0).length);
  }
  expect(looks).toEqual([1, 2, 3].map(() => runnerMaxima.jobEvents));
  await runner.clean(1);
  expect((await runner.state()).assignment).toBeUndefined();
});
