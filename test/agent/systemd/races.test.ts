// On a real systemd: a job that begins in the very moment in which its machine is asked to leave is not hit.
import { expect, test } from "vitest";
import { playOnce } from "./play-in-guest.ts";
import type { AgentLine } from "./stage.ts";

interface Found {
  readonly asked: string;
  readonly jobsBefore: number;
  readonly conclusion: string;
  readonly dispatches: number;
  readonly said: readonly string[];
  readonly events: readonly string[];
  readonly processes: string;
  readonly orders: { readonly ended: readonly string[]; readonly left: string };
  readonly instance: string;
  readonly lines: readonly AgentLine[];
}

let found: Found;
playOnce("leave meets a job", (one) => (found = one as Found));

test("a worker that appears between the agent's look and the freeze is found frozen, thawed, and its job ends well", () => {
  expect(found).toMatchObject({ asked: "done", jobsBefore: 0, conclusion: "success", dispatches: 1 });
  expect(found.said.slice(0, 2)).toEqual(["freeze", "thaw"]);
});

test("the agent waits for it, stops its runner afterwards, and answers", () => {
  // What is killed is thawed, by the stop and once more by the destruction of its root.
  expect(found.said.slice(-5)).toEqual(["freeze", "stop", "thaw", "killed", "thaw"]);
  expect(found.events[0]).toBe("agent.waiting-for-job");
  expect(found.events.at(-1)).toBe("agent.cleaned");
  expect(found.processes).toBe("");
});

test("a root's end that is asked for while its start is under way waits for it: nothing is started in what has been destroyed", () => {
  expect(found.orders).toEqual({ ended: ["start", "destroy"], left: "" });
});

test("every line of the agent in the journal says whose machine it is: instance, run and assignment, as soon as each is known", () => {
  const { lines, instance } = found;
  const owned = lines.slice(lines.findIndex(({ event }) => event === "runner.config-said"));
  expect(owned.map(({ event }) => event)).toEqual(
    expect.arrayContaining(["runner.configured", "runner.online", "agent.registered", "job.started", "agent.cleaned"]),
  );
  for (const line of owned) expect(line).toMatchObject({ instance, run: "1001", assignment: 1 });
});
