// What `runpool status --watch` shows on terminals of many sizes: a picture that fits, and stands where the one before stood.
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { Progress } from "../../entry/cli/progress.ts";
import type { InstanceShown, Snapshot } from "../../entry/cli/snapshot.ts";
import { pictures, statusLines } from "../../entry/cli/status.ts";
import type { Sink } from "../../entry/words/terminal.ts";

const at = Date.UTC(2026, 0, 2, 3, 4, 5);
const instance = (i: number): InstanceShown => ({
  instanceId: `i-0aaaaaaaaaaaaaa${String(i).padStart(2, "0")}`,
  state: "running",
  runId: "17234567890",
  attempt: 2,
  provisionId: "build-and-test-on-all-platforms-and-then-some",
  leaving: i % 2 === 0,
  busy: false,
  retired: false,
  resourceClass: "large",
  architecture: "x64",
  usageClass: "spot",
  instanceType: "m7i-flex.12xlarge",
  zone: "eu-west-1a",
  uses: 1,
  launchedAt: at - 1000,
  ageMs: 1000,
  threshold: at + 60_000,
  leftMs: 60_000,
  heartbeatAgeMs: 1000,
});
const snapshot = (count: number): Snapshot => ({
  environment: "dev",
  region: "eu-west-1",
  at,
  paused: { reason: `${"the image is being replaced ".repeat(5)}until noon`, at: at - 60_000 },
  instances: Array.from({ length: count }, (_, i) => instance(i)),
  pools: [
    {
      resourceClass: "large",
      states: { created: 0, claimed: 0, running: count, idle: 0, terminating: 0, terminated: 0 },
      queued: 0,
    },
  ],
  damaged: [{ key: "arn:aws:ec2:eu-west-1:123456789012:instance/i-0d", problem: "partition is missing, not a string" }],
});

function terminal(columns: number, rows: number) {
  const written: string[] = [];
  const size = { columns, rows };
  const out: Sink = {
    terminal: true,
    columns: () => size.columns,
    rows: () => size.rows,
    write: (text) => void written.push(text),
    paint: (_, text) => text,
  };
  const warned: string[] = [];
  const progress = { warn: (line: string) => void warned.push(line) } as unknown as Progress;
  return { written, size, warned, out, shown: pictures({ json: false, terminal: { out, err: out }, progress }) };
}
/** The lines of a picture, without what moves the cursor. */
const linesOf = (text: string | undefined): readonly string[] => {
  const from = (text ?? "").lastIndexOf("\u001b[H");
  return stripVTControlCharacters((text ?? "").slice(from))
    .split("\n")
    .slice(0, -1);
};

test.each([60, 80, 120, 200])("on %i columns no line is wider, and a long name of a provision ends in …", (columns) => {
  const lines = statusLines(snapshot(3), terminal(columns, 40).out);
  expect(lines.filter((line) => line.length > columns)).toEqual([]);
  const row = lines.find((line) => line.startsWith("i-0")) ?? "";
  expect(row).toMatch(
    columns < 200 ? /17234567890\/2 \S*… / : /17234567890\/2 build-and-test-on-all-platforms-and-then-some /,
  );
});

test("a picture fits the rows: instances are left out, the pools are not; and it follows the terminal's size", () => {
  const { shown, written, size } = terminal(80, 24);
  shown.draw(snapshot(100));
  expect(linesOf(written[0])).toHaveLength(23);
  expect(linesOf(written[0]).slice(0, 2)).toEqual([
    "As of 03:04:05 UTC; press Ctrl-C to stop",
    "dev in eu-west-1: 100 instances",
  ]);
  expect(written[0]).toMatch(/… \d\d more instances\n/);
  expect(written[0]).toMatch(/large +0 +0 +0 +100/);
  size.rows = 60;
  shown.draw(snapshot(100));
  expect(linesOf(written[1])).toHaveLength(59);
  size.rows = 4;
  shown.draw(snapshot(100));
  expect(linesOf(written[2])).toHaveLength(3);
});

test("what the screen showed before is scrolled away once, not overwritten, and lines end at the edge while it draws", () => {
  const { shown, written } = terminal(80, 24);
  const one = { ...snapshot(0), damaged: [], pools: [] };
  shown.draw(one);
  shown.draw(one);
  expect(written.map((text) => text.indexOf("\u001b[?7l\u001b[H"))).toEqual([24, 0]);
  for (const text of written) expect(text.endsWith("\u001b[J\u001b[?7h")).toBe(true);
  // Behind a line as wide as the terminal, clearing the rest of it would take its last character.
  expect(written[0]).not.toContain("\u001b[K\n");
});

test("out of reach, the last picture stays, with its moment and the trouble; without one it is a warning", () => {
  const { shown, written, warned } = terminal(80, 24);
  shown.unreached("no way");
  expect([warned, written]).toEqual([["no way"], []]);
  shown.draw(snapshot(2));
  shown.unreached("Scan on table runpool-dev: ENOTFOUND");
  const lines = linesOf(written[1]);
  expect(lines.slice(0, 2)).toEqual([
    "As of 03:04:05 UTC; press Ctrl-C to stop",
    "Scan on table runpool-dev: ENOTFOUND",
  ]);
  expect(lines.slice(2)).toEqual(linesOf(written[0]).slice(1));
  expect(warned).toHaveLength(1);
});
