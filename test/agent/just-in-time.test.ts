// A record that asks for a just-in-time configuration: read from the parameter of this instance and assignment, good for one job.
import { expect, test } from "vitest";
import type { EnrolOutcome } from "../../cloud/ports/runner.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import type { Secrets } from "../../cloud/ports/secrets.ts";
import { jitConfigurationParameter } from "../../domain/names.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import type { InstanceRecord, SignalKind } from "../../domain/record.ts";
import { maxima } from "../../domain/limits.ts";
import { now, owned, recordOf } from "../control/record-of.ts";
import { agentBench, registration, type BenchWish } from "./agent-bench.ts";

const asked = [{ ...registration[0], kind: "jit" }] as const;
const recordThat = (said: SignalKind, changes: Partial<InstanceRecord> = {}) =>
  recordOf({ ...owned, state: "claimed", said, registration: asked, ...changes });
const parameter = jitConfigurationParameter("test", recordOf().instanceId, 1);

/** SSM with this in it; whatever else is read is not there. */
const ssm = (held: Readonly<Record<string, string>>): Pick<Secrets, "read"> => ({
  read: (name) => {
    const value = held[name];
    return Promise.resolve(value === undefined ? undefined : { value, writtenAt: now });
  },
});
const benchWith = (secrets: Pick<Secrets, "read">, more: Partial<BenchWish> = {}) =>
  agentBench({ record: recordThat("prepared"), secrets, ...more });

test("the runner is given the one of this instance and assignment, and no token", async () => {
  const others = { [jitConfigurationParameter("test", recordOf().instanceId, 2)]: "ANOTHERS" };
  const bench = benchWith(ssm({ ...others, [parameter]: "ACONFIGURATION" }));
  void bench.run();
  await bench.until(() => bench.record().signal?.kind === "registered");
  expect(bench.requests).toMatchObject([{ assignment: 1, secret: "ACONFIGURATION", kind: "jit" }]);
  expect(JSON.stringify([bench.events, bench.record().signal])).not.toContain("ACONFIGURATION");
});

test("one that is written a moment after the claim is waited for", async () => {
  let looks = 0;
  const bench = benchWith({ read: (name) => ssm(++looks > 3 ? { [parameter]: "ACONFIGURATION" } : {}).read(name) });
  void bench.run();
  await bench.until(() => bench.record().signal?.kind === "registered");
  expect(bench.requests).toHaveLength(1);
  expect(looks).toBe(4);
});

test("one that is not there, or is another's, fails with its name, after as many tries as a token", async () => {
  for (const [read, why] of [
    [() => Promise.resolve(undefined), ""],
    // AWS's answer to a parameter that is not there and to one without the tag, where a tag lets the reader in.
    [
      () => Promise.reject(new Error("AccessDeniedException: not authorized to perform ssm:GetParameter")),
      "AccessDenied",
    ],
  ] as const) {
    const bench = benchWith({ read });
    void bench.run();
    await bench.until(() => bench.record().signal?.kind === "register-failed");
    expect(bench.requests).toEqual([]);
    const { cause, detail } = bench.record().signal ?? {};
    expect(cause).toBe("token");
    expect(detail).toContain(`no just-in-time configuration in SSM under ${parameter}`);
    expect(detail).toContain(why);
    const failed = bench.events.filter(({ name }) => name === "agent.registration-failed");
    expect(failed).toHaveLength(maxima.registrationTries);
    expect(bench.record().retiredAt).toBeUndefined();
  }
});

test("SSM out of reach is told as such", async () => {
  const bench = benchWith({ read: () => Promise.reject(new OutOfReach("GetParameter: ECONNREFUSED")) });
  void bench.run();
  await bench.until(() => bench.record().signal?.detail !== undefined);
  expect(bench.record().signal).toMatchObject({ kind: "registering", cause: "network" });
  expect(bench.record().signal?.detail).toMatch(/^OutOfReach: GetParameter: ECONNREFUSED/);
});

test("one whose runner GitHub has forgotten is given up at once, with the runner's own words", async () => {
  const detail = "the listener ended with 1\nFailed to create a session. The runner registration has been deleted";
  const outcome: EnrolOutcome = { kind: "failed", cause: "refused", detail };
  const bench = benchWith(ssm({ [parameter]: "ACONFIGURATION" }), { outcome });
  void bench.run();
  await bench.until(() => bench.record().signal?.kind === "register-failed");
  expect(bench.record().signal).toMatchObject({ cause: "refused", detail });
  expect(bench.requests).toHaveLength(1);
});

const serving = { assignment: 1, configured: true, listener: "online", jobs: 0 } as const;
const spent = { listener: "exited", exitCode: 0, jobs: 1, spent: true } as const;

test("after its one job the assignment is over: cleaned, said, and nothing is registered again", async () => {
  const bench = benchWith(ssm({ [parameter]: "ACONFIGURATION" }));
  void bench.run();
  await bench.until(() => bench.record().signal?.kind === "registered");
  bench.change({}, spent);
  await bench.until(() => bench.record().signal?.kind === "deregistered");
  expect(bench.record().signal?.detail).toMatch(/one job .* is over/);
  expect(bench.told).toEqual(["clean 1"]);
  // A release finds it gone; then it serves the next one, by a configuration of that one's own.
  bench.change({ wanted: "leave" });
  const { owner: _, ...free } = bench.record();
  expect(free.signal?.kind).toBe("deregistered");
  bench.change({ assignment: 2, wanted: "serve", registration });
  await bench.until(() => bench.record().signal?.assignment === 2 && bench.record().signal?.kind === "register-failed");
  expect(bench.requests).toHaveLength(1);
});

test("an agent that is killed at any moment of that end takes it up, and registers no more", async () => {
  const states = [
    // The job was over before anybody had said `registered`.
    { record: recordThat("registering"), runner: { ...serving, ...spent } },
    { record: recordThat("registered"), runner: { ...serving, ...spent } },
    // Cleaned already.
    { record: recordThat("registered"), runner: {} },
  ];
  for (const state of states) {
    const bench = benchWith(ssm({ [parameter]: "ACONFIGURATION" }), state);
    void bench.run();
    await bench.until(() => bench.record().signal?.kind === "deregistered");
    expect(bench.requests).toEqual([]);
    expect(bench.told).not.toContain("start 1");
  }
});

test("a listener that dies before its job is resumed: the configuration is not used up", async () => {
  const bench = benchWith(ssm({}), {
    record: recordThat("registered", { signal: signalOf("registered", 1, now - 1000) }),
    runner: { ...serving, listener: "exited", exitCode: 137 },
  });
  void bench.run();
  await bench.until(() => bench.told.includes("start 1"));
  expect(bench.record().signal?.kind).toBe("registered");
});

test("by token it is started again, also where its listener has ended with 0 after a job", async () => {
  const bench = agentBench({
    record: recordOf({ ...owned, state: "claimed", said: "registered", registration }),
    runner: { ...serving, listener: "exited", exitCode: 0, jobs: 1 },
  });
  void bench.run();
  await bench.until(() => bench.told.includes("start 1"));
  expect(bench.record().signal?.kind).toBe("registered");
});
