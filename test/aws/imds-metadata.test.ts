// Instance metadata read from the embedded IMDSv2: identity, tags, spot notices, and tokens that run out.
import { expect, it, onTestFinished } from "vitest";
import { imdsMetadata, sendWithin, type SendRequest } from "../../cloud/aws/imds-metadata.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { openImds } from "../../sim/imds/imds.ts";
import { jumpingClock, openHttpSim, place } from "../contract/http-sim.ts";
import { oneMachine } from "../contract/one-machine.ts";

async function open(usageClass: "spot" | "on-demand") {
  const sim = await openHttpSim();
  const machine = await oneMachine(sim, usageClass);
  const clock = jumpingClock(sim.now());
  const imds = await openImds({ machine, clock });
  onTestFinished(async () => {
    await imds.close();
    await sim.close();
  });
  let tokens = 0;
  // Without a limit: a busy machine is no dead service.
  const ask = sendWithin(0);
  const counting: SendRequest = (url, asked) => {
    if (asked.method === "PUT") tokens++;
    return ask(url, asked);
  };
  const options = { baseUrl: imds.url, clock, ask: counting };
  return { sim, machine, clock, imds, tokens: () => tokens, metadata: imdsMetadata(options), options };
}

it("says who the machine is and shows its tags, with one token for all", async () => {
  const { machine, metadata, tokens } = await open("on-demand");
  expect(await metadata.identity()).toEqual({
    instanceId: machine.id,
    region: place.region,
    account: place.account,
    zone: machine.zone,
    instanceType: machine.type.name,
  });
  expect(await metadata.tags()).toMatchObject({ "runpool:manager": "pool", "runpool:class": "large" });
  expect(await metadata.interruption()).toBeUndefined();
  expect(tokens()).toBe(1);
});

it("reads one tag alone, and asks for one token however many ask at once", async () => {
  const { metadata, tokens } = await open("on-demand");
  const asked = [metadata.tag("runpool:manager"), metadata.tag("runpool:nothing"), metadata.identity()] as const;
  const [manager, nothing] = await Promise.all(asked);
  expect(manager).toBe("pool");
  expect(nothing).toBeUndefined();
  expect(tokens()).toBe(1);
});

it("renews its token before it runs out, and asks for another where the service no longer takes it", async () => {
  const { metadata, tokens, clock, options } = await open("on-demand");
  await metadata.tags();
  await clock.sleep(4 * 3_600_000);
  await metadata.tags();
  expect(tokens()).toBe(2);
  const still = imdsMetadata({ ...options, clock: { now: () => 0 } });
  await still.tags();
  await clock.sleep(7 * 3_600_000);
  expect(await still.interruption()).toBeUndefined();
  expect(tokens()).toBe(4);
});

it("sees a spot notice with its time", async () => {
  const { sim, machine, metadata } = await open("spot");
  sim.cloud.interruptSpot(machine.id);
  const notice = await metadata.interruption();
  expect(notice?.kind).toBe("terminate");
  expect(notice?.at).toBeGreaterThan(sim.now() - 10 * 60_000);
});

it("sees that EC2 recommends to leave, with the moment, and that what ends it comes first", async () => {
  const notices: Record<string, string> = {
    "meta-data/events/recommendations/rebalance": '{"noticeTime":"2026-11-30T12:00:00Z"}',
  };
  const ask: SendRequest = async (url, { method }) => {
    const path = url.replace("http://imds/latest/", "");
    if (method === "PUT") return { status: 200, text: "token" };
    return path in notices ? { status: 200, text: notices[path] ?? "" } : { status: 404, text: "" };
  };
  const metadata = imdsMetadata({ baseUrl: "http://imds", clock: { now: () => 0 }, ask });
  expect(await metadata.interruption()).toEqual({ kind: "rebalance", at: Date.parse("2026-11-30T12:00:00Z") });
  for (const action of ["terminate", "stop", "hibernate"]) {
    notices["meta-data/spot/instance-action"] = `{"action":"${action}","time":"2026-11-30T12:02:00Z"}`;
    expect(await metadata.interruption()).toEqual({ kind: "terminate", at: Date.parse("2026-11-30T12:02:00Z") });
  }
});

it.each([
  ["500 to every question", 500, 2],
  ["401 to every question, with whatever token", 401, 4],
  ["403 to every question", 403, 2],
])("a service that answers %s is out of reach, and is not asked again and again", async (_, status, most) => {
  let calls = 0;
  const ask: SendRequest = async (_url, { method }) => {
    calls++;
    return method === "PUT" ? { status: 200, text: "token" } : { status, text: "" };
  };
  const metadata = imdsMetadata({ baseUrl: "http://imds", clock: { now: () => 0 }, ask });
  await expect(metadata.identity()).rejects.toThrow(OutOfReach);
  expect(calls).toBe(most);
});

it("a service that gives no token is out of reach", async () => {
  const ask: SendRequest = async () => ({ status: 403, text: "" });
  const metadata = imdsMetadata({ baseUrl: "http://imds", clock: { now: () => 0 }, ask });
  await expect(metadata.tags()).rejects.toThrow(/no token: status 403/);
});

it("a service that does not answer is out of reach", async () => {
  const { imds, metadata } = await open("on-demand");
  await imds.close();
  await expect(metadata.identity()).rejects.toThrow(OutOfReach);
});
