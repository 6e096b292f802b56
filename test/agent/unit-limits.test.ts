// What a unit says in seconds and the code in milliseconds is one thing said twice: here they are held against each other.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { clientOptions } from "../../cloud/aws/client-options.ts";
import { hostLimits } from "../../agent/machine/host-limits.ts";
import { unitFile } from "./unit-files.ts";
import { limits, prepareMs } from "../../domain/limits.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };

/** Of systemd.time(7), "PARSING TIME SPANS", what the units use: "500ms", "90s", "8min", "1min 30s". */
function span(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|min|s|h)/g)];
  if (parts.map(([part]) => part).join("") !== text.replaceAll(" ", "")) throw new Error(`no span of time: ${text}`);
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (unitMs[unit] ?? Number.NaN), 0);
}

function spanOf(unit: string, key: string): number {
  const values = [...readFileSync(unitFile(unit), "utf8").matchAll(new RegExp(`^${key}=(.*)$`, "gm"))];
  if (values.length !== 1) throw new Error(`${unit} says ${key} ${values.length} times`);
  return span(values[0]?.[1] ?? "");
}

test("a span of time is read as systemd reads it, and nothing else is taken for one", () => {
  expect([span("500ms"), span("90s"), span("1min 30s"), span("8min")]).toEqual([500, 90_000, 90_000, 480_000]);
  expect(() => span("8 minutes")).toThrow("no span");
  expect(() => spanOf("runpool-agent.service", "TimeoutNever")).toThrow("0 times");
});

describe("the same moment in both", () => {
  const pairs: readonly (readonly [string, string, string, number])[] = [
    ["the pre-runner script is stopped", "runpool-prepare.service", "TimeoutStartSec", prepareMs(limits.bootMs)],
    ["a boot without an agent ends", "runpool-boot-watchdog.timer", "OnBootSec", limits.bootWatchdogMs],
    ["a runner that does not go is given up", "runpool-runner@.service", "TimeoutStopSec", hostLimits.killMs],
  ];
  test.each(pairs)("%s: %s %s", (_, unit, key, ms) => {
    expect(spanOf(unit, key)).toBe(ms);
  });
});

describe("who waits for another waits longer", () => {
  test("a job's hook for root, which gives back what containers have left", () => {
    const [, tries] = /\{1\.\.(\d+)\}/.exec(readFileSync(unitFile("job-reclaim.sh"), "utf8")) ?? [];
    expect(Number(tries) * 100).toBeGreaterThan(spanOf("runpool-reclaim@.service", "TimeoutStartSec"));
  });

  // A reply that never comes, with all its tries and the SDK's pauses.
  const { maxAttempts, requestHandler } = clientOptions();
  const callMs = maxAttempts * (requestHandler.connectionTimeout + requestHandler.requestTimeout);

  test("the watchdog for the longest turn: its wait, two calls that never answer, and a keep-alive that was just not due", () => {
    const watchdog = spanOf("runpool-agent.service", "WatchdogSec");
    expect(watchdog).toBeGreaterThan(limits.agentTurnMs + 2 * callMs + hostLimits.keepAliveMs);
    // An agent that hangs is started anew while its run's time is not up.
    expect(watchdog).toBeLessThan(limits.bootMs);
  });

  test("systemd for an agent that starts: less than a boot may take, more than a call that never answers", () => {
    const start = spanOf("runpool-agent.service", "TimeoutStartSec");
    expect(start).toBeGreaterThan(callMs);
    expect(start).toBeLessThan(limits.bootMs);
  });

  test("the agent for root: longer than a runner takes to go, and a freeze to be given up", () => {
    expect(hostLimits.requestMs).toBeGreaterThan(spanOf("runpool-runner@.service", "TimeoutStopSec"));
    const stop = readFileSync(unitFile("runner-freeze.sh"), "utf8");
    const looks = Number(/for _ in \{1\.\.(\d+)\}/.exec(stop)?.[1]);
    const pause = Number(/sleep ([\d.]+)/.exec(stop)?.[1]);
    expect(hostLimits.requestMs).toBeGreaterThan(looks * pause * 1_000);
  });

  test("the boot for the pre-runner script, its end included", () => {
    const stopped =
      spanOf("runpool-prepare.service", "TimeoutStartSec") + spanOf("runpool-prepare.service", "TimeoutStopSec");
    expect(stopped).toBeLessThan(limits.bootMs);
  });

  test.each([1_000, 90_000, 240_000, limits.bootMs, 14 * 60_000])(
    "a boot of %i ms leaves room to register",
    (bootMs) => {
      expect(prepareMs(bootMs)).toBeGreaterThanOrEqual(bootMs / 2);
      expect(bootMs - prepareMs(bootMs)).toBeGreaterThanOrEqual(Math.min(120_000, bootMs / 2));
    },
  );

  test("nobody for an agent that is started again: it is back within a second", () => {
    expect(spanOf("runpool-agent.service", "RestartSec")).toBeLessThanOrEqual(1_000);
  });

  test("the host's deadline for the agent's own end: it is looked at often enough to keep within its margin", () => {
    const every = spanOf("runpool-deadline.timer", "OnUnitActiveSec");
    expect(every).toBeLessThan(limits.bootWatchdogMs - limits.bootMs);
  });
});
