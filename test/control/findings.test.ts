// What refresh finds: one judgement a record.
import { describe, expect, test } from "vitest";
import type { MachineSeen } from "../../cloud/ports/fleet.ts";
import { findingOf, overdue, unrecorded, type Facts, type OurRunner } from "../../control/refresh/findings.ts";
import { longestLifeMs } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { runnerName } from "../../domain/names.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import { configuration, now, owned, recordOf } from "./record-of.ts";

const machine = (changes: Partial<MachineSeen> = {}): MachineSeen => ({
  instanceId: "i-0123456789abcdef0",
  state: "running",
  launchedAt: now - 30 * 60_000,
  tags: {},
  ...changes,
});

const factsWith = (machines: readonly MachineSeen[], changes: Partial<Facts> = {}): Facts => ({
  configuration,
  now,
  seen: new Map(machines.map((one) => [one.instanceId, one])),
  images: new Map([["large/x64", "ami-1"]]),
  releases: [],
  listed: { runners: [], scopes: new Set() },
  ...changes,
});

const found = (
  record: InstanceRecord,
  machines: readonly MachineSeen[] = [machine()],
  changes: Partial<Facts> = {},
): string => {
  const finding = findingOf(record, factsWith(machines, changes));
  if (finding === undefined) return "nothing";
  return finding.kind === "condemn" ? `${finding.by}${finding.ended === undefined ? "" : ", ended"}` : finding.kind;
};

describe("a record whose machine lives", () => {
  test("that is idle with a runner which GitHub soon refuses is evicted, in its last days alone", () => {
    const day = 24 * 3_600_000;
    const vitals = { listener: "none", jobs: 0, diskFree: 0.8, runnerVersion: "2.330.0" } as const;
    const out = (days: number) => [{ version: "2.331.0", publishedAt: now - days * day }];
    const released = (days: number): string => found(recordOf({ vitals }), [machine()], { releases: out(days) });
    expect([released(27), released(28), released(31)]).toEqual(["nothing", "condemn-evicted", "condemn-evicted"]);
    expect(found(recordOf({ vitals, state: "running", owner: "a" }), [machine()], { releases: out(29) })).toBe(
      "nothing",
    );
    expect(found(recordOf(), [machine()], { releases: out(29) })).toBe("nothing");
  });
  test("that is idle, fresh and up to date is left alone", () => expect(found(recordOf())).toBe("nothing"));
  test.for(["created", "claimed", "running", "idle"] as const)("past its threshold as %s is condemned", (state) => {
    expect(found(recordOf({ ...(state === "idle" ? {} : owned), state, threshold: now }))).toBe("condemn-expired");
  });
  test("whose agent has retired is condemned", () =>
    expect(found(recordOf({ ...owned, state: "running", retiredAt: now - 1 }))).toBe("condemn-retired"));
  test("that is idle and silent for more than a minute is condemned", () => {
    expect(found(recordOf({ heartbeatAt: now - 60_001 }))).toBe("condemn-silent");
    expect(found(recordOf({ heartbeatAt: now - 60_000 }))).toBe("nothing");
  });
  test.for([
    ["from another age", { heartbeatAt: now + 120_000 }, "condemn-silent"],
    ["that is not there", {}, "condemn-silent"],
  ] as const)("that is idle with a heartbeat %s is silent", ([, changes, kind]) => {
    const { heartbeatAt: _, ...rest } = recordOf();
    expect(found({ ...rest, ...changes })).toBe(kind);
  });
  test("whose instance has written what no agent writes is evicted while it idles, and serves to its threshold", () => {
    expect(found(recordOf({ spoilt: ["version"] }))).toBe("condemn-evicted");
    expect(found(recordOf({ ...owned, state: "running", spoilt: ["version"] }))).toBe("nothing");
  });
  test("with a threshold further ahead than any move sets counts as past it", () => {
    const ahead = limits.longestRuntimeMs + limits.aheadMs;
    expect(found(recordOf({ ...owned, state: "running", threshold: now + ahead }))).toBe("nothing");
    expect(found(recordOf({ ...owned, state: "running", threshold: now + ahead + 1 }))).toBe("condemn-expired");
  });
  test("that is claimed and silent is left to its threshold", () =>
    expect(found(recordOf({ ...owned, state: "claimed", heartbeatAt: now - 120_000 }))).toBe("nothing"));
  test("that has left its run is made idle", () =>
    expect(found(recordOf({ ...owned, state: "running", wanted: "leave", said: "deregistered" }))).toBe("make-idle"));
  test("that has left by itself, its one job done, is made idle too", () => {
    for (const state of ["created", "claimed", "running"] as const)
      expect(found(recordOf({ ...owned, state, said: "deregistered" }))).toBe("make-idle");
    expect(found(recordOf({ ...owned, state: "running", said: "registered" }))).toBe("nothing");
  });
  test("that left in an earlier assignment is not", () =>
    expect(
      found(
        recordOf({
          ...owned,
          state: "running",
          wanted: "leave",
          assignment: 2,
          signal: { kind: "deregistered", rank: 9, assignment: 1, at: 1 },
        }),
      ),
    ).toBe("nothing"));
  test("that was asked to leave and is silent needs GitHub's proof", () =>
    expect(found(recordOf({ ...owned, state: "running", wanted: "leave", heartbeatAt: now - 61_000 }))).toBe("prove"));
  test("that was created for the floor and is prepared is parked", () =>
    expect(found(recordOf({ state: "created", assignment: 0, said: "prepared" }))).toBe("park"));
  test.for([
    ["an image that is no longer the one", { images: new Map([["large/x64", "ami-2"]]) }, {}],
    ["a configuration that is no longer deployed", {}, { configHash: "old" }],
    ["a launch template that has a newer version", {}, { templateVersion: "0" }],
    ["more age than allowed", {}, { launchedAt: now - configuration.maxAgeMs - 1 }],
    ["hardly any disk left", {}, { vitals: { listener: "none", jobs: 1, diskFree: 0.05 } }],
  ] as const)("that is idle with %s is evicted", ([, facts, record]) => {
    expect(found(recordOf(record), [machine()], facts)).toBe("condemn-evicted");
    expect(found(recordOf({ ...record, ...owned, state: "running" }), [machine()], facts)).toBe("nothing");
  });
});

describe("a record whose machine is gone", () => {
  const ended = machine({ state: "terminated" });
  test.for(["created", "claimed", "running", "idle"] as const)("is condemned as %s, and confirmed at once", (state) =>
    expect(found(recordOf({ state }), [ended])).toBe("condemn-gone, ended"),
  );
  test("is not yet confirmed while EC2 is shutting it down", () =>
    expect(found(recordOf(), [machine({ state: "shutting-down" })])).toBe("condemn-gone"));
  test("is judged by EC2's state, whatever words its reason has", () => {
    const reason = "Server.ScheduledStop: The instance was stopped due to a scheduled retirement.";
    expect(found(recordOf({ state: "terminating" }), [machine({ state: "terminated", reason })])).toBe("confirm");
    expect(found(recordOf(), [machine({ state: "terminated", reason })])).toBe("condemn-gone, ended");
  });
  test("is not forgotten while it is stopped: its disks are paid for, and it may be started again", () => {
    for (const state of ["stopping", "stopped"] as const) {
      const stopped = [machine({ state, reason: "terminated by nobody" })];
      expect(found(recordOf(), stopped)).toBe("condemn-gone");
      expect(found(recordOf({ state: "terminating" }), stopped)).toBe("end-again");
    }
  });
  test("is confirmed when it was condemned before", () =>
    expect(found(recordOf({ state: "terminating" }), [ended])).toBe("confirm"));
  test("is asked to end again while EC2 still runs it", () =>
    expect(found(recordOf({ state: "terminating" }))).toBe("end-again"));
  test("is left alone once terminated", () =>
    expect(found(recordOf({ state: "terminated" }), [ended])).toBe("nothing"));
  test("counts as gone by EC2's silence only after its grace", () => {
    expect(found(recordOf({ launchedAt: now - 110_000 }), [])).toBe("nothing");
    expect(found(recordOf({ launchedAt: now - 130_000 }), [])).toBe("condemn-gone, ended");
    expect(found(recordOf({ state: "terminating", launchedAt: now - 110_000 }), [])).toBe("end-again");
  });
});

test("a machine of ours without a record is a stray only after the boot limit", () => {
  const young = machine({ instanceId: "i-1", launchedAt: now - configuration.bootMs + 1 });
  const old = machine({ instanceId: "i-2", launchedAt: now - configuration.bootMs - 1 });
  const ending = machine({ instanceId: "i-3", launchedAt: now - configuration.bootMs - 1, state: "shutting-down" });
  const known = machine({ instanceId: "i-4", launchedAt: now - configuration.bootMs - 1 });
  const stopped = machine({ instanceId: "i-5", launchedAt: now - configuration.bootMs - 1, state: "stopped" });
  const strays = unrecorded([young, old, ending, known, stopped], new Set(["i-4"]), { configuration, now });
  expect(strays.map(({ instanceId }) => instanceId)).toEqual(["i-2", "i-5"]);
});

describe("a serving instance that is silent", () => {
  const long = { ...owned, state: "running", heartbeatAt: now - limits.hungMs - 1 } as const;
  const name = runnerName(configuration, "i-0123456789abcdef0", 1);
  const runner = { id: 1, name, online: false, busy: false, labels: [], scope: "acme/shop" };
  const scopes = new Set(["acme/shop"]);
  const judged = (record: InstanceRecord, runners: readonly OurRunner[], known: ReadonlySet<string> = scopes): string =>
    found(record, [machine()], { listed: { runners, scopes: known } });

  test("for minutes, and offline at GitHub or unknown there, is to be proved", () => {
    expect(judged(recordOf(long), [runner])).toBe("prove");
    expect(judged(recordOf(long), [])).toBe("prove");
    expect(judged(recordOf({ ...long, state: "claimed" }), [runner])).toBe("prove");
    expect(judged(recordOf({ ...long, heartbeatAt: now + 120_000 }), [runner])).toBe("prove");
  });
  test("is left alone while GitHub shows it online or busy, or gives no list", () => {
    expect(judged(recordOf(long), [{ ...runner, online: true }])).toBe("nothing");
    expect(judged(recordOf(long), [{ ...runner, busy: true }])).toBe("nothing");
    expect(judged(recordOf(long), [], new Set())).toBe("nothing");
    expect(judged(recordOf(long), [], new Set(["acme/other"]))).toBe("nothing");
  });
  test("is left alone while it may be registering, or has been silent for less", () => {
    expect(judged(recordOf({ ...long, said: "registering" }), [])).toBe("nothing");
    expect(judged(recordOf({ ...long, heartbeatAt: now - limits.hungMs }), [])).toBe("nothing");
    expect(judged(recordOf({ ...long, state: "created" }), [])).toBe("nothing");
  });
});

describe("a machine that is ended whatever its record says", () => {
  const longest = longestLifeMs(configuration);
  const late = (record: InstanceRecord, one: MachineSeen, ending: readonly string[] = []): readonly string[] => [
    ...overdue([one], [record], new Set(ending), { configuration, now }).keys(),
  ];
  const id = "i-0123456789abcdef0";
  const serving = { ...owned, state: "running" } as const;

  test("is older, by EC2's launch time, than any may become", () => {
    expect(late(recordOf(serving), machine({ launchedAt: now - longest }))).toEqual([]);
    expect(late(recordOf(serving), machine({ launchedAt: now - longest - 1 }))).toEqual([id]);
    expect(late(recordOf({ state: "terminated" }), machine({ launchedAt: now - longest - 1 }))).toEqual([id]);
    expect(late(recordOf(serving), machine({ launchedAt: now - longest - 1, state: "shutting-down" }))).toEqual([]);
  });
  test("has been past its threshold for so long that it cannot be condemned", () => {
    expect(late(recordOf({ ...serving, threshold: now - limits.overdueMs }), machine())).toEqual([]);
    expect(late(recordOf({ ...serving, threshold: now - limits.overdueMs - 1 }), machine())).toEqual([id]);
    expect(late(recordOf({ ...serving, threshold: 9e15 }), machine())).toEqual([id]);
  });
  test("but not one whose end has been asked for already", () => {
    expect(late(recordOf({ ...serving, threshold: 9e15 }), machine(), [id])).toEqual([]);
  });
  test("so the longest life has room for whatever a workflow may ask for", () => {
    expect(longest).toBeGreaterThan(configuration.maxAgeMs + configuration.provisionMs + limits.longestRuntimeMs);
  });
});
