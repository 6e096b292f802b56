// The corrected clock: right within a second and a call's time, and untouched where the host's clock is right.
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import * as fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { correctedClock } from "../../cloud/aws/clock.ts";
import type { Clock } from "../../cloud/ports/clock.ts";
import { chance } from "../../sim/chance.ts";
import { anyCredentials, embeddedCloud } from "../../sim/embedded-cloud.ts";

const start = 1_700_000_000_000;

it("is right within a second and the longest call, whatever the skew and the delays", () => {
  const call = fc.record({ pause: fc.integer({ min: 0, max: 20_000 }), there: fc.nat(900), back: fc.nat(900) });
  const skews = fc.integer({ min: -7_200_000, max: 7_200_000 });
  fc.assert(
    fc.property(skews, fc.array(call, { minLength: 1 }), (skew, calls) => {
      let truth = start;
      const clock = correctedClock({ now: () => truth + skew, sleep: () => Promise.resolve() });
      for (const { pause, there, back } of calls) {
        truth += pause;
        const sent = truth + skew;
        truth += there;
        const date = new Date(truth).toUTCString();
        truth += back;
        clock.observe(date, sent, truth + skew);
      }
      expect(Math.abs(clock.offset() % 1000)).toBe(0);
      expect(Math.abs(clock.now() - truth)).toBeLessThanOrEqual(1000 + 1800);
    }),
  );
});

it("leaves a right clock as it is, and takes no notice of a header that is missing or no date", () => {
  let truth = start + 999;
  const clock = correctedClock({ now: () => truth, sleep: () => Promise.resolve() });
  for (let moment = 0; moment < 5000; moment += 333) {
    truth = start + moment;
    clock.observe(new Date(truth).toUTCString(), truth - 40, truth + 40);
  }
  clock.observe(undefined, truth, truth);
  clock.observe("yesterday", truth, truth);
  expect(clock.offset()).toBe(0);
});

it("learns from every reply of an SDK client, refusals included", async () => {
  const server: Clock = { now: () => start, sleep: () => Promise.resolve() };
  const place = { region: "eu-west-1", account: "123456789012" };
  const { door, close } = await embeddedCloud({ clock: server, chance: chance("clock"), ...place });
  const client = new STSClient({
    endpoint: door.url,
    region: "eu-west-1",
    credentials: anyCredentials,
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await close();
  });
  const clock = correctedClock({ now: () => start + 3_600_000, sleep: () => Promise.resolve() });
  clock.watch(client);
  await client.send(new GetCallerIdentityCommand({}));
  expect(clock.now()).toBe(start);
  const other = correctedClock({ now: () => start - 90_000, sleep: () => Promise.resolve() });
  other.watch(client);
  door.faults.set("sts", "*", { throttled: 1 });
  await expect(client.send(new GetCallerIdentityCommand({}))).rejects.toThrow("Rate exceeded");
  expect(other.now()).toBe(start);
});

it.each([
  // A header of second 0: at some moment between sending and receiving AWS's clock was in [0, 1000).
  ["sent in the last moment of it", 999, 999, 0],
  ["sent as the next one began", 1000, 1000, -1000],
  ["sent in the next one", 1999, 1999, -1000],
  ["sent two later", 2000, 2500, -2000],
  ["received as it began", -500, 0, 0],
  ["received the moment before", -500, -1, 1000],
  ["received a whole one before", -1500, -1000, 1000],
  ["received more than one before", -1500, -1001, 2000],
])("moves for a call that was %s no further than the header says", (_, sent, received, offset) => {
  const clock = correctedClock({ now: () => start, sleep: () => Promise.resolve() });
  clock.observe(new Date(start).toUTCString(), start + sent, start + received);
  expect(clock.offset()).toBe(offset);
});
