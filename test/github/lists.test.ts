// What GitHub's lists say, entry by entry: which runs and jobs wait, whose runners are whose, which releases are for everybody.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { generateKeyPairSync } from "node:crypto";
import { expect, it, onTestFinished } from "vitest";
import { forgeReader } from "../../cloud/github/doctor-forge.ts";
import { forgeClient, scopePath, type ForgeAuth } from "../../cloud/github/forge-client.ts";
import { inventory } from "../../cloud/github/inventory.ts";
import { jobQueue } from "../../cloud/github/job-queue.ts";
import { registrar } from "../../cloud/github/registrar.ts";
import { runnerReleases } from "../../cloud/github/runner-releases.ts";
import { ForgeRefused } from "../../cloud/ports/forge.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { jumpingClock } from "../contract/http-sim.ts";

const scope = "acme/shop";

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A GitHub that says just this; each call's method and path, with its query, in their order. */
async function saying(answer: (asked: { method: string; path: string; query: URLSearchParams }) => Answer) {
  const calls: string[] = [];
  const server = createServer(({ method = "GET", url: target = "/" }: IncomingMessage, response) => {
    const { pathname: path, searchParams: query } = new URL(target, "http://github");
    calls.push(`${method} ${path}`);
    const { status = 200, headers, body } = answer({ method, path, query });
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clientAs = (auth: ForgeAuth) => forgeClient({ apiUrl: url, auth, clock: jumpingClock() });
  return { url, calls, clientAs, client: clientAs({ kind: "token", token: "ghp_lists" }) };
}

const runner = (name: string, id: number, more: object = {}) => ({
  id,
  name,
  status: "online",
  busy: false,
  labels: [{ name: "large" }],
  ...more,
});

it("runs that wait are those that are queued, and those in progress with jobs that are: each once, by its newest attempt", async () => {
  const runs: Record<string, readonly object[]> = {
    queued: [{ id: 1 }, { id: 2, run_attempt: 3 }],
    in_progress: [
      { id: 2, run_attempt: 2 },
      { id: 3, run_attempt: 2 },
    ],
  };
  const { client } = await saying(({ query }) => {
    const found = runs[query.get("status") ?? ""] ?? [];
    return { body: { total_count: found.length, workflow_runs: found } };
  });
  expect(await jobQueue(client).activeRuns(scope)).toEqual([
    { runId: "1", attempt: 1 },
    { runId: "2", attempt: 3 },
    { runId: "3", attempt: 2 },
  ]);
});

it.each(["queued", "in_progress", "completed", "waiting", "requested", "pending"])(
  "a job that is %s waits for a runner only where it is queued",
  async (status) => {
    const job = { status, labels: ["7"], created_at: "2026-11-30T12:00:00Z" };
    const { client } = await saying(() => ({ body: { total_count: 1, jobs: [job] } }));
    const queued = [{ labels: ["7"], queuedAt: Date.parse(job.created_at) }];
    expect(await jobQueue(client).waiting(scope, { runId: "7", attempt: 1 })).toEqual(
      status === "queued" ? queued : [],
    );
  },
);

it("runners are listed whose names begin with the prefix, not those that hold it elsewhere", async () => {
  const names = ["runpool-dev-i-1", "runpool-dev", "x-runpool-dev-i-2", "RUNPOOL-DEV-i-3", "runpool-de"];
  const runners = names.map((name, index) => runner(name, index + 1));
  const { client } = await saying(() => ({ body: { total_count: names.length, runners } }));
  expect((await inventory(client).runners(scope, "runpool-dev")).map(({ name }) => name)).toEqual(names.slice(0, 2));
});

it.each([
  ["online", true],
  ["offline", false],
  ["something new", false],
])("a runner that is %s is online: %s", async (status, online) => {
  const body = { total_count: 1, runners: [runner("r", 5, { status, busy: online })] };
  const { client } = await saying(() => ({ body }));
  expect(await inventory(client).named(scope, "r")).toEqual({
    id: 5,
    name: "r",
    online,
    busy: online,
    labels: ["large"],
  });
});

it("a server that knows no search by name says nothing of one that is not on its first page", async () => {
  const of = async (total: number, name: string) => {
    const body = { total_count: total, runners: [runner("a", 1), runner("b", 2)] };
    const { client } = await saying(() => ({ body }));
    return await inventory(client).named(scope, name);
  };
  expect(await of(2, "b")).toMatchObject({ id: 2 });
  expect(await of(200, "b")).toMatchObject({ id: 2 });
  expect(await of(2, "c")).toBeUndefined();
  await expect(of(3, "c")).rejects.toThrow(OutOfReach);
});

it.each([
  [204, 200, "removed"],
  [422, 200, "busy"],
  [404, 200, "absent"],
])(
  "a deletion that GitHub answers with %i, where the runners may be listed (%i), leaves it %s",
  async (deleted, listed, outcome) => {
    const { client } = await saying(({ method }) =>
      method === "DELETE" ? { status: deleted, body: {} } : { status: listed, body: { total_count: 0, runners: [] } },
    );
    // 204 has no body in truth; octokit reads what there is.
    expect(await inventory(client).remove(scope, 1)).toBe(outcome);
  },
);

it.each([
  [403, 200],
  [404, 404],
  [404, 403],
])("a deletion that is answered with %i, and the list with %i, is a missing right", async (deleted, listed) => {
  const { client } = await saying(({ method }) => ({ status: method === "DELETE" ? deleted : listed, body: {} }));
  await expect(inventory(client).remove(scope, 1)).rejects.toThrow(ForgeRefused);
});

it.each([
  ["no token", { expires_at: "2026-11-30T12:00:00Z" }],
  ["no moment", { token: "A" }],
  ["a moment that is none", { token: "A", expires_at: "soon" }],
])("a registration that is answered with %s is refused", async (_, body) => {
  const { client } = await saying(() => ({ status: 201, body }));
  await expect(registrar(client).registrationToken(scope)).rejects.toThrow(/holds no token/);
});

it("releases are those for everybody, newest first", async () => {
  const release = (tag_name: string, published_at: string | null, more: object = {}) => ({
    tag_name,
    published_at,
    draft: false,
    prerelease: false,
    ...more,
  });
  const { url } = await saying(() => ({
    body: [
      release("v2.330.0", "2026-09-01T00:00:00Z"),
      release("v2.336.0", "2026-11-01T00:00:00Z"),
      release("v2.337.0", "2026-11-02T00:00:00Z", { prerelease: true }),
      release("v2.338.0", "2026-11-03T00:00:00Z", { draft: true }),
      release("v2.339.0", null),
    ],
  }));
  expect(await runnerReleases(url).newest()).toEqual([
    { version: "2.336.0", publishedAt: Date.parse("2026-11-01T00:00:00Z") },
    { version: "2.330.0", publishedAt: Date.parse("2026-09-01T00:00:00Z") },
  ]);
});

it("a primary limit that ends within a minute is waited out, to the second that its header names", async () => {
  const slept: number[] = [];
  const now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now, sleep: (ms: number) => Promise.resolve(void slept.push(ms)) };
  const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1000 + 20) };
  const empty = { body: { total_count: 0, runners: [] } };
  const { url } = await saying(() => (slept.length === 0 ? { status: 403, headers, body: {} } : empty));
  const client = forgeClient({ apiUrl: url, auth: { kind: "token", token: "ghp_limits" }, clock });
  expect(await inventory(client).runners(scope, "")).toEqual([]);
  expect(slept).toEqual([20_000]);
});

it("a server of one's own without the runner's repository: the doctor has not seen its releases", async () => {
  const { client } = await saying(() => ({ status: 404, body: {} }));
  expect(await forgeReader(client).runnerReleases(scope)).toMatchObject({ kind: "unseen" });
});

it.each([
  ["acme/shop", "/repos/acme/shop"],
  ["acme", "/orgs/acme"],
  ["enterprises/acme", "/enterprises/acme"],
])("the scope %s is at %s", (given, path) => expect(scopePath(given)).toBe(path));

it("an App that is installed after it was looked for is found by the same client", async () => {
  let installed = false;
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const { clientAs, calls } = await saying(({ path }) => {
    if (path.endsWith("/installation")) return installed ? { body: { id: 70 } } : { status: 404, body: {} };
    if (path.endsWith("/access_tokens"))
      return { status: 201, body: { token: "ghs_x", expires_at: "2099-01-01T00:00:00Z", permissions: {} } };
    return { body: { total_count: 0, runners: [] } };
  });
  const runners = inventory(clientAs({ kind: "app", appId: 7, privateKey }));
  await expect(runners.runners(scope, "")).rejects.toThrow(/install the App there/);
  installed = true;
  expect(await runners.runners(scope, "")).toEqual([]);
  expect(await runners.runners(scope, "")).toEqual([]);
  expect(calls.filter((call) => call.endsWith("/installation"))).toHaveLength(2);
});
