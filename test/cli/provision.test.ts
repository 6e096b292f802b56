// `runpool provision` by the real process: ready, refused before anything is changed, cancelled with all given back.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pauseItem } from "../../cloud/aws/configuration-items.ts";
import { limits } from "../../domain/limits.ts";
import { messageOf } from "../../domain/pool-message.ts";
import { openCliBench, type CliBench } from "./bench.ts";
import { repository } from "./cloud.ts";

let bench: CliBench;
beforeEach(async () => {
  bench = await openCliBench();
});
afterEach(() => bench.close());

const job = { GITHUB_RUN_ID: "1001", GITHUB_RUN_ATTEMPT: "1", GITHUB_REPOSITORY: repository, GITHUB_JOB: "ci" };
const pooled = "i-0ccccccccccccccc1";
const intoPool = async (): Promise<void> => {
  await bench.send(messageOf(await bench.record({ instanceId: pooled })));
};

test("one from the pool, one created: the result on stdout, a line an event on stderr", async () => {
  bench.agents.manners = { registers: true, leaves: true };
  await intoPool();
  const { code, out, err } = await bench.run(["provision", "--instance-count", "2"], job);
  expect(code).toBe(0);
  expect(out).toMatch(/^2 instances ready for run 1001 in [\d.]+ s: 1 from the pool, 1 created\nINSTANCE +TYPE +ZONE/);
  expect(out).toMatch(new RegExp(`^${pooled} +c6i.large +eu-west-1a +spot +pool$`, "m"));
  expect(out).toMatch(/^runs-on: 1001$/m);
  expect(err).toContain("Provisioning 2 large instances for run 1001 in dev\n");
  expect(err).toContain(`${pooled} claimed from the pool (c6i.large)\n`);
  expect(err).toMatch(/^i-[0-9a-f]{17} created \(\S+, eu-west-1[ab]\)$/m);
  expect(err).not.toContain("\u001b");
  expect(bench.records().map(({ state, owner }) => [state, owner])).toEqual([
    ["running", "github:run:1001:1:ci"],
    ["running", "github:run:1001:1:ci"],
  ]);
});

test("--json --quiet prints one object and nothing else; given again it finds what it has", async () => {
  bench.agents.manners = { registers: true, leaves: true };
  await intoPool();
  const first = await bench.run(["provision", "--json", "--quiet"], job);
  expect([first.code, first.err]).toEqual([0, ""]);
  const ready = JSON.parse(first.out) as { instances: { instanceId: string }[] };
  expect(ready).toMatchObject({ label: "1001", kind: "ready", created: 0, reused: 1 });
  const again = await bench.run(["provision", "--json"], job);
  expect(JSON.parse(again.out)).toMatchObject({ kind: "ready", created: 0, reused: 1 });
  expect(again.err).toContain(`${pooled} already belongs to this provision`);
  expect(bench.machines.machines()).toHaveLength(0);
});

test("--label secret prints a label of its own, which the instances carry instead of the run id", async () => {
  bench.agents.manners = { registers: true, leaves: true };
  const { code, out } = await bench.run(["provision", "--label", "secret", "--json"], job);
  expect(code).toBe(0);
  const { label } = JSON.parse(out) as { label: string };
  expect(label).toMatch(/^runpool-[0-9a-f]{40}$/);
  expect(bench.records()[0]?.labels).toEqual([label, `${label}-large`, `${label}-x64`]);
});

test("--min-count accepts fewer and says why, --max-runtime-min sets how long they serve", async () => {
  bench.agents.manners = { registers: true, leaves: true };
  bench.machines.capacity.scarcities.push({ remaining: 1 });
  const args = ["--instance-count", "2", "--min-count", "1", "--timeout-min", "2", "--max-runtime-min", "7"];
  const running = bench.start(["provision", ...args], job);
  await running.says(/registered after/);
  // The process's clock follows the bench's: by it nothing else comes for long enough, while the one that came lives on.
  const later = limits.fewerAfterMs + 2000;
  for (const record of bench.records()) await bench.record({ ...record, heartbeatAt: bench.clock.now() + later });
  await bench.clock.advance(later);
  const { code, out, err } = await running.ended;
  expect([code, err]).toEqual([0, expect.stringContaining("warning: fewer than the 2 instances requested: ")]);
  expect(out).toMatch(/^1 instance ready for run 1001/);
  // The process's clock goes on while the bench's stands still.
  const minutes = bench.records().map(({ threshold }) => Math.floor((threshold - bench.clock.now()) / 60_000));
  expect(minutes).toEqual([7]);
});

describe("bad input exits 2, names value and remedy, and changes nothing", () => {
  test("all of it at once, each by its flag or variable", async () => {
    await intoPool();
    const before = bench.everything();
    const more = ["--min-count=102", "--timeout-min=soon", "--max-runtime-min=0"];
    const args = [
      ...more,
      "--instance-count",
      "-0",
      "--resource-class=huge",
      "--usage-class=cheap",
      "--architecture=arm",
    ];
    const bad = await bench.run(
      ["provision", ...args.map((arg) => (arg === "-0" ? "101" : arg)), "--allowed-instance-types", "m5.*.x c!"],
      { ...job, GITHUB_RUN_ATTEMPT: "zero", GITHUB_JOB: "a job", GITHUB_REPOSITORY: "example/other" },
    );
    expect([bad.code, bad.out]).toEqual([2, ""]);
    expect(bad.err).toBe(`runpool: GITHUB_RUN_ATTEMPT is "zero"; it is GitHub's run_attempt, from 1
runpool: GITHUB_JOB is "a job"; it is 1-100 letters, digits, "_", "." or "-", e.g. the job's name
runpool: --instance-count is "101"; it is a whole number from 1 to 100
runpool: --resource-class is "huge"; this environment has "large", "xlarge"
runpool: --architecture is "arm"; write "x64" or "arm64"
runpool: --usage-class is "cheap"; write "spot" or "on-demand"
runpool: --allowed-instance-types: "m5.*.x" has two dots; a type is FAMILY.SIZE, e.g. "m5.*"
runpool: --min-count is "102"; it is a whole number from 1 to 100
runpool: --timeout-min is "soon"; it is a whole number from 1 to 7200
runpool: --max-runtime-min is "0"; it is a whole number from 1 to 7200
runpool: GITHUB_REPOSITORY is "example/other"; this environment serves "example/shop"
See runpool provision --help.
`);
    expect(bench.everything()).toBe(before);
  });

  test.each(["0", "-1", "1e3", "3.5", "99999999999999999999", ""])("a count of %j", async (count) => {
    const { code, err } = await bench.run(["provision", `--instance-count=${count}`], job);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(`--instance-count is "${count}"; it is a whole number from 1`),
    ]);
    expect([bench.machines.machines(), bench.records()]).toEqual([[], []]);
  });

  test("an environment that does not exist says what to check", async () => {
    const { code, err } = await bench.run(["provision", "-e", "staging"], job);
    expect([code, err]).toEqual([
      2,
      'runpool: environment "staging" (table runpool-staging in eu-west-1) does not exist: check the environment\'s name, the region and the account, or deploy its stack\n',
    ]);
  });

  test("missing credentials are wrong configuration, with the remedy", async () => {
    const nobody = {
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
      AWS_EC2_METADATA_DISABLED: "true",
      HOME: "/nowhere",
    };
    const { code, err } = await bench.run(["provision"], { ...job, ...nobody });
    expect([code, err]).toEqual([2, expect.stringContaining("configure a role, a profile or AWS_ACCESS_KEY_ID")]);
  });
});

test("while paused it fails at once with the reason", async () => {
  await bench.put(pauseItem({ reason: "image is being replaced", at: bench.clock.now() }));
  const { code, out, err } = await bench.run(["provision", "--json"], job);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ kind: "failed" });
  expect(err).toContain("- provisioning is paused: image is being replaced (`runpool resume` ends the pause)");
});

test("an unreadable pool message is set aside, reported, and blocks nobody", async () => {
  bench.agents.manners = { registers: true, leaves: true };
  await bench.send("{ this is no message");
  // Its own message is lost, so that the queue holds nothing else; the index shows it all the same.
  await bench.record({ instanceId: pooled });
  const { code, err } = await bench.run(["provision"], job);
  expect(code).toBe(0);
  expect(err).toContain("warning: an unreadable pool message was set aside: not JSON\n");
  expect(bench.bodies("large").filter((body) => !body.includes(pooled))).toEqual([]);
  expect(bench.bodies("large-unreadable")).toEqual(["{ this is no message"]);
});

const bothTaken = (): Promise<void> =>
  bench.agents.until((records) => records.filter(({ owner }) => owner !== undefined).length === 2);

test.each(["SIGINT", "SIGTERM"] as const)("%s gives back what was taken, says so, and exits 130", async (signal) => {
  bench.agents.manners = { registers: false, leaves: true };
  await intoPool();
  const { child, ended, during } = bench.start(["provision", "--instance-count", "2", "--json"], job);
  await during(bothTaken());
  child.kill(signal);
  const { code, out, err } = await ended;
  expect(code).toBe(130);
  expect(err).toContain(
    "Cancelling: giving back all instances (1 min 30 s at most); press Ctrl-C again to exit at once\n",
  );
  expect(err).toMatch(/given back: 2 to the pool, 0 ended, 0 still leaving\n/);
  expect(JSON.parse(out)).toMatchObject({ kind: "cancelled" });
  expect(bench.records().map(({ state, owner }) => [state, owner])).toEqual([
    ["idle", undefined],
    ["idle", undefined],
  ]);
  expect(bench.bodies("large")).toHaveLength(2);
});

test("a second SIGINT leaves at once, and says what remains and who ends it", async () => {
  await intoPool();
  const { child, ended, during } = bench.start(["provision", "--instance-count", "2"], job);
  await during(bothTaken());
  child.kill("SIGINT");
  await during(bench.agents.until((records) => records.filter(({ wanted }) => wanted === "leave").length === 2));
  child.kill("SIGINT");
  const { code, err } = await ended;
  expect(code).toBe(130);
  expect(err).toMatch(/^Still held: 2 instances of run 1001: i-\w+, i-\w+$/m);
  expect(err).toMatch(/^Release them now: runpool release --run-id 1001 --attempt 1$/m);
  expect(err).toMatch(/^Otherwise they end by themselves within 12 min\.$/m);
});
