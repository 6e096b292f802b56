// A class that was taken out: its idle instances end, its queue is emptied, floors of it are told, and then it may be forgotten.
import { worded } from "../../entry/words/reasons.ts";
import { expect, test } from "vitest";
import { environment, type ControlPorts } from "../world/world.ts";
import { examineRetired, judgeRetired } from "../../control/operate/doctor/retired.ts";
import { refresh } from "../../control/refresh/refresh.ts";
import { floorsOf } from "../../control/refresh/floor.ts";
import { partitionScopes } from "../../control/refresh/tokens.ts";
import { removalOf } from "../../control/refresh/retired-classes.ts";
import { staleness } from "../../control/pool/staleness.ts";
import { retiredClassesOf } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { refreshLines } from "../../entry/cli/refresh-lines.ts";
import type { Sink } from "../../entry/words/terminal.ts";
import { rawRequestOf, requestOf } from "../../entry/request-inputs.ts";
import { calmWorld, problemsIn } from "./calm-world.ts";
import { configuration, now, recordOf } from "./record-of.ts";

const minute = 60_000;
const queues = { ...configuration.queues, huge: { url: "huge", unreadableUrl: "huge-unreadable" } };

test("classes with a queue that are no classes any more are the retired ones", () => {
  expect(retiredClassesOf(configuration)).toEqual([]);
  expect(retiredClassesOf({ ...configuration, queues })).toEqual(["huge"]);
});

test("a provision that asks for a retired class is told so, with the classes that there are", () => {
  const repository = configuration.forge.repositories[0] ?? "";
  const run = { runId: "1001", attempt: "1", repository };
  const raw = rawRequestOf(run, (name, otherwise) => (name === "resource-class" ? "huge" : otherwise));
  const parsed = requestOf(raw, { ...configuration, queues }, { id: () => "0" });
  expect(parsed).toEqual({
    ok: false,
    problems: [
      {
        field: "resourceClass",
        given: "huge",
        rule: expect.stringMatching(/^it is retired; this environment has "large", /) as unknown,
      },
    ],
  });
});

test("an idle instance of a retired class is not handed on, whatever its template", () => {
  const templates = { ...configuration.templates, "huge/x64": { id: "lt-1", version: "1" } };
  const record = recordOf({ resourceClass: "huge" });
  expect(staleness(record, { ...configuration, queues, templates }, now)).toEqual({
    code: "class-retired",
    resourceClass: "huge",
  });
});

/** The environment as it is once `large` has been taken out. */
const taken = (ports: ControlPorts): ControlPorts => ({
  ...ports,
  settings: {
    ...ports.settings,
    load: async () => {
      const loaded = await ports.settings.load();
      const { large: _, ...resourceClasses } = loaded.configuration.resourceClasses;
      return {
        ...loaded,
        configuration: { ...loaded.configuration, resourceClasses },
        defaults: { ...loaded.defaults, resourceClasses },
      };
    },
  },
});

test("refresh ends the idle instances of a retired class, empties its queue, and then says that it may be removed", async () => {
  const world = calmWorld({ idleFloors: { "large/x64": 1 } });
  const pass = (ms: number) => world.time.run(world.time.now() + ms);
  await world.does("floor", (ports) => refresh(ports));
  await pass(2 * minute);
  await world.does("park", (ports) => refresh(ports));
  const idle = world.table.all();
  expect(idle.map(({ state }) => state)).toEqual(["idle", "idle"]);

  const look = await world.does("look", (ports) => refresh(taken(ports), { dryRun: true }));
  expect(look.retired).toEqual([{ resourceClass: "large", instances: 2, messages: 2, unreadable: 0 }]);
  const first = await world.does("first", (ports) => refresh(taken(ports)));
  expect(first.findings.map(({ why, done }) => [why.code, done])).toEqual(idle.map(() => ["class-retired", true]));
  expect(problemsIn(first)).toEqual(["idle floor of large/x64: class large is retired: take it out of idleFloors"]);
  expect(first.floor).toEqual({ extended: 0, created: 0 });
  expect(first.retired).toEqual([{ resourceClass: "large", instances: 2, messages: 0, unreadable: 0 }]);
  await pass(limits.terminateMs);
  await world.does("confirm", (ports) => refresh(taken(ports)));
  const last = await world.does("last", (ports) => refresh(taken(ports)));
  expect(last.retired).toEqual([{ resourceClass: "large", instances: 0, messages: 0, unreadable: 0 }]);
  const sink = { paint: (_: string, text: string) => text } as Sink;
  const lines = refreshLines(worded(last), environment, false, sink);
  expect(lines.at(-1)).toBe(
    `class large is retired and empty: remove it from \`retiredClasses\` in the file of environment "${environment}"`,
  );
  expect(refreshLines(worded(first), environment, false, sink).at(-1)).toBe(
    "class large is retired: 2 instances, about 0 messages, 0 unreadable left",
  );
});

test("a retired class with messages that nobody could read is not empty to refresh either: the deployment would be refused", async () => {
  const world = calmWorld();
  const unreadable = { kind: "unreadable", receipt: "none", body: "{}", problem: "no key" } as const;
  await world.does("somebody", ({ pool }) => pool.setAside("large", unreadable));
  const report = await world.does("refresh", (ports) => refresh(taken(ports)));
  expect(report.retired).toEqual([{ resourceClass: "large", instances: 0, messages: 0, unreadable: 1 }]);
  const sink = { paint: (_: string, text: string) => text } as Sink;
  expect(refreshLines(worded(report), environment, false, sink).at(-1)).toBe(
    "class large is retired: 0 instances, about 0 messages, 1 unreadable left",
  );
});

test("the doctor on a retired partition and a retired architecture: what is left of each, then that it may be taken out", () => {
  const [own = ""] = [...partitionScopes(configuration).keys()];
  const kept = {
    classes: ["large"],
    partitions: { [own]: "octo-org/octo-repo", web: "octo-org" },
    machines: ["large/x64", "large/arm64", "huge/x64"],
    zones: [],
    all: {},
  };
  const { "large/arm64": _, ...templates } = configuration.templates;
  const retired = { ...configuration, kept, queues, templates };
  const left = recordOf({ partition: "web", architecture: "arm64" });
  const checksOf = (records: readonly (typeof left)[]) =>
    examineRetired(retired, records).map(({ name, verdict, found }) => [name, verdict, found]);
  expect(checksOf([left])).toEqual([
    ["partition web", "ok", "it is retired: instances left: 1"],
    ["machines large/arm64", "ok", "it is retired: instances left: 1"],
  ]);
  expect(checksOf([{ ...left, state: "terminated" }])).toEqual([
    ["partition web", "warn", expect.stringContaining("remove it from `retiredPartitions`")],
    ["machines large/arm64", "warn", expect.stringContaining("remove it from `retiredArchitectures`")],
  ]);
  expect(examineRetired(configuration, [left])).toEqual([]);
});

test("a retired partition's tokens are renewed and its runners looked for, and no floor is kept in it", () => {
  const kept = { classes: [], partitions: { web: "octo-org" }, machines: [], zones: [], all: {} };
  const retired = { ...configuration, kept, idleFloors: { "large/x64": 1 } };
  expect(partitionScopes(retired).get("web")).toBe("octo-org");
  expect(partitionScopes(retired).size).toBe(partitionScopes(configuration).size + 1);
  expect(floorsOf(retired)).toEqual(floorsOf({ ...configuration, idleFloors: retired.idleFloors }));
});

const queue = { retentionMs: limits.poolRetentionMs, messages: 0, redrives: false };
test.each([
  [0, 0, 0, "warn", removalOf("huge", "dev")],
  [1, 0, 0, "ok", "instances left: 1;"],
  [0, 3, 0, "ok", "messages: 3,"],
  [0, 0, 2, "ok", "unreadable: 2"],
])(
  "the doctor on a retired class: %i instances, %i messages, %i unreadable: %s",
  (instances, messages, aside, verdict, found) => {
    const check = judgeRetired("huge", instances, { ...queue, messages }, aside, "dev");
    expect(check).toMatchObject({ verdict, found: expect.stringContaining(found) as unknown });
  },
);
