// `runpool release` and `runpool refresh` by the real process.
import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { toItem } from "../../cloud/aws/attribute-values.ts";
import { defaultsItem } from "../../cloud/aws/configuration-items.ts";
import { countAttribute } from "../../cloud/aws/counters.ts";
import { forgeCredentialParameter, registrationTokenParameter } from "../../domain/names.ts";
import { limits } from "../../domain/limits.ts";
import { counterKey } from "../../domain/table.ts";
import { signalOf } from "../../domain/agent-writes.ts";
import { exitCodes } from "../../entry/cli/exit-codes.ts";
import { showReleased } from "../../entry/cli/release.ts";
import { openCliBench, ownedBy, type CliBench } from "./bench.ts";
import { repository, token } from "./cloud.ts";

let bench: CliBench;
beforeEach(async () => {
  bench = await openCliBench();
});
afterEach(() => bench.close());

const served = async (instanceId: string, runId: string, attempt = 1): Promise<void> => {
  const signal = signalOf("registered", 1, bench.clock.now());
  await bench.record({ instanceId, ...ownedBy(runId, attempt), state: "running", signal });
};
const stateOf = (instanceId: string): string | undefined =>
  bench.records().find((record) => record.instanceId === instanceId)?.state;

test("a run's instances go back to the pool, those of a later attempt and of other runs stay", async () => {
  bench.agents.manners.leaves = true;
  await served("i-0aaaaaaaaaaaaaaa1", "1001");
  await served("i-0aaaaaaaaaaaaaaa2", "1001", 2);
  await served("i-0bbbbbbbbbbbbbbb1", "1002");
  const { code, out } = await bench.run(["release", "--run-id", "1001", "--attempt", "1"]);
  expect([code, out]).toEqual([0, "run 1001 released: 1 back in the pool, 0 ended\n"]);
  const ids = ["i-0aaaaaaaaaaaaaaa1", "i-0aaaaaaaaaaaaaaa2", "i-0bbbbbbbbbbbbbbb1"];
  expect(ids.map(stateOf)).toEqual(["idle", "running", "running"]);
  expect(bench.bodies("large")).toHaveLength(1);
  expect((await bench.run(["release", "--run-id", "1001", "--json"])).code).toBe(0);
  expect(ids.map(stateOf)).toEqual(["idle", "idle", "running"]);
});

test("a run that never provisioned has nothing to release, and that is no failure", async () => {
  const before = bench.everything();
  const { code, out } = await bench.run(["release", "--run-id", "4711"]);
  expect([code, out]).toEqual([0, "run 4711 holds no instance in dev: nothing to release\n"]);
  expect(bench.everything()).toBe(before);
});

test("interrupted, it names what has not left, and who goes on", async () => {
  await served("i-0aaaaaaaaaaaaaaa1", "1001");
  const { child, ended, during } = bench.start(["release", "--run-id", "1001", "--json"]);
  await during(bench.agents.until((records) => records[0]?.wanted === "leave"));
  child.kill("SIGTERM");
  const { code, out, err } = await ended;
  expect(code).toBe(130);
  expect(JSON.parse(out)).toMatchObject({ left: [{ instanceId: "i-0aaaaaaaaaaaaaaa1", why: "it has not answered" }] });
  expect(err).toContain("Refresh takes them back; they end at their thresholds at the latest.\n");
});

test("with --github it deletes the runners there first, by the given token", async () => {
  bench.agents.manners.leaves = true;
  await served("i-0aaaaaaaaaaaaaaa1", "1001");
  const variables = { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository };
  const { code, err } = await bench.run(["release", "--run-id", "1001", "--github"], variables);
  expect([code, err]).toEqual([0, expect.not.stringContaining("warning")]);
  expect(bench.github.calls()["GET /repos/{owner}/{repo}/actions/runners"]).toBe(1);
  const bad = await bench.run(["release", "--run-id", "1001", "--github"], { ...variables, GITHUB_TOKEN: "ghp_wrong" });
  // There is nothing left of the run: GitHub is not even asked.
  expect(bad.code).toBe(0);
});

/** One past its threshold, one whose machine EC2 does not know, and a damaged item. */
async function trouble(): Promise<void> {
  const now = bench.clock.now();
  // So young that EC2 may not know it yet.
  await bench.record({ instanceId: "i-0ccccccccccccccc1", threshold: now - 60_000, launchedAt: now - 90_000 });
  await bench.record({ instanceId: "i-0ccccccccccccccc2", ...ownedBy("7"), state: "running" });
  await bench.put(toItem({ key: "arn:aws:ec2:eu-west-1:123456789012:instance/i-0d", schema: 9 }));
  // The counters are right: where they are not, refresh looks twice with half a minute between.
  for (const scope of ["environment", `partition#github:${repository}`])
    await bench.put(toItem({ key: counterKey(scope), [countAttribute]: 2 }));
}

test("refresh --dry-run says what it would do, and changes nothing at AWS or GitHub", async () => {
  await trouble();
  const before = bench.everything();
  bench.door.resetCalls();
  const { code, out, err } = await bench.run(["refresh", "--dry-run"], { GITHUB_TOKEN: token });
  expect([code, out]).toEqual([0, expect.stringContaining("refresh of dev, dry run: nothing was changed\n")]);
  expect(out).toMatch(
    /^INSTANCE +WOULD +WHY\ni-0ccccccccccccccc2 +end it +\S.*\ni-0ccccccccccccccc1 +end it +past its threshold as idle$/m,
  );
  expect(out).toMatch(/^2 tokens would be renewed$/m);
  expect(err).toMatch(/^damaged item: \S+\/i-0d: schema 9 is newer than 2/m);
  expect(err).not.toContain("token renewed");
  expect(bench.everything()).toBe(before);
  expect(bench.parameter(registrationTokenParameter("dev", `github:${repository}`))).toBeUndefined();
  const writes = Object.values(bench.door.calls()).flatMap((actions) => Object.keys(actions));
  expect(
    writes.filter((name) => /^(Put|Update|Delete|Terminate|Send|Create|Change|Batch(Write|Put))/.test(name)),
  ).toEqual([]);
});

test("a dry run tells what it would send to the pool again, and which counters are off, and does neither", async () => {
  await bench.record({ instanceId: "i-0ccccccccccccccc1", launchedAt: bench.clock.now() - 90_000 });
  await bench.put(toItem({ key: counterKey("environment"), [countAttribute]: 4 }));
  const before = bench.everything();
  const { code, out, err } = await bench.run(["refresh", "--dry-run"], { GITHUB_TOKEN: token });
  expect(code).toBe(0);
  expect(out).toMatch(/^1 idle instance would be sent to the pool again$/m);
  expect(err).toContain("the counter of environment is off by 3\n");
  expect(bench.everything()).toBe(before);
});

test("refresh does it, by the credential that the environment keeps", async () => {
  await trouble();
  bench.putParameter(forgeCredentialParameter("dev"), token, "SecureString");
  const { code, out } = await bench.run(["refresh", "--json"]);
  const report = JSON.parse(out) as { findings: { kind: string; done: boolean }[] };
  expect(code).toBe(0);
  expect(new Map(report.findings.map(({ kind, done }) => [kind, done]))).toEqual(
    new Map([
      ["condemn-expired", true],
      ["condemn-gone", true],
    ]),
  );
  for (const id of ["i-0ccccccccccccccc1", "i-0ccccccccccccccc2"]) expect(stateOf(id)).toMatch(/^terminat(ing|ed)$/);
  expect(bench.parameter(registrationTokenParameter("dev", `github:${repository}`))).toBeDefined();
  expect(out).not.toContain(token);
});

test("a GitHub App authenticates by its id and key together, from the parameter that the environment names", async () => {
  const keys = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const [account = "", name = ""] = repository.split("/");
  const permissions = { administration: "write", actions: "read" } as const;
  const installations = [{ id: 9, account, permissions, repositories: [name] }];
  bench.github.acceptApp({ appId: 71, clientId: "Iv23test", publicKey: keys.publicKey, installations });
  const credentialParameter = "/ci/github-app";
  await bench.put(defaultsItem({ ...bench.defaults, forge: { ...bench.defaults.forge, credentialParameter } }));
  bench.putParameter(credentialParameter, keys.privateKey, "SecureString");
  const alone = await bench.run(["refresh", "--dry-run"]);
  expect(alone.err).toContain(
    `(${credentialParameter}) cannot be used: it is an App's key alone, without the App's id`,
  );
  expect(alone.err).not.toContain(keys.privateKey.split("\n")[1]);
  const stored = JSON.stringify({ appId: 71, privateKey: keys.privateKey });
  bench.putParameter(credentialParameter, stored, "SecureString");
  const { code, err } = await bench.run(["refresh"]);
  expect([code, err]).toEqual([0, expect.stringContaining("token renewed: /runpool/dev/registration/")]);
  expect(bench.parameter(registrationTokenParameter("dev", `github:${repository}`))).toBeDefined();
  expect((await bench.run(["doctor"])).out).toMatch(/^ok +GitHub/im);
});

test("refresh without any credential sweeps all the same, names what is missing, and exits 1", async () => {
  await trouble();
  const { code, out, err } = await bench.run(["refresh"]);
  expect(code).toBe(1);
  expect(err).toMatch(/^problem: .*no GitHub credential: give a token \(GITHUB_TOKEN\), or store one/m);
  expect(out).toMatch(/^i-0ccccccccccccccc1 +end it +yes +past its threshold as idle$/m);
  expect(stateOf("i-0ccccccccccccccc1")).toMatch(/^terminat(ing|ed)$/);
});

test("refresh says for which re-runs it provisions, and in a dry run for which it would", async () => {
  bench.agents.manners = { registers: true, leaves: true };
  const job = { GITHUB_RUN_ID: "1001", GITHUB_REPOSITORY: repository, GITHUB_JOB: "ci", GITHUB_TOKEN: token };
  expect((await bench.run(["provision"], job)).code).toBe(0);
  expect((await bench.run(["release"], job)).code).toBe(0);
  const [owner = "", repo = ""] = repository.split("/");
  bench.github.queueRun({ owner, repo, runId: 1001, attempt: 2, jobs: [{ name: "test", labels: ["1001"] }] });
  await bench.clock.advance(limits.rerunGraceMs + 1000);
  const would = await bench.run(["refresh", "--dry-run"], job);
  expect(would.out).toMatch(/^run 1001, attempt 2 \(ci\) is run again: 1 instance would be provisioned$/m);
  const did = await bench.run(["refresh"], job);
  expect(did.out).toMatch(/^run 1001, attempt 2 \(ci\) is run again: 1 of 1 instances ready$/m);
});

test("a release that has left instances to refresh has failed, and names them; one that was interrupted is cancelled", () => {
  let err = "";
  const context = {
    terminal: { err: { write: (text: string) => (err += text) } },
    result: () => undefined,
    place: () => ({ environment: "dev", region: "eu-west-1" }),
  };
  const released = { pooled: ["i-1"], condemned: [], elsewhere: [], left: [] };
  const left = { ...released, left: [{ instanceId: "i-2", why: "unanswered" as const }] };
  expect(showReleased(released, "1001", false, context)).toBe(exitCodes.done);
  expect(err).toBe("");
  expect(showReleased(left, "1001", false, context)).toBe(exitCodes.failed);
  expect(err).toContain("- i-2: it has not answered\n");
  expect(showReleased(left, "1001", true, context)).toBe(exitCodes.cancelled);
});
