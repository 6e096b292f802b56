// On a real systemd: an instance that is claimed by a just-in-time configuration boots, serves its one job, and goes back to the pool.
import { expect, test } from "vitest";
import { jitConfigurationParameter, runnerName } from "../../../domain/names.ts";
import { place } from "../../../entry/laptop/environment.ts";
import { decoys } from "./job-secrets.ts";
import type { JournalSecrets } from "./journal-secrets.ts";
import { playOnce } from "./play-in-guest.ts";

interface Found {
  readonly instance: string;
  readonly runners: readonly { readonly name: string; readonly ephemeral: boolean; readonly status: string }[];
  readonly held: string;
  readonly conclusion: string;
  readonly looked: readonly string[];
  readonly over: { readonly state: string; readonly wanted: string; readonly detail: string; readonly retiredAt: null };
  readonly atGithub: number;
  readonly left: string;
  readonly found: readonly { readonly kind: string; readonly done: boolean }[];
  readonly deleted: readonly string[];
  readonly kept: number;
  readonly idle: { readonly state: string; readonly owner: string | null };
  readonly next: { readonly conclusion: string; readonly assignment: number };
  readonly restarts: number;
  readonly events: readonly string[];
  readonly secrets: JournalSecrets;
}

let found: Found;
playOnce("serves just in time", (one) => (found = one as Found));

test("the runner that GitHub has made is up by its configuration alone, and does the job", () => {
  const { instance, runners, conclusion } = found;
  expect(runners).toEqual([{ name: runnerName(place, instance, 1), ephemeral: true, status: "online" }]);
  expect(conclusion).toBe("success");
});

test("the configuration is in no process, no file and no line of the journal, and no job can lay hands on it", () => {
  const { held, looked, secrets } = found;
  // Those that were put there to be found.
  expect(held.split("\n")).toEqual(["1", "1"]);
  const finds = looked.filter((line) => /^(variables|processes|files): /.test(line));
  expect(finds.filter((line) => !line.includes("decoy"))).toEqual([]);
  expect(
    finds.some((line) => line.includes("decoy on a command line")),
    Object.keys(decoys).join(),
  ).toBe(true);
  expect(secrets.looked).toMatchObject({ "just-in-time configuration": 1, "registration token": 1 });
  expect(secrets.leaked).toEqual([]);
  expect(secrets.planted).toContain("just-in-time configuration");
});

test("after the one job, in which its agent was killed, the assignment is over: the runner is gone everywhere, the next agent says so and registers no more", () => {
  const { over, atGithub, left, events, restarts } = found;
  expect(restarts).toBe(1);
  expect(over).toMatchObject({ wanted: "serve", retiredAt: null, detail: expect.stringMatching(/one job .* over/) });
  expect([atGithub, left]).toEqual([0, ""]);
  const first = events.slice(0, events.indexOf("agent.deregistered") + 1);
  expect(first.filter((name) => name === "runner.configured")).toHaveLength(1);
  expect(first.filter((name) => name === "runner.exited" || name === "agent.registration-failed")).toEqual([]);
  expect(first.slice(-2)).toEqual(["agent.cleaned", "agent.deregistered"]);
});

test("refresh gives the machine to the pool and deletes what has been read; the machine then serves a run by token", () => {
  const { instance } = found;
  expect(found.found).toEqual([{ kind: "make-idle", done: true }]);
  expect(found.deleted).toEqual([jitConfigurationParameter(place.environment, instance, 1)]);
  expect(found.kept).toBe(0);
  expect(found.idle).toEqual({ state: "idle", owner: null });
  expect(found.next).toEqual({ conclusion: "success", assignment: 2 });
});
