// What a provision may be asked for: every bad word is named with what would be right.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maxima } from "../../domain/limits.ts";
import { misfitOf, type Candidate, type Misfit } from "../../domain/demand.ts";
import { parseRequest, wordsOfProblem, type RawRequest } from "../../domain/request.ts";
import { defaultResourceClasses as classes } from "../../domain/resource-class.ts";

const good: RawRequest = {
  runId: "1001",
  attempt: "2",
  name: "build",
  repository: "octo/app",
  instanceCount: "3",
  resourceClass: "large",
  architecture: "x64",
  usageClass: "spot",
  allowedInstanceTypes: "c* m5.*",
  labels: "gpu, big",
  fallback: "true",
};
const problemsOf = (part: Partial<RawRequest>): readonly string[] => {
  const parsed = parseRequest({ ...good, ...part }, classes);
  return parsed.ok ? [] : parsed.problems.map((problem) => wordsOfProblem(problem));
};

test("a good request is read", () => {
  expect(parseRequest(good, classes)).toEqual({
    ok: true,
    request: {
      runId: "1001",
      attempt: 2,
      provisionId: "build",
      repository: "octo/app",
      count: 3,
      resourceClass: "large",
      minimum: { cpu: 2, mmem: 4096 },
      architecture: "x64",
      usageClass: "spot",
      allowedTypes: ["c*", "m5.*"],
      labels: ["gpu", "big"],
      fallback: true,
    },
  });
});

test("blanks around figures and names are let pass", () => {
  expect(problemsOf({ runId: " 1001 ", attempt: " 1", instanceCount: "2 ", name: " build " })).toEqual([]);
});

test.each([
  ["runId", "run-id", ["", "x", "-1", "1.5", "1e3", "1001; rm", "9".repeat(21)], "run_id"],
  ["attempt", "attempt", ["", "0", "-1", "1001", "two", "1.5"], "run_attempt"],
  ["name", "name", ["", "a b", "a/b", "a:b", "a#b", "x".repeat(101), "bürste"], "letters, digits"],
  [
    "repository",
    "repository",
    ["", "app", "octo/", "/app", "octo/app/x", "oc to/app", "../..", "octo/.."],
    "OWNER/REPOSITORY",
  ],
  [
    "instanceCount",
    "instance-count",
    ["", "0", "-3", "101", "2.5", "1e2", "0x2", "many", "9".repeat(17), "٣"],
    "from 1 to 100",
  ],
  ["resourceClass", "resource-class", ["", "Large", "small", "toString", "__proto__"], '"large", "xlarge", "2xlarge"'],
  ["architecture", "architecture", ["", "X64", "amd64", "arm"], '"x64" or "arm64"'],
  ["fallback", "fallback", ["", "yes", "True", "1"], '"true" or "false"'],
  ["usageClass", "usage-class", ["", "Spot", "ondemand", "reserved"], '"spot" or "on-demand"'],
] as const)(
  "%s: each bad value is the one problem, named as %s with the allowed ones",
  (field, input, bad, allowed) => {
    for (const value of bad) {
      const problems = problemsOf({ [field]: value });
      expect(problems, value).toEqual([expect.stringContaining(`${input} is "${value}"`)]);
      expect(problems[0]).toContain(allowed);
    }
  },
);

test.each(["m5", "m5.large.x", "m[5].large", "M5.*"])("the malformed wildcard %s is named", (malformed) => {
  const [problem] = problemsOf({ allowedInstanceTypes: `c* ${malformed}` });
  expect(problem).toMatch(/^allowed-instance-types: /);
  expect(problem).toContain(`"${malformed}"`);
});

describe("labels", () => {
  test("longer than GitHub takes are refused, and shortened in the error", () => {
    expect(problemsOf({ labels: "x".repeat(maxima.labelLength) })).toEqual([]);
    const [problem] = problemsOf({ labels: `fine ${"x".repeat(maxima.labelLength + 1)}` });
    expect(problem).toContain(`${maxima.labelLength} characters`);
    expect(problem?.length).toBeLessThan(120);
  });

  test("that are numbers are refused: they would draw another run's jobs to these machines", () => {
    for (const label of ["1002", "1002-large"])
      expect(problemsOf({ labels: `gpu ${label}` })).toEqual([
        expect.stringContaining(`"${label}" begins with a number, as the labels of runs do`),
      ]);
    expect(problemsOf({ labels: "2xlarge gpu:a100" })).toEqual([]);
  });

  test("fit GitHub's 256 characters behind the longest own label", () => {
    expect(maxima.ownLabelLength + 1 + maxima.labelLength).toBeLessThanOrEqual(256);
    expect(problemsOf({ label: "x".repeat(maxima.ownLabelLength) })).toEqual([]);
    expect(problemsOf({ label: "x".repeat(maxima.ownLabelLength + 1) })).toHaveLength(1);
  });
});

test("all problems are told at once, one line each", () => {
  const bad: RawRequest = {
    runId: "x",
    attempt: "x",
    name: "a b",
    repository: "x",
    instanceCount: "x",
    resourceClass: "x",
    architecture: "x",
    usageClass: "x",
    allowedInstanceTypes: "x",
    labels: "7",
    fallback: "x",
  };
  const parsed = parseRequest(bad, classes);
  expect(parsed.ok ? [] : parsed.problems).toHaveLength(11);
});

test("a class that is retired is told apart from one that never was", () => {
  const of = (resourceClass: string) => {
    const parsed = parseRequest({ ...good, resourceClass }, classes, ["huge"]);
    return parsed.ok ? [] : parsed.problems.map((problem) => wordsOfProblem(problem));
  };
  expect(of("huge")).toEqual([
    expect.stringMatching(/^resource-class is "huge"; it is retired; this environment has "/),
  ]);
  expect(of("tiny")).toEqual([expect.stringMatching(/^resource-class is "tiny"; this environment has "/)]);
});

test("what may be left out is read where it is given, in milliseconds", () => {
  const parsed = parseRequest(
    { ...good, instanceCount: "4", minCount: "2", timeoutMin: "5", maxRuntimeMin: "90", label: "runpool-x" },
    classes,
  );
  expect(parsed).toMatchObject({
    ok: true,
    request: { minCount: 2, timeoutMs: 300_000, maxRuntimeMs: 5_400_000, label: "runpool-x" },
  });
  const without = parseRequest({ ...good, minCount: "", timeoutMin: "", maxRuntimeMin: "", label: "" }, classes);
  for (const name of ["minCount", "timeoutMs", "maxRuntimeMs", "label"])
    expect(without.ok && name in without.request, name).toBe(false);
});

test("what may be left out is checked where it is given", () => {
  const bad = { ...good, instanceCount: "2", minCount: "3", timeoutMin: "0", maxRuntimeMin: "soon", label: "1002" };
  const parsed = parseRequest(bad, classes);
  expect(parsed.ok ? [] : parsed.problems.map(({ field }) => field)).toEqual([
    "minCount",
    "timeoutMin",
    "maxRuntimeMin",
    "label",
  ]);
});

test("a problem is of one field, which each face calls by its own name, whatever its value says", () => {
  const parsed = parseRequest({ ...good, name: "labels is label: x", minCount: "timeout-min is" }, classes);
  const problems = parsed.ok ? [] : parsed.problems;
  expect(problems.map(({ field }) => field)).toEqual(["name", "minCount"]);
  expect(problems.map((problem) => wordsOfProblem(problem))).toEqual([
    expect.stringMatching(/^name is "labels is label: x"; it is 1-100 letters/),
    'min-count is "timeout-min is"; it is a whole number from 1 to 3',
  ]);
  expect(problems.map((problem) => wordsOfProblem(problem, "$X").slice(0, 5))).toEqual(["$X is", "$X is"]);
});

test("any words at all are a request or problems that name their input, never an exception", () => {
  const word = fc.string({ unit: "grapheme" });
  const raw = fc.record(
    Object.fromEntries(Object.keys(good).map((name) => [name, word])) as Record<keyof RawRequest, typeof word>,
  );
  fc.assert(
    fc.property(raw, fc.subarray(Object.keys(good) as (keyof RawRequest)[]), (words, kept) => {
      const mixed = { ...words, ...Object.fromEntries(kept.map((name) => [name, good[name]])) };
      const parsed = parseRequest(mixed, classes);
      if (parsed.ok) expect(parsed.request.count).toBeGreaterThan(0);
      else for (const { field } of parsed.problems) expect(Object.keys(good)).toContain(field);
    }),
  );
});

describe("an idle instance", () => {
  const parsed = parseRequest(good, classes);
  const request = parsed.ok ? parsed.request : expect.fail("the good request is refused");
  const fits: Candidate = {
    partition: "github:octo/app",
    resourceClass: "large",
    architecture: "x64",
    usageClass: "spot",
    instanceType: "m5.large",
    cpu: 2,
    mmem: 8192,
    threshold: 1001,
  };
  const misfit = (part: Partial<Candidate>): Misfit | undefined =>
    misfitOf({ ...fits, ...part }, { ...request, partition: "github:octo/app" }, 1000);

  test("that has all that is asked for serves", () => {
    expect(misfit({})).toBeUndefined();
    expect(misfit({ cpu: 4, mmem: 4096, instanceType: "c6i.large" })).toBeUndefined();
  });

  test.each<[Misfit, Partial<Candidate>]>([
    ["expired", { threshold: 1000 }],
    ["partition", { partition: "github:octo/other" }],
    ["class", { resourceClass: "xlarge" }],
    ["architecture", { architecture: "arm64" }],
    ["usage class", { usageClass: "on-demand" }],
    ["type", { instanceType: "r5.large" }],
    ["cpu", { cpu: 1 }],
    ["memory", { mmem: 4095 }],
  ])("does not serve for its %s alone", (why, part) => {
    expect(misfit(part)).toBe(why);
  });
});
