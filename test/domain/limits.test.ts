// The order of the limits: each line is a promise that some other part of the design leans on.
import { describe, expect, test } from "vitest";
import { limits, maxima } from "../../domain/limits.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** [smaller, larger, why]: strictly smaller. */
const order: readonly [keyof typeof limits, keyof typeof limits, string][] = [
  ["heartbeatMs", "freshHeartbeatMs", "one lost write does not make an instance look dead"],
  ["freshHeartbeatMs", "silentHeartbeatMs", "an instance that is only late is not claimed, but not condemned either"],
  ["agentWatchMs", "heartbeatMs", "a claim is noticed long before the next heartbeat is due"],
  ["busyPollMs", "releaseWaitMs", "release sees the end of a job within its wait"],
  ["releasePollMs", "releaseWaitMs", "release looks more than once"],
  ["validationFirstMs", "validationPollMs", "validation looks sooner after a claim than later"],
  ["validationPollMs", "provisionMs", "validation looks more than once"],
  ["validationPollMs", "freshHeartbeatMs", "validation judges a heartbeat while it is fresh"],
  [
    "leaseMs",
    "provisionMs",
    "a lease that a crash left behind ends while the same provision can still use the instance",
  ],
  ["leaseMs", "idleMs", "a lease that a crash left behind costs no idle instance its life"],
  ["replacementMs", "bootMs", "a replacement is asked for while it can still boot in what is left"],
  ["bootMs", "provisionMs", "nothing claimed expires while its siblings boot"],
  ["bootMs", "bootWatchdogMs", "the agent's own report comes before the watchdog's power-off"],
  ["unknownMachineGraceMs", "bootMs", "a machine that never came is confirmed before its sibling's boot limit"],
  ["unknownMachineGraceMs", "terminateMs", "EC2's not knowing it counts before it is reported as stuck"],
  ["claimMarginMs", "idleMs", "an idle instance can be claimed for most of its time"],
  ["refreshMs", "idleMs", "a lost pool message is found before the instance ends"],
  ["refreshMs", "floorExtendMs", "an idle floor survives one failed refresh"],
  ["refreshLimitMs", "refreshMs", "a refresh is over before the next one begins"],
  ["rerunMs", "bootMs", "a re-run does not wait for a boot: what it creates is left to boot"],
  ["lastJobMs", "maxRuntimeMs", "a listener takes jobs for most of its time"],
  ["idleMs", "longestIdleMs", "the default is allowed"],
  ["longestIdleMs", "poolRetentionMs", "SQS keeps a message for as long as its instance may be idle"],
  ["maxRuntimeMs", "longestRuntimeMs", "the default is allowed"],
  ["provisionMs", "tokenRenewMs", "a token read when provision begins is valid when its last instance registers"],
  ["tokenRenewMs", "tokenLifeMs", "a token is renewed while it is valid"],
  ["provisionMs", "clientTokenLifeMs", "a round's client token answers for as long as the provision may retry it"],
  ["terminateMs", "terminatedKeptMs", "a terminated record outlives every question about it"],
];

test.each(order)("%s is less than %s: %s", (smaller, larger) => {
  expect(limits[smaller]).toBeLessThan(limits[larger]);
});

describe("between the limits", () => {
  test("fresh is three heartbeats", () => {
    expect(limits.freshHeartbeatMs).toBe(3 * limits.heartbeatMs);
  });

  test("one turn of the agent delays no heartbeat, so that an agent in work looks alive", () => {
    expect(limits.agentTurnMs).toBeLessThanOrEqual(limits.heartbeatMs);
  });

  test("an idle floor is extended when less than one and a half refresh periods are left", () => {
    expect(limits.floorExtendMs).toBe(1.5 * limits.refreshMs);
  });

  test("refresh finds an instance that fell silent before its idle time would end it", () => {
    expect(limits.silentHeartbeatMs + limits.refreshMs).toBeLessThan(limits.idleMs);
  });

  test("what refresh waits for, one after another, fits into its own limit, with half a minute for its calls", () => {
    const waits = limits.floorsMs + limits.rerunMs + limits.giveBackWaitMs;
    expect(waits + 30 * second).toBeLessThanOrEqual(limits.refreshLimitMs);
  });

  test("what refresh creates is found by the next one, though it is up at the last moment of the boot limit", () => {
    expect(limits.refreshMs + limits.rerunMs).toBeLessThan(limits.foundMs);
  });

  test("a claim of a re-run outlives the refresh that made it, and the next one's wait", () => {
    expect(limits.refreshMs + limits.rerunMs).toBeLessThan(limits.provisionMs);
  });

  test("a brake holds until what was bought last has been judged, and some refreshes more", () => {
    expect(limits.bootMs + limits.foundMs + 2 * limits.refreshMs).toBeLessThan(limits.brakeMs);
  });

  test("SQS keeps a pool message for the longest idle time and an hour", () => {
    expect(limits.poolRetentionMs).toBe(limits.longestIdleMs + hour);
  });

  test("a token is renewed at half of its life, so that one failed refresh leaves it valid", () => {
    expect(limits.tokenRenewMs).toBe(limits.tokenLifeMs / 2);
    expect(limits.tokenRenewMs + 2 * limits.refreshMs + limits.provisionMs).toBeLessThan(limits.tokenLifeMs);
  });

  test("what a claim leaves a dying machine is more than the steps of the corrected clocks", () => {
    expect(limits.claimMarginMs).toBeGreaterThanOrEqual(5 * second);
  });

  test("registration gives up within the boot limit, however often it doubles its wait", () => {
    const waited = limits.agentRetryMs * (2 ** maxima.registrationTries - 1);
    expect(waited).toBeLessThan(limits.bootMs - limits.replacementMs);
  });

  test("a registration that fails for GitHub is tried for longer than any provision waits for it", () => {
    const doublings = Math.ceil(Math.log2(limits.agentRetryMostMs / limits.agentRetryMs));
    expect((maxima.passingTries - doublings) * limits.agentRetryMostMs).toBeGreaterThan(limits.provisionMs);
  });
});

describe("no limit exceeds what AWS and GitHub allow", () => {
  test("SQS: messages are kept for 14 days and leased for 12 hours at most, ten in a batch", () => {
    expect(limits.poolRetentionMs).toBeLessThanOrEqual(14 * day);
    expect(limits.leaseMs).toBeLessThanOrEqual(12 * hour);
    expect(maxima.poolBatch).toBeLessThanOrEqual(10);
  });

  test("DynamoDB: BatchGetItem takes a hundred keys", () => {
    expect(maxima.readBatch).toBeLessThanOrEqual(100);
  });

  test("EC2: a client token answers for a day", () => {
    expect(limits.clientTokenLifeMs).toBeLessThanOrEqual(day);
  });

  test("GitHub: a token lives an hour, a job on a self-hosted runner five days, a label has 256 characters", () => {
    expect(limits.tokenLifeMs).toBeLessThanOrEqual(hour);
    expect(limits.longestRuntimeMs).toBeLessThanOrEqual(5 * day);
    expect(maxima.labelLength).toBeLessThanOrEqual(256);
  });
});

test("the limits that the design states in figures have these figures", () => {
  const { heartbeatMs, agentWatchMs, leaseMs, bootMs, provisionMs, bootWatchdogMs, releaseWaitMs } = limits;
  expect({ heartbeatMs, agentWatchMs, leaseMs }).toEqual({
    heartbeatMs: 5 * second,
    agentWatchMs: second / 2,
    leaseMs: 30 * second,
  });
  expect({ bootMs, provisionMs, bootWatchdogMs, releaseWaitMs }).toEqual({
    bootMs: 10 * minute,
    provisionMs: 12 * minute,
    bootWatchdogMs: 15 * minute,
    releaseWaitMs: 2 * minute,
  });
  const { idleMs, refreshMs, maxRuntimeMs, terminateMs, terminatedKeptMs } = limits;
  expect({ idleMs, refreshMs, maxRuntimeMs, terminateMs, terminatedKeptMs }).toEqual({
    idleMs: 7 * minute,
    refreshMs: 5 * minute,
    maxRuntimeMs: 30 * minute,
    terminateMs: 10 * minute,
    terminatedKeptMs: 7 * day,
  });
});

test("every limit is a whole number of milliseconds above zero, and every maximum is above zero", () => {
  for (const [name, limit] of Object.entries(limits)) {
    expect(name).toMatch(/Ms$/);
    expect(Number.isInteger(limit) && limit > 0, name).toBe(true);
  }
  for (const [name, maximum] of Object.entries(maxima)) expect(maximum, name).toBeGreaterThan(0);
});
