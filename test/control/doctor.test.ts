// The doctor's judgements: where the lines are drawn, and what an instance's role must and must not be allowed.
import { describe, expect, test } from "vitest";
import type { InstanceRole, RoleAnswer, RoleCall, TableSeen } from "../../cloud/ports/doctor.ts";
import { judgeClock, judgePlace, judgeQuota, judgeSubnets } from "../../control/operate/doctor/account.ts";
import { lasting, worst, fail, warn } from "../../control/operate/doctor/check.ts";
import { judgeGroup, judgeRunnerVersion } from "../../control/operate/doctor/forge.ts";
import { examineRole } from "../../control/operate/doctor/instance-role.ts";
import { judgeImage, judgeImageParameter, judgeTemplate, misfitsOf } from "../../control/operate/doctor/launch.ts";
import { judgeQueue, judgeTable, judgeToken } from "../../control/operate/doctor/store.ts";
import { limits } from "../../domain/limits.ts";
import { table } from "../../domain/table.ts";

const now = 1_800_000_000_000;
const day = 24 * 3_600_000;
const minute = 60_000;

test.each([
  [4, "ok"],
  [-4, "ok"],
  [5, "warn"],
  [-239, "warn"],
  [240, "fail"],
])("a clock %i s behind AWS's is %s", (seconds, verdict) => {
  expect(judgeClock({ account: "1", arn: "a", clockAheadMs: seconds * 1000 }).verdict).toBe(verdict);
});

test("runners of an organisation or enterprise without a group of their own are warned of; a repository has no groups", () => {
  for (const scope of ["acme", "enterprises/big"]) {
    expect(judgeGroup(scope, undefined)).toMatchObject([
      { verdict: "warn", remedy: expect.stringContaining("forge.runnerGroup") as unknown },
    ]);
    expect(judgeGroup(scope, "ours")).toMatchObject([{ verdict: "ok", found: '"ours"' }]);
  }
  expect(judgeGroup("acme/shop", undefined)).toEqual([]);
});

describe("a runner's version counts from the first release after it", () => {
  const since = (days: number) => [
    { version: "2.340.0", publishedAt: now - Math.min(days, 1) * day },
    { version: "2.339.0", publishedAt: now - days * day },
    { version: "2.338.0", publishedAt: now - 90 * day },
  ];
  test.each([
    [13, "ok"],
    [14, "warn"],
    [21, "warn"],
    [27, "warn"],
    [28, "fail"],
    [30, "fail"],
  ])("%i days: %s", (days, verdict) => {
    expect(judgeRunnerVersion(["2.338.0"], since(days), now).verdict).toBe(verdict);
  });
  test("the oldest in use decides, by number and not by text", () => {
    const releases = [
      { version: "2.100.0", publishedAt: now - 40 * day },
      { version: "2.99.1", publishedAt: now - 50 * day },
    ];
    expect(judgeRunnerVersion(["2.100.0", "2.99.1"], releases, now)).toMatchObject({
      verdict: "fail",
      found: expect.stringMatching(/^2\.99\.1 was followed by 2\.100\.0 40 days ago/) as unknown,
    });
    expect(judgeRunnerVersion(["2.100.0"], releases, now).verdict).toBe("ok");
  });
  test("where nobody has said one, it is skipped", () => {
    expect(judgeRunnerVersion([], since(40), now).verdict).toBe("skipped");
  });
});

const classes = { small: { cpu: 2, mmem: 4096 }, big: { cpu: 16, mmem: 65_536 } };
test.each([
  [1, 10, "fail"],
  [2, 1, "warn"],
  [16, 9, "warn"],
  [16, 8, "ok"],
  [undefined, 1, "warn"],
])("a quota of %s vCPUs for %i instances of 2 or 16: %s", (vcpus, maxInstances, verdict) => {
  expect(judgeQuota({ resourceClasses: classes, maxInstances }, "spot", vcpus).verdict).toBe(verdict);
});

test("the environment's account and region must be the caller's", () => {
  const caller = (account: string) => ({ account, arn: "a", clockAheadMs: 0 });
  const deployed = { account: "111122223333", region: "eu-west-1" };
  expect(judgePlace(deployed, caller("111122223333"), "eu-west-1").verdict).toBe("ok");
  expect(judgePlace(deployed, caller("444455556666"), "eu-west-1").verdict).toBe("fail");
  expect(judgePlace(deployed, caller("111122223333"), "us-east-1").verdict).toBe("fail");
});

test("subnets: missing, full, in another zone, too small for all", () => {
  const subnets = ["a", "b"].map((zone) => ({ id: `subnet-${zone}`, zone }));
  const verdicts = (free: Record<string, number | undefined>, maxInstances: number, zone = "a") => {
    const seen = new Map(
      Object.entries(free).flatMap(([id, freeAddresses]) =>
        freeAddresses === undefined ? [] : [[id, { zone: id === "subnet-a" ? zone : "b", freeAddresses }]],
      ),
    );
    return judgeSubnets({ subnets, maxInstances }, seen, "deploy").map(({ verdict }) => verdict);
  };
  expect(verdicts({ "subnet-a": 60, "subnet-b": 60 }, 100)).toEqual(["ok", "ok"]);
  expect(verdicts({ "subnet-a": 49, "subnet-b": 50 }, 100)).toEqual(["ok", "ok", "warn"]);
  expect(verdicts({ "subnet-a": 0, "subnet-b": 200 }, 100)).toEqual(["fail", "ok"]);
  expect(verdicts({ "subnet-a": 12, "subnet-b": 200 }, 100)).toEqual(["warn", "ok"]);
  expect(verdicts({ "subnet-b": 200 }, 100)).toEqual(["fail", "ok"]);
  expect(verdicts({ "subnet-a": 60, "subnet-b": 60 }, 100, "c")).toEqual(["fail", "ok"]);
});

const sound: TableSeen = {
  key: { hash: table.key },
  attributes: table.attributes,
  indexes: Object.fromEntries(
    Object.values(table.indexes).map(({ name, hash, range, projects }) => [
      name,
      { hash, projects, ...(range === undefined ? {} : { range }) },
    ]),
  ),
  ttl: { kind: "seen", value: table.ttl },
  pointInTimeRecovery: { kind: "seen", value: true },
};
const { byPool } = table.indexes;
test.each([
  ["sound", sound, undefined],
  ["another key", { ...sound, key: { hash: "id" } }, "its key is id, not key"],
  [
    "a missing index",
    { ...sound, indexes: { [byPool.name]: sound.indexes[byPool.name]! } },
    "index by-owner is missing",
  ],
  [
    "an index by another key",
    { ...sound, indexes: { ...sound.indexes, [byPool.name]: { hash: "pool", projects: "everything" as const } } },
    "index by-pool has key pool, not pool, threshold",
  ],
  [
    "an index that projects too little",
    {
      ...sound,
      indexes: {
        ...sound.indexes,
        [byPool.name]: { ...byPool, projects: byPool.projects.filter((name) => name !== "cpu") },
      },
    },
    "index by-pool does not project cpu",
  ],
  [
    "a key of another type",
    { ...sound, attributes: { ...sound.attributes, threshold: "S" } },
    "threshold is of type S, not N",
  ],
])("a table with %s", (_, seen, problem) => {
  const [shape] = judgeTable("runpool-dev", seen, "deploy");
  expect([shape?.verdict, shape?.found]).toEqual(
    problem === undefined ? ["ok", expect.any(String)] : ["fail", problem],
  );
});

test("what the caller may not see of the table is skipped, not failed", () => {
  const ttl = { kind: "unseen" as const, why: "no right" };
  const verdicts = judgeTable("runpool-dev", { ...sound, ttl, pointInTimeRecovery: ttl }, "deploy").map(
    ({ verdict }) => verdict,
  );
  expect(verdicts).toEqual(["ok", "skipped", "skipped"]);
});

test("a queue that would lose healthy messages fails", () => {
  const seen = { retentionMs: limits.poolRetentionMs, messages: 0, redrives: false };
  expect(judgeQueue("large", seen, limits.idleMs, "deploy").verdict).toBe("ok");
  expect(judgeQueue("large", { ...seen, redrives: true }, limits.idleMs, "deploy").verdict).toBe("fail");
  expect(judgeQueue("large", { ...seen, retentionMs: limits.idleMs }, limits.idleMs, "deploy").verdict).toBe("warn");
  expect(judgeQueue("large", { ...seen, retentionMs: limits.idleMs - 1 }, limits.idleMs, "deploy").verdict).toBe(
    "fail",
  );
  expect(judgeQueue("large", undefined, limits.idleMs, "deploy").verdict).toBe("fail");
});

test.each([
  [undefined, "fail"],
  [40, "ok"],
  [41, "warn"],
  [60, "fail"],
])("a token of %s minutes is %s", (minutes, verdict) => {
  const writtenAt = minutes === undefined ? undefined : now - minutes * minute;
  expect(judgeToken("registration", "github:o/r", writtenAt, now, "dev").verdict).toBe(verdict);
});

const place = { account: "111122223333", environment: "dev" };
const ownImage = { owners: ["111122223333"], environment: "dev" };

test("an image that the environment's roles may not launch is a failure that names the field", () => {
  const may = { ...place, launchableImages: { owners: ["amazon", "099720109477"], ids: ["ami-9"] } };
  const root = { virtualization: "hvm", rootDevice: "/dev/xvda", rootGiB: 8 };
  const judge = (owners: readonly string[], environment?: string, id = "ami-1", where: typeof place = may) => {
    const seen = { state: "available", architecture: "x64" as const, createdAt: now, owners, environment, ...root };
    return judgeImage("image x64", "x64", id, "/p", seen, new Map(), where, now);
  };
  expect(judge(["137112412989", "amazon"]).verdict).toBe("ok");
  expect(judge(["099720109477"]).verdict).toBe("ok");
  expect(judge(["111122223333"], "dev").verdict).toBe("ok");
  expect(judge(["444455556666"], undefined, "ami-9").verdict).toBe("ok");
  expect(judge(["444455556666"], "dev")).toMatchObject({
    verdict: "fail",
    remedy: expect.stringContaining('add "444455556666" to imageOwners') as unknown,
  });
  for (const environment of [undefined, "prod"])
    expect(judge(["111122223333"], environment)).toMatchObject({
      verdict: "fail",
      remedy: expect.stringContaining("Key=runpool:environment,Value=dev") as unknown,
    });
  // Deployed before it was written down: nobody can tell.
  expect(judge(["444455556666"], undefined, "ami-1", place).verdict).toBe("ok");
});

test("images: the parameter, the image, its architecture, its age", () => {
  expect(judgeImageParameter("image x64", "/p", "ami-0123456789abcdef0")).toBeUndefined();
  expect(judgeImageParameter("image x64", "/p", "resolve me")?.verdict).toBe("fail");
  expect(judgeImageParameter("image x64", "/p", undefined)?.verdict).toBe("fail");
  const root = { ...ownImage, virtualization: "hvm", rootDevice: "/dev/xvda", rootGiB: 8 };
  const seen = { state: "available", architecture: "x64" as const, createdAt: now - 30 * day, ...root };
  const verdict = (one: typeof seen | undefined) =>
    judgeImage("image x64", "x64", "ami-1", "/p", one, new Map(), place, now).verdict;
  expect(verdict(seen)).toBe("ok");
  expect(verdict({ ...seen, createdAt: seen.createdAt - 1 })).toBe("warn");
  expect(verdict({ ...seen, state: "pending" })).toBe("fail");
  expect(verdict(undefined)).toBe("fail");
  expect(judgeImage("image arm64", "arm64", "ami-1", "/p", seen, new Map(), place, now).verdict).toBe("fail");
});

describe("an image that does not fit the launch templates is a failure, with what would be right", () => {
  const disks = (device: string, sizeGiB: number) => ({ disks: [{ device, sizeGiB, encrypted: true }] });
  const templates = new Map([
    ["large/x64", disks("/dev/xvda", 20)],
    ["xlarge/x64", disks("/dev/xvda", 40)],
  ]);
  const fits = { virtualization: "hvm", rootDevice: "/dev/xvda", rootGiB: 20 };
  test("one that fits", () => {
    expect(misfitsOf(fits, templates)).toEqual([]);
    expect(misfitsOf({ ...fits, rootGiB: undefined }, templates)).toEqual([]);
  });
  test("a root elsewhere than the templates' disk: the machine would have two", () => {
    expect(misfitsOf({ ...fits, rootDevice: "/dev/sda1", rootGiB: 100 }, templates)).toEqual([
      {
        found: expect.stringMatching(
          /^its root device is \/dev\/sda1, .* encrypt \/dev\/xvda: .* two disks/,
        ) as unknown,
        remedy: expect.stringContaining("operatingSystem") as unknown,
      },
    ]);
  });
  test("a snapshot larger than the disk of a class: no launch of it succeeds", () => {
    expect(misfitsOf({ ...fits, rootGiB: 21 }, templates)).toEqual([
      {
        found: "its root's snapshot has 21 GiB, more than the disk of large/x64 (20 GiB): EC2 refuses every launch",
        remedy: expect.stringContaining("disk.sizeGiB of these classes, at least 21") as unknown,
      },
    ]);
  });
  test("a virtualization that no type of today boots", () => {
    expect(misfitsOf({ ...fits, virtualization: "paravirtual" }, templates)).toHaveLength(1);
  });
});

test.each([
  [{}, "ok"],
  [{ latest: "3" }, "warn"],
  [{ tokensRequired: false }, "fail"],
  [{ hopLimit: 2 }, "fail"],
  [{ hopLimit: undefined }, "fail"],
  [{ tagsInMetadata: false }, "fail"],
  [{ onShutdown: "stop" }, "fail"],
  [{ onShutdown: undefined }, "fail"],
  [{ instanceProfile: false }, "fail"],
  [{ disks: [] }, "fail"],
  [{ disks: [{ device: "/dev/xvda", sizeGiB: 20, encrypted: false }] }, "fail"],
])("a launch template with %j is %s", (difference, verdict) => {
  const seen = {
    latest: "2",
    instanceProfile: true,
    tokensRequired: true,
    hopLimit: 1,
    tagsInMetadata: true,
    onShutdown: "terminate",
    disks: [{ device: "/dev/xvda", sizeGiB: 20, encrypted: true }],
    ...difference,
  };
  expect(judgeTemplate("large/x64", "2", seen, "deploy").verdict).toBe(verdict);
});

test("several findings about one thing are told together, as bad as the worst", () => {
  const both = worst("a", [warn("a", "one", "x"), fail("a", "two", "x")], "fine");
  expect(both).toEqual({ name: "a", verdict: "fail", found: "one; two", remedy: "x" });
  expect([lasting(90 * minute), lasting(day), lasting(3 * day), lasting(59_999), lasting(0)]).toEqual([
    "1 h",
    "1 day",
    "3 days",
    "59 s",
    "0 s",
  ]);
});

describe("an instance's role", () => {
  const place = { awsPartition: "aws", region: "eu-west-1", account: "111122223333" };
  const instanceId = "i-0123456789abcdef0";
  const ground = { place, environment: "dev", instanceId, partition: "github:o/r", resourceClass: "large" };
  const arn = `arn:aws:sts::111122223333:assumed-role/runpool-dev_instance/${instanceId}`;
  const own = `arn:aws:ec2:eu-west-1:111122223333:instance/${instanceId}`;
  const agents = new Set(["heartbeatAt", "signal", "busy", "retiredAt", "agentVersion", "vitals"]);
  /** As the deployed policy answers. */
  const policy = (call: RoleCall): RoleAnswer => {
    const allowed =
      (call.kind === "read-item" && call.key === own) ||
      (call.kind === "update-item" && call.key === own && call.attributes.every((name) => agents.has(name))) ||
      (call.kind === "read-parameter" && call.name === "/runpool/dev/registration/github_o_r");
    return { kind: allowed ? "allowed" : "denied" };
  };
  const scripted = (attempt: (call: RoleCall) => RoleAnswer, caller = arn): InstanceRole => ({
    caller: () => Promise.resolve(caller),
    attempt: (call) => Promise.resolve(attempt(call)),
  });
  const notOk = async (role: InstanceRole) =>
    (await examineRole(role, ground, "deploy")).filter(({ verdict }) => verdict !== "ok");

  test("as deployed is ok in every call, allowed and denied", async () => {
    const checks = await examineRole(scripted(policy), ground, "deploy");
    expect(checks.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
    expect(checks.filter(({ found }) => found === "allowed").map(({ name }) => name)).toEqual([
      "read own item",
      "report in own item",
      "read own registration token",
    ]);
    expect(checks.filter(({ found }) => found === "denied")).toHaveLength(12);
  });
  test("that may do anything is found wrongly allowed in each call that must be denied", async () => {
    const found = await notOk(scripted(() => ({ kind: "allowed" })));
    expect(found).toHaveLength(12);
    for (const { verdict, found: words } of found)
      expect([verdict, words]).toEqual(["fail", expect.stringMatching(/^wrongly allowed/)]);
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["read another's item", "write own state", "read the App's key", "end itself by EC2"]),
    );
  });
  test("that may do nothing is found wrongly denied where the agent needs it", async () => {
    expect((await notOk(scripted(() => ({ kind: "denied" })))).map(({ name, found }) => [name, found])).toEqual([
      ["read own item", "wrongly denied: the agent needs it"],
      ["report in own item", "wrongly denied: the agent needs it"],
      ["read own registration token", "wrongly denied: the agent needs it"],
    ]);
  });
  test("an answer that proves nothing is skipped", async () => {
    const role = scripted((call) =>
      call.kind === "scan-table" ? { kind: "unclear", why: "throttled" } : policy(call),
    );
    expect(await notOk(role)).toEqual([{ name: "scan the table", verdict: "skipped", found: "throttled" }]);
  });
  test.each([
    ["an operator's role", "arn:aws:sts::111122223333:assumed-role/Admin/jane"],
    ["another environment's", `arn:aws:sts::111122223333:assumed-role/runpool-prod-instance/${instanceId}`],
    ["another machine's", "arn:aws:sts::111122223333:assumed-role/runpool-dev_instance/i-0fedcba9876543210"],
  ])("is not tried with %s credentials", async (_, caller) => {
    const checks = await examineRole(
      scripted(() => {
        throw new Error("it must not be tried");
      }, caller),
      ground,
      "deploy",
    );
    expect(checks.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["credentials", "fail"],
      ["everything else", "skipped"],
    ]);
  });
});
