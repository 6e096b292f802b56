// What every line of the agent's log says: the machine, and the run and assignment that it serves, as the last record says.
import { expect, test } from "vitest";
import { agentLog } from "../../entry/agent/agent-log.ts";
import { owned, recordOf } from "../control/record-of.ts";
import { agentBench, registration } from "./agent-bench.ts";

const heard = () => {
  const lines: Record<string, unknown>[] = [];
  const log = agentLog({ now: () => 0 }, (line) => void lines.push(JSON.parse(line) as Record<string, unknown>));
  return { log, lines };
};
const at = "1970-01-01T00:00:00.000Z";

test("a line says what is known by then", () => {
  const { log, lines } = heard();
  log.event("agent.status", { status: "waiting" });
  log.instanceIs("i-1");
  log.event("agent.unread", { problem: "no" });
  log.recordIs({ owner: "github:run:7:1:ci", assignment: 3 });
  log.event("agent.registered", { assignment: 3 });
  log.recordIs({ assignment: 3 });
  log.event("agent.retired", { reason: "idle" });
  expect(lines).toEqual([
    { at, event: "agent.status", status: "waiting" },
    { at, event: "agent.unread", instance: "i-1", problem: "no" },
    { at, event: "agent.registered", instance: "i-1", run: "7", assignment: 3 },
    { at, event: "agent.retired", instance: "i-1", assignment: 3, reason: "idle" },
  ]);
});

test("an event of an earlier assignment is not the present run's; a stranger's job keeps the run that it is of", () => {
  const { log, lines } = heard();
  log.recordIs({ owner: "github:run:8:1:ci", assignment: 4 });
  log.event("runner.removed", { assignment: 3 });
  log.event("job.refused", { assignment: 4, run: "666", attempt: "1", job: "build" });
  expect(lines).toEqual([
    { at, event: "runner.removed", assignment: 3 },
    { at, event: "job.refused", assignment: 4, run: "666", attempt: "1", job: "build" },
  ]);
});

test("a line is never longer than the journal keeps in one piece: of long texts the beginning is told", () => {
  const lines: string[] = [];
  const log = agentLog({ now: () => 0 }, (line) => void lines.push(line));
  const lastLines = Array.from({ length: 20 }, () => "ü".repeat(3_000));
  log.event("runner.exited", { assignment: 1, code: 1, lastLines });
  log.event("runner.exited", { assignment: 1, code: 1, lastLines: ["short"] });
  expect(lines.every((line) => Buffer.byteLength(line) < 48 * 1024)).toBe(true);
  const [long, short] = lines.map((line) => JSON.parse(line) as { readonly lastLines: readonly string[] });
  expect(long?.lastLines).toEqual(Array.from({ length: 20 }, () => `${"ü".repeat(1_000)}…`));
  expect(short?.lastLines).toEqual(["short"]);
});

test("the agent tells of each record before it does anything by it", async () => {
  const known: string[] = [];
  const bench = agentBench({ record: recordOf({ ...owned, state: "claimed", registration }) });
  void bench.run({ onRecord: ({ owner, signal }) => known.push(`${owner} ${signal?.kind}`) });
  await bench.until(() => bench.record().signal?.kind === "registered");
  expect(new Set(known)).toEqual(
    new Set(["undefined", "registering", "registered"].map((kind) => `github:run:7:1:ci ${kind}`)),
  );
});
