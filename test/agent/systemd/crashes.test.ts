// On a real systemd: a hung agent, one that is killed again and again, and a dead listener lose no job and double nothing.
import { expect, test } from "vitest";
import { playOnce } from "./play-in-guest.ts";

interface Ended {
  readonly conclusion: string;
  readonly dispatches: number;
}
interface Found {
  readonly hung: Ended & { readonly listeners: number };
  readonly listener: { readonly noticedMs: readonly number[]; readonly conclusion: string };
  readonly again: { readonly killed: number; readonly mostListeners: number; readonly jobs: readonly Ended[] };
  readonly state: string;
  readonly machines: number;
  readonly runners: readonly string[];
  readonly processes: string;
}

let found: Found;
playOnce("survives crashes", (one) => (found = one as Found));

test("the watchdog ends an agent that hangs; the next one takes its run up while the job runs on", () => {
  expect(found.hung).toEqual({ conclusion: "success", dispatches: 1, listeners: 1 });
});

test("a listener that dies is noticed by the agent, and comes back under its registration, each of three times", () => {
  // How soon is bounded without a clock in ../listener-death.test.ts; here it depends on the machine.
  expect(found.listener.noticedMs).toHaveLength(3);
  expect(found.listener.conclusion).toBe("success");
});

test("an agent killed at twenty random moments loses no job and never has two listeners", () => {
  const { killed, jobs, mostListeners } = found.again;
  expect(killed).toBe(20);
  expect(jobs.length).toBeGreaterThan(2);
  for (const job of jobs) expect(job).toEqual({ conclusion: "success", dispatches: 1 });
  expect(mostListeners).toBe(1);
});

test("and leaks nothing: one machine, idle, no runner at GitHub, no process", () => {
  const { machines, state, runners, processes } = found;
  expect({ machines, state, runners, processes }).toEqual({ machines: 1, state: "idle", runners: [], processes: "" });
});
