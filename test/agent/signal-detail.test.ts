// What a signal says beside its kind: however much a script has said, what failed stays in front and the last words at the end.
import { expect, test } from "vitest";
import { shortDetail } from "../../agent/signal-detail.ts";
import { failureOf } from "../../agent/runners/github/registration-outcome.ts";
import { outcomeOf } from "../../agent/hosts/pre-runner.ts";
import { maxima } from "../../domain/limits.ts";
import { owned, recordOf } from "../control/record-of.ts";
import { agentBench, registration } from "./agent-bench.ts";

const size = (text = ""): number => Buffer.byteLength(text);
const lines = Array.from({ length: 20 }, (_none, index) => `line ${index} ${"ü".repeat(150)}`);

test("twenty long lines of a pre-runner script: its exit code is said first, and the oldest lines are dropped", async () => {
  const outcome = outcomeOf(7, undefined, lines);
  const bench = agentBench({
    record: recordOf({ ...owned, state: "claimed" }),
    host: { prepare: () => Promise.resolve(outcome) },
  });
  void bench.run();
  await bench.until(() => bench.record().signal?.kind === "prepare-failed");
  const { detail } = bench.record().signal ?? {};
  const [first, ...rest] = detail?.split("\n") ?? [];
  expect(first).toBe("the pre-runner script ended with 7");
  expect(rest.length).toBeGreaterThan(4);
  expect(rest).toEqual(lines.slice(-rest.length));
  expect(size(detail)).toBeLessThanOrEqual(maxima.signalDetailBytes);
  // One more would not have fitted.
  expect(size(detail) + size(lines.at(-rest.length - 1)) + 1).toBeGreaterThan(maxima.signalDetailBytes);
});

test("twenty long lines of config.sh: the cause and the exit code are said first", async () => {
  const bench = agentBench({
    record: recordOf({ ...owned, state: "claimed", said: "prepared", registration }),
    outcome: failureOf("config.sh ended with 1", lines, "refused"),
  });
  void bench.run();
  await bench.until(() => bench.record().signal?.kind === "register-failed");
  const { cause, detail } = bench.record().signal ?? {};
  expect(cause).toBe("refused");
  expect(detail?.split("\n")[0]).toBe("config.sh ended with 1");
  expect(detail?.split("\n").at(-1)).toBe(lines.at(-1));
  expect(size(detail)).toBeLessThanOrEqual(maxima.signalDetailBytes);
});

test("what fits is left as it is, in bytes and not in characters", () => {
  const fits = `what\n${"ü".repeat(20)}`;
  expect(shortDetail(fits, size(fits))).toBe(fits);
  expect(shortDetail(fits, size(fits) - 1)).toBe(`what\n${"ü".repeat(19)}`);
});

test("a first line longer than everything is cut between two characters", () => {
  expect(shortDetail(`${"ü".repeat(20)}\nlast`, 11)).toBe("ü".repeat(5));
});

test("of a last line that does not fit its beginning is kept", () => {
  expect(shortDetail(`what\n${"x".repeat(9)}\nwhy and much more`, 8)).toBe("what\nwhy");
});
