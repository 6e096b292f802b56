// Registration tokens that GitHub refuses before their time: refresh hears of it by the instances that could not register.
import { expect, test } from "vitest";
import { signalOf } from "../../domain/agent-writes.ts";
import { lastSignalOf, type SignalReport } from "../../domain/record.ts";
import { provision } from "../../control/runs/provision.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { environment, repositories } from "../world/world.ts";
import { registrationTokenParameter } from "../../domain/names.ts";
import { calmWorld, requestOf, wordsIn, type CalmWorld } from "./calm-world.ts";

const minute = 60_000;
const parameterOf = (repository: string): string => registrationTokenParameter(environment, `github:${repository}`);
const [ours, theirs] = [parameterOf(repositories[0]), parameterOf(repositories[1])];

const refreshed = (world: CalmWorld, dryRun = false) => world.does("refresh", (ports) => refresh(ports, { dryRun }));

/** A world whose token for the first repository is none, and in which a provision has found that out. */
async function refused(): Promise<CalmWorld> {
  const world = calmWorld();
  await refreshed(world);
  await world.does("somebody", (ports) => ports.secrets.write(ours, "revoked"));
  const outcome = await world.does("provision", (ports) => provision(ports, requestOf({ timeoutMin: "3" })));
  expect(wordsIn(outcome).join()).toContain("register-failed: token: ");
  return world;
}

test("a token that GitHub has refused is renewed at once, and no other", async () => {
  const world = await refused();
  expect((await refreshed(world)).tokens).toMatchObject({ renewed: [ours], problems: [] });
  const outcome = await world.does("again", (ports) => provision(ports, requestOf({ attempt: "2" })));
  expect(outcome.kind).toBe("ready");
});

test("once renewed it is left alone until half of its life is over, though the records still tell of the one before", async () => {
  const world = await refused();
  await refreshed(world);
  expect(world.table.all().some((record) => lastSignalOf(record)?.kind === "register-failed")).toBe(true);
  expect((await refreshed(world)).tokens.renewed).toEqual([]);
  await world.time.run(world.time.now() + 31 * minute);
  expect((await refreshed(world)).tokens.renewed).toEqual(expect.arrayContaining([ours, theirs]));
});

test("the cause of a failure decides, not its words", async () => {
  const world = await refused();
  await refreshed(world);
  await world.time.run(world.time.now() + minute);
  const all = (report: SignalReport): void => {
    for (const record of world.table.all()) {
      const signal = signalOf("register-failed", record.assignment, world.time.now(), report);
      world.table.forge(record.key, { ...record, [record.signal === undefined ? "lastSignal" : "signal"]: signal }, "");
    }
  };
  all({ cause: "refused", detail: "token: revoked" });
  expect((await refreshed(world)).tokens.renewed).toEqual([]);
  all({ cause: "token", detail: "refused: go away" });
  expect((await refreshed(world)).tokens.renewed).toEqual([ours]);
});

test("a dry run names it once, and writes nothing", async () => {
  const world = await refused();
  expect((await refreshed(world, true)).tokens.renewed).toEqual([ours]);
  expect((await refreshed(world)).tokens.renewed).toEqual([ours]);
});
