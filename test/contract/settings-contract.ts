// The contract of `Settings` (configuration with its overlay, counters that never pass their maximum) and of `SavedRequests`.
import { runOwner, type Owner } from "../../domain/owner.ts";
import { limits } from "../../domain/limits.ts";
import type { Brake } from "../../domain/brake.ts";
import { describe, expect, it } from "vitest";
import type { Ending, Outcome } from "../../domain/outcome.ts";
import type { Request } from "../../domain/request.ts";
import type { Whole } from "../../cloud/aws/stored-shape.ts";
import { rawRequestOf, requestInputList, requestOf } from "../../entry/request-inputs.ts";
import { furnished } from "../world/world.ts";
import { fresh } from "./newcomers.ts";
import { needs, useStand, type Stand, type StandKind } from "./stand.ts";

/** What the environment of the world is asked for where every input is given: a field that is not stored does not come back. */
function requestOfEveryInput(): Request {
  const run = { runId: "1003", attempt: "1", repository: "acme/shop" };
  const raw = rawRequestOf(run, (name, otherwise) => {
    const { choices, value } = requestInputList.find((input) => input.name === name) ?? {};
    return choices?.at(-1) ?? (value === undefined ? "true" : /^(N|MIN)$/.test(value) ? "2" : otherwise || "gpu");
  });
  const parsed = requestOf(raw, furnished(), { id: () => "0123456789" });
  return parsed.ok ? parsed.request : expect.fail(JSON.stringify(parsed.problems));
}
const full = requestOfEveryInput();

const outcomeAt = (at: number): Whole<Outcome> => ({
  attempt: 1,
  provisionId: "provision",
  repository: "octo-org/octo-repo",
  resourceClass: "large",
  usageClass: "spot",
  at,
  readyMs: 31_000,
  created: 1,
  reused: 1,
  claimsLost: 3,
  usdPerHour: 0.1,
});

const asked: Request = {
  runId: "1001",
  attempt: 1,
  provisionId: "build",
  repository: "acme/shop",
  count: 3,
  resourceClass: "large",
  minimum: { cpu: 2, mmem: 4096 },
  architecture: "arm64",
  usageClass: "spot",
  allowedTypes: ["c*", "m7i.large"],
  labels: ["gpu"],
  fallback: true,
};

export function settingsContract(kind: StandKind): void {
  describe(`Settings on ${kind.name}`, () => {
    let stand: Stand;
    useStand(kind, (opened) => {
      stand = opened;
    });

    it("loads what the stack has written, and an overlay replaces the one before as a whole", async () => {
      const { settings, defaults } = stand;
      expect(await settings.load()).toEqual({ configuration: defaults, defaults, overlay: {} });
      await settings.writeOverlay({ idleMs: 60_000, labels: ["fast"], images: { x64: "ami-0123456789abcdef0" } });
      expect((await settings.load()).configuration).toEqual({
        ...defaults,
        idleMs: 60_000,
        labels: ["fast"],
        images: { x64: "ami-0123456789abcdef0" },
      });
      await settings.writeOverlay({ preRunnerScript: "echo 'x'\nexit 0\n" });
      const loaded = await settings.load();
      expect(loaded.overlay).toEqual({ preRunnerScript: "echo 'x'\nexit 0\n" });
      expect(loaded.configuration.idleMs).toBe(defaults.idleMs);
      await settings.writeOverlay({});
    });

    it("of two who have read the same overlay each changes its own part of it", async () => {
      const { settings } = stand;
      const seen = { idleMs: 60_000, labels: ["fast"], maxUses: 3 };
      await settings.writeOverlay(seen);
      const { labels: _, ...withoutLabels } = seen;
      await settings.writeOverlay({ ...withoutLabels, idleMs: 120_000 }, seen);
      await settings.writeOverlay({ ...seen, idleFloors: { "large/x64": 2 } }, seen);
      expect((await settings.load()).overlay).toEqual({ idleMs: 120_000, maxUses: 3, idleFloors: { "large/x64": 2 } });
      await settings.writeOverlay(seen, seen);
      expect((await settings.load()).overlay).toEqual({ idleMs: 120_000, maxUses: 3, idleFloors: { "large/x64": 2 } });
      await settings.writeOverlay({});
      await settings.writeOverlay({ maxUses: 1 }, {});
      expect((await settings.load()).overlay).toEqual({ maxUses: 1 });
      await settings.writeOverlay({});
    });

    it("reserves in every scope or in none, and names the full one", async () => {
      const { settings } = stand;
      const [wide, narrow] = [fresh("environment"), fresh("partition")];
      const scopes = (most: number) => [
        { name: wide, maximum: 10 },
        { name: narrow, maximum: most },
      ];
      expect((await settings.counter(wide))?.count).toBeUndefined();
      expect(await settings.reserve(3, scopes(4))).toEqual({ kind: "reserved" });
      expect(await settings.reserve(2, scopes(4))).toEqual({ kind: "full", scope: narrow });
      expect([(await settings.counter(wide))?.count, (await settings.counter(narrow))?.count]).toEqual([3, 3]);
      expect(await settings.reserve(1, scopes(4))).toEqual({ kind: "reserved" });
      expect(await settings.reserve(11, [{ name: fresh("never"), maximum: 10 }])).toMatchObject({ kind: "full" });
    });

    it("never passes a maximum, however many reserve at once", async (context) => {
      needs(kind, context, "a conditional write is atomic");
      const { settings } = stand;
      const scope = fresh("crowded");
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, () => settings.reserve(1, [{ name: scope, maximum: 5 }])),
      );
      const reserved = outcomes.filter(({ kind }) => kind === "reserved").length;
      expect(reserved).toBe(5);
      expect((await settings.counter(scope))?.count).toBe(5);
    });

    it("frees, but never below zero, and frees nothing of a scope without a counter", async () => {
      const { settings } = stand;
      const [scope, other, without] = [fresh("freed"), fresh("freed"), fresh("absent")];
      const names = [scope, other].map((name) => ({ name, maximum: 5 }));
      await settings.reserve(5, names);
      await settings.free(2, [scope]);
      // Alone: moto undoes whatever else is written while it rolls a transaction back.
      await settings.free(2, [without]);
      expect((await settings.counter(scope))?.count).toBe(3);
      await settings.free(1, [scope, other]);
      expect([(await settings.counter(scope))?.count, (await settings.counter(other))?.count]).toEqual([2, 4]);
      await settings.free(9, [scope]);
      expect((await settings.counter(scope))?.count).toBe(0);
      expect((await settings.counter(without))?.count ?? 0).toBe(0);
    });

    it("recounts only a counter that has not moved since it was seen, not even away and back", async () => {
      const { settings } = stand;
      const scope = fresh("recounted");
      await settings.recount(scope, undefined, 7);
      const seen = await settings.counter(scope);
      expect(seen).toEqual({ count: 7, reserved: 0 });
      await settings.recount(scope, undefined, 1);
      await settings.recount(scope, { count: 6, reserved: 0 }, 1);
      expect((await settings.counter(scope))?.count).toBe(7);
      await settings.reserve(2, [{ name: scope, maximum: 20 }]);
      await settings.free(2, [scope]);
      await settings.recount(scope, seen, 2);
      const moved = await settings.counter(scope);
      expect(moved).toEqual({ count: 7, reserved: 2 });
      await settings.recount(scope, moved, 2);
      expect(await settings.counter(scope)).toEqual({ count: 2, reserved: 2 });
    });

    it("keeps the brakes as they were written last, field by field", async () => {
      const { settings } = stand;
      const brake: Whole<Brake> = {
        partition: "github:acme/shop",
        resourceClass: "large",
        architecture: "x64",
        imageId: "ami-1",
        templateVersion: "3",
        configHash: "abc",
        lost: 8,
        until: 1_800_000_000_000,
      };
      await settings.writeBrakes([brake]);
      expect((await settings.load()).brakes).toEqual([brake]);
      await settings.writeBrakes([]);
      expect((await settings.load()).brakes ?? []).toEqual([]);
    });

    it("keeps what a run asked for, the newest of each provision", async () => {
      const { requests, now } = stand;
      expect(await requests.ofRun("1001")).toEqual([]);
      await requests.save(asked, now());
      const whole: Request = { ...asked, provisionId: "lint", minCount: 1, timeoutMs: 60_000, label: "runpool-1" };
      await requests.save(full, now());
      expect(await requests.ofRun(full.runId)).toEqual([full]);
      await requests.save({ ...whole, maxRuntimeMs: 1000 }, now());
      await requests.save(whole, now());
      await requests.save({ ...asked, runId: "1002" }, now());
      const kept = await requests.ofRun("1001");
      expect(kept.toSorted((a, b) => a.provisionId.localeCompare(b.provisionId))).toEqual([asked, whole]);
    });

    it("keeps what came of it, and shows what is new since it was told", async () => {
      const { requests, now } = stand;
      const [first, later] = [now(), now() + 1000];
      const outcome = outcomeAt(first);
      expect(await requests.unreported()).toEqual({ from: 0, runs: [] });
      await requests.save({ ...asked, runId: "2001" }, first, outcome);
      await requests.save({ ...asked, runId: "2002", provisionId: "lint" }, first, { ...outcome, provisionId: "lint" });
      // The same attempt again, as after a lost reply; another attempt is another outcome.
      await requests.save({ ...asked, runId: "2001" }, first, { ...outcome, reused: 2 });
      await requests.save({ ...asked, runId: "2001", attempt: 2 }, later, { ...outcome, attempt: 2, at: later });
      await requests.recordOutcome("2001", { ...outcome, attempt: 3, at: later });
      await requests.recordOutcome("2003", outcome);
      const ending: Whole<Ending> = { attempt: 1, at: later };
      await requests.end("2001", ending);
      await requests.end("2001", { attempt: 1, at: later + 5 });
      await requests.end("2001", { attempt: 1, at: later + 5 });
      await requests.end("2003", { attempt: 1, at: later });
      const { from, runs } = await requests.unreported();
      expect(from).toBe(0);
      const [one, two] = runs.toSorted((a, b) => a.runId.localeCompare(b.runId));
      expect(one?.outcomes.toSorted((a, b) => a.attempt - b.attempt)).toEqual([
        { ...outcome, reused: 2 },
        { ...outcome, attempt: 2, at: later },
        { ...outcome, attempt: 3, at: later },
      ]);
      expect(one?.endings.toSorted((a, b) => a.at - b.at)).toEqual([ending, { attempt: 1, at: later + 5 }]);
      expect(two).toEqual({ runId: "2002", outcomes: [{ ...outcome, provisionId: "lint" }], endings: [] });
      expect(await requests.repositories(first - 1)).toEqual([outcome.repository]);
      expect(await requests.repositories(later + 5)).toEqual([]);
      await requests.markReported(first);
      expect((await requests.unreported()).runs.map(({ runId }) => runId)).toEqual(["2001"]);
      expect((await requests.unreported()).from).toBe(first);
      // What is asked for is still there beside it.
      expect((await requests.ofRun("2001")).map(({ attempt }) => attempt)).toEqual([2]);
    });

    it("keeps which provision of a name is under way, until it has come to something, given back, or is too old", async () => {
      const { beginnings, requests, now } = stand;
      const name = { runId: "3001", attempt: 1, provisionId: "provision" };
      const owner = runOwner("3001", 1, "provision");
      const [second, lint] = [runOwner("3001", 2, "provision"), runOwner("3001", 1, "lint")];
      const test: Owner = { kind: "image-test", imageId: "ami-0123456789abcdef0", id: "3001" };
      const [at, since] = [now(), now() - 1000];
      const begin = (id: string, when = at, from = since) => beginnings.begin(owner, { id, at: when, since: from });
      expect(await begin("one")).toBe("one");
      expect(await begin("two")).toBe("one");
      expect(await beginnings.begin(second, { id: "three", at, since })).toBe("three");
      expect(await beginnings.begin(lint, { id: "four", at, since })).toBe("four");
      expect(await beginnings.begin(test, { id: "test", at, since })).toBe("test");
      expect(await beginnings.begin(test, { id: "other", at, since })).toBe("test");
      await beginnings.finish(owner);
      await beginnings.finish(owner);
      expect(await begin("five")).toBe("five");
      // What was asked for alone says nothing of an end; what came of it does.
      await requests.save({ ...asked, ...name }, at);
      expect(await begin("six")).toBe("five");
      await requests.save({ ...asked, ...name }, at, { ...outcomeAt(at), attempt: 1, provisionId: "provision" });
      expect(await begin("seven")).toBe("seven");
      await requests.recordOutcome("3001", { ...outcomeAt(at), attempt: 1, provisionId: "provision" });
      expect(await begin("eight")).toBe("eight");
      expect(await begin("nine", at + 5, at + 1)).toBe("nine");
      // Begun later than anybody's clock can say.
      expect(await begin("forged", at + 2 * limits.aheadMs, at + limits.aheadMs)).toBe("forged");
      expect(await begin("late", at + 5, at)).toBe("late");
      // Of another attempt, and of another name, nothing has come yet.
      expect(await beginnings.begin(second, { id: "ten", at, since })).toBe("three");
      expect(await beginnings.begin(lint, { id: "eleven", at, since })).toBe("four");
    });
  });
}
