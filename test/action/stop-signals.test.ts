// The signals that the runner sends to a step that is cancelled: each is heard, and once.
import { afterEach, expect, test, vi } from "vitest";
import { onStop } from "../../entry/action/stop-signals.ts";

const names = ["SIGINT", "SIGTERM"] as const;
const before = new Map(names.map((name) => [name, process.listeners(name)]));
afterEach(() => {
  for (const name of names)
    for (const listener of process.listeners(name))
      if (before.get(name)?.includes(listener) !== true) process.off(name, listener);
});

test.each([
  ["SIGINT", "SIGTERM"],
  ["SIGTERM", "SIGINT"],
  ["SIGTERM", "SIGTERM"],
] as const)("%s asks to stop, and %s after it neither asks again nor ends the process", (first, second) => {
  const heard = vi.fn();
  const signal = onStop(heard);
  expect(signal.aborted).toBe(false);
  process.emit(first, first);
  expect(signal.aborted).toBe(true);
  expect(heard).toHaveBeenCalledTimes(1);
  // Where nobody listened, the process would end.
  expect(process.emit(second, second)).toBe(true);
  expect(heard).toHaveBeenCalledTimes(1);
});
