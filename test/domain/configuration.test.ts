// The configuration: defaults and overlay summed, where a value comes from, and what is wrong with it.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { merge, operationalDefaults, partitionOf, problemsOf, sourceOf } from "../../domain/configuration.ts";
import type { Defaults, Operational, Overlay, StoredDefaults } from "../../domain/configuration.ts";
import { limits } from "../../domain/limits.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";

const queue = { url: "https://sqs.example/large", unreadableUrl: "https://sqs.example/large-unreadable" };
const defaults: Defaults = {
  ...operationalDefaults,
  resourceClasses: defaultResourceClasses,
  environment: "dev",
  awsPartition: "aws",
  region: "eu-central-1",
  account: "123456789012",
  queues: Object.fromEntries(Object.keys(defaultResourceClasses).map((name) => [name, queue])),
  templates: {},
  subnets: [],
  imageParameters: {},
  forge: { kind: "github", serverUrl: "https://github.com", apiUrl: "https://api.github.com", repositories: [] },
  configHash: "c0ffee",
  partitions: { web: ["octo/site", "octo/shop"] },
};
const names = Object.keys(operationalDefaults) as (keyof Operational)[];

describe("the sum of defaults and overlay", () => {
  const other: Operational = {
    resourceClasses: { tiny: { cpu: 1, mmem: 512 } },
    idleMs: 61_000,
    maxRuntimeMs: 62_000,
    bootMs: 63_000,
    provisionMs: 64_000,
    maxInstances: 5,
    maxInstancesPerPartition: 4,
    preRunnerScript: "echo hello",
    labels: ["gpu"],
    usageClass: "on-demand",
    idleFloors: { "tiny/x64": 1 },
    maxUses: 9,
    maxAgeMs: 65_000,
    images: { x64: "ami-1" },
  };

  test("takes each value from the overlay, else the defaults, else what is built in; `sourceOf` says which", () => {
    fc.assert(
      fc.property(fc.subarray(names), fc.subarray(names), (laid, missing) => {
        const overlay = Object.fromEntries(laid.map((name) => [name, other[name]])) as Overlay;
        const written = Object.fromEntries(
          Object.entries(defaults).filter(([name]) => !missing.some((one) => one === name)),
        ) as unknown as StoredDefaults;
        const sum = merge(written, overlay);
        for (const name of names) {
          const source = laid.includes(name) ? "overlay" : missing.includes(name) ? "built-in" : "defaults";
          expect(sourceOf(name, written, overlay)).toBe(source);
          expect(sum[name]).toEqual({ overlay: other, defaults, "built-in": operationalDefaults }[source][name]);
        }
      }),
    );
  });

  test("takes nothing of what is deployed from an overlay, nor a name that it does not know", () => {
    const sum = merge(defaults, { account: "999999999999", queues: {}, mood: "good" } as unknown as Overlay);
    expect(sum).toEqual(defaults);
  });

  test("makes instances stale that have booted with another pre-runner script, and with no other change", () => {
    const written = { ...defaults, preRunnerScript: "echo hello" };
    const hash = (overlay: Overlay): string => merge(written, overlay).configHash;
    expect(hash({})).toBe(written.configHash);
    expect(hash({ idleMs: 61_000, preRunnerScript: "echo hello" })).toBe(written.configHash);
    const scripts = ["", "echo hello ", "echo hallo", "echo hello\n", "ECHO hello"];
    expect(new Set(["echo hello", ...scripts].map((preRunnerScript) => hash({ preRunnerScript }))).size).toBe(6);
    expect(hash({ preRunnerScript: "" })).toMatch(/^.+\+[0-9a-f]{16}$/);
  });

  test("lets an overlay's empty value count: a script can be taken away again", () => {
    const written = { ...defaults, preRunnerScript: "echo hello", labels: ["gpu"] };
    expect(merge(written, { preRunnerScript: "", labels: [], maxInstances: 0 })).toMatchObject({
      preRunnerScript: "",
      labels: [],
      maxInstances: 0,
    });
  });
});

const wordsOf = (configuration: Defaults): readonly string[] => problemsOf(configuration).map(({ words }) => words);

describe("a configuration", () => {
  test("of the built-in values has no problem", () => {
    expect(problemsOf(defaults)).toEqual([]);
  });

  test.each<[keyof Operational, number]>([
    ["idleMs", 0],
    ["idleMs", -1],
    ["idleMs", Number.NaN],
    ["idleMs", limits.longestIdleMs + 1],
    ["maxRuntimeMs", 999],
    ["maxRuntimeMs", limits.longestRuntimeMs + 1],
    ["bootMs", 0],
    ["bootMs", Number.NaN],
    ["maxInstances", -1],
    ["maxInstances", 1.5],
    ["maxInstancesPerPartition", Number.POSITIVE_INFINITY],
    ["maxUses", -1],
    ["maxAgeMs", Number.NaN],
  ])("with %s = %d names it and the value", (name, value) => {
    expect(problemsOf({ ...defaults, [name]: value })[0]).toEqual({
      field: name,
      words: expect.stringMatching(new RegExp(`^${name} is ${value}( ms)?;`)) as unknown,
    });
  });

  test("whose provision limit is not above its boot limit says why that matters", () => {
    const [problem] = wordsOf({ ...defaults, provisionMs: defaults.bootMs });
    expect(problem).toMatch(/^provisionMs is 10m and must be longer than the boot limit \(bootMs is 10m\): .*expire/);
  });

  test("with half an idle floor, or a negative one, names the pool", () => {
    const problems = wordsOf({ ...defaults, idleFloors: { "large/x64": -1, "xlarge/x64": 0.5, "large/arm64": 2 } });
    expect(problems).toEqual([
      expect.stringContaining('"large/x64" is -1'),
      expect.stringContaining('"xlarge/x64" is 0.5'),
    ]);
  });

  test("with a number for a label says that runs' labels begin so", () => {
    expect(wordsOf({ ...defaults, labels: ["gpu", "1001"] })).toEqual([
      expect.stringContaining('labels: "1001" begins with a number'),
    ]);
  });

  test("with a provision limit that leaves no time to create is refused", () => {
    expect(wordsOf({ ...defaults, bootMs: 30_000, provisionMs: limits.replacementMs })).toEqual([
      expect.stringContaining("provisionMs is 1m; with 1m or less left"),
    ]);
  });

  test("with a class that has no queue says what to do", () => {
    const resourceClasses = { ...defaultResourceClasses, tiny: { cpu: 1, mmem: 512 } };
    expect(wordsOf({ ...defaults, resourceClasses })).toEqual([expect.stringMatching(/"tiny" has no queue: deploy/)]);
  });

  test("with a wrong class has the class's problems", () => {
    expect(wordsOf({ ...defaults, resourceClasses: {} })).toEqual([expect.stringContaining("no resource class")]);
  });
});

test("a repository's partition is the group that lists it, or its own", () => {
  expect(partitionOf(defaults, "octo/shop")).toBe("web");
  expect(partitionOf(defaults, "octo/app")).toBe("github:octo/app");
});

test("the repositories of an owner that is served as a whole are one partition, but for those that are named too", () => {
  const forge = { ...defaults.forge, repositories: ["octo/*", "octo/app", "other/one"] };
  const whole = { ...defaults, forge };
  expect(partitionOf(whole, "octo/tomorrow")).toBe("github:octo");
  expect(partitionOf(whole, "octo/*")).toBe("github:octo");
  expect(partitionOf(whole, "octo/app")).toBe("github:octo/app");
  expect(partitionOf(whole, "octo/shop")).toBe("web");
  expect(partitionOf(whole, "octopus/app")).toBe("github:octopus/app");
});
