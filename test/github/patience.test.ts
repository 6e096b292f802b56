// GitHub's bad days: rate limits are waited out within a bound, server errors tried again, lost replies reported as unknown.
import { afterEach, beforeEach, expect, it } from "vitest";
import { forgeClient } from "../../cloud/github/forge-client.ts";
import { forgeReader } from "../../cloud/github/doctor-forge.ts";
import { inventory } from "../../cloud/github/inventory.ts";
import { jobQueue } from "../../cloud/github/job-queue.ts";
import { registrar } from "../../cloud/github/registrar.ts";
import { runnerReleases } from "../../cloud/github/runner-releases.ts";
import { ForgeRefused } from "../../cloud/ports/forge.ts";
import { OutOfReach, RateLimited } from "../../cloud/ports/outcomes.ts";
import { chance } from "../../sim/chance.ts";
import { openGithub, type GithubStandIn } from "../../sim/github/github.ts";
import { jumpingClock } from "../contract/http-sim.ts";

const token = "ghp_patience";
const scope = "acme/shop";
let github: GithubStandIn;
let slept: number;

beforeEach(async () => {
  const pats = [{ token, permissions: { administration: "write" } as const }];
  github = await openGithub({ clock: jumpingClock(), chance: chance("patience"), pats });
  slept = 0;
});
afterEach(() => github.close());

const clientWith = (given: string) => {
  const clock = jumpingClock();
  const sleep = (ms: number): Promise<void> => {
    slept += ms;
    return clock.sleep(ms);
  };
  return forgeClient({ apiUrl: github.url, auth: { kind: "token", token: given }, clock: { ...clock, sleep } });
};

it("waits as long as a rate limit asks, then tries again", async () => {
  github.faults.add({ kind: "secondary-limit", status: 429, retryAfterS: 20, times: 2 });
  expect(await inventory(clientWith(token)).runners(scope, "")).toEqual([]);
  expect(slept).toBe(40_000);
});

it("does not wait for a limit that lasts longer than it may wait", async () => {
  github.faults.add({ kind: "secondary-limit", status: 403, retryAfterS: 600 });
  const listing = inventory(clientWith(token)).runners(scope, "");
  await expect(listing).rejects.toThrow(OutOfReach);
  await expect(listing).rejects.toThrow(/another 600 s/);
  github.faults.clear();
  github.faults.add({ kind: "primary-limit", status: 403 });
  await expect(registrar(clientWith(token)).registrationToken(scope)).rejects.toThrow(OutOfReach);
  expect(await inventory(clientWith(token)).remove(scope, 1)).toMatchObject({ kind: "unknown" });
  expect(slept).toBe(0);
});

it("knows a secondary limit that is a bare 403 by its words, and not as a missing right", async () => {
  github.faults.add({ kind: "secondary-limit", status: 403, times: 1 });
  expect(await inventory(clientWith(token)).runners(scope, "")).toEqual([]);
  expect(slept).toBe(60_000);
  github.faults.add({ kind: "secondary-limit", status: 403 });
  const client = clientWith(token);
  for (const call of [
    () => registrar(client).registrationToken(scope),
    () => jobQueue(client).activeRuns(scope),
    () => forgeReader(client).listRunners(scope),
    () => forgeReader(client).listRuns(scope),
  ]) {
    await expect(call()).rejects.toThrow(RateLimited);
    await expect(call()).rejects.toThrow(/^GitHub's rate limit is used up/);
  }
  expect(await inventory(client).remove(scope, 1)).toMatchObject({
    kind: "unknown",
    problem: expect.stringContaining("rate limit"),
  });
});

it("names the version of the API in every call", async () => {
  const client = clientWith(token);
  await inventory(client).runners(scope, "");
  await registrar(client).registrationToken(scope);
  await runnerReleases(github.url, token)
    .newest()
    .catch(() => undefined);
  expect(github.unversioned()).toEqual([]);
  expect(Object.keys(github.calls()).length).toBeGreaterThan(1);
  const unsupported = { headers: { "x-github-api-version": "2011-01-01" } };
  expect((await fetch(`${github.url}/repos/acme/shop/actions/runners`, unsupported)).status).toBe(400);
});

it("tries a server error and a broken connection again, three times in all", async () => {
  github.faults.add({ kind: "server-error", status: 502, times: 1 });
  github.faults.add({ kind: "lost-request", route: "registration-token", times: 1 });
  expect((await registrar(clientWith(token)).registrationToken(scope)).token).not.toBe("");
  github.faults.clear();
  github.faults.add({ kind: "server-error", status: 503 });
  await expect(registrar(clientWith(token)).removalToken(scope)).rejects.toThrow(OutOfReach);
  expect(github.calls()["POST /repos/{owner}/{repo}/actions/runners/remove-token"]).toBe(3);
});

it("reports a deletion without any reply as unknown; asked again, the runner is absent", async () => {
  const id = 12;
  github.faults.add({ kind: "lost-reply", route: "DELETE" });
  expect(await inventory(clientWith(token)).remove(scope, id)).toMatchObject({ kind: "unknown" });
  github.faults.clear();
  expect(await inventory(clientWith(token)).remove(scope, id)).toBe("absent");
});

it("says that the credentials are bad, and not that the runner is absent", async () => {
  const bad = clientWith("ghp_unknown");
  await expect(inventory(bad).remove(scope, 1)).rejects.toThrow(ForgeRefused);
  await expect(registrar(bad).registrationToken(scope)).rejects.toThrow(/no such credentials/);
  const noKey = forgeClient({
    apiUrl: github.url,
    auth: { kind: "app", appId: 1, privateKey: "not a key" },
    clock: jumpingClock(),
  });
  await expect(registrar(noKey).registrationToken(scope)).rejects.toThrow(ForgeRefused);
});
