// The action's inputs: what is wrong is named with what would be right.
import { describe, expect, test } from "vitest";
import { BadInput } from "../../entry/words/bad-input.ts";
import { inputNames, readInputs, type InputName } from "../../entry/action/inputs.ts";
import { wordsOfProblem } from "../../domain/request.ts";
import { readOverlayInputs } from "../../entry/action/overlay-inputs.ts";
import { rawRequestOf, requestOf } from "../../entry/request-inputs.ts";
import { furnished } from "../world/world.ts";
import { readActionFile } from "../workflow-runner/action-file.ts";

const file = readActionFile();
const runner = { GITHUB_RUN_ID: "1001", GITHUB_REPOSITORY: "acme/shop", GITHUB_JOB: "build" };
const given =
  (inputs: Partial<Record<InputName, string>>) =>
  (name: InputName): string =>
    inputs[name] ?? "";
const read = (inputs: Partial<Record<InputName, string>>, variables: Record<string, string> = {}) =>
  readInputs(given({ mode: "provision", ...inputs }), { ...runner, ...variables });
const problemsOf = (work: () => unknown): readonly string[] => {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof BadInput) return error.problems;
    throw error;
  }
};

describe("action.yml", () => {
  test("has no expression but in a default: elsewhere the runner refuses the file", () => {
    for (const { description } of [...Object.values(file.inputs), ...Object.values(file.outputs)])
      expect(description).not.toContain("${{");
  });

  test("runs on Node 24, main and post", () => {
    expect(file.runs).toEqual({ using: "node24", main: "dist/action/action.mjs", post: "dist/action/action-post.mjs" });
  });
});

describe("inputs", () => {
  test("environment and region come from the input, then from variables, then from the default", () => {
    expect(read({})).toMatchObject({ environment: "prod", region: "us-east-1" });
    const variables = { RUNPOOL_ENVIRONMENT: "dev", AWS_REGION: "eu-west-1" };
    expect(read({}, variables)).toMatchObject({ environment: "dev", region: "eu-west-1" });
    expect(read({}, { AWS_DEFAULT_REGION: "eu-north-1" }).region).toBe("eu-north-1");
    expect(read({}, { AWS_DEFAULT_REGION: "eu-north-1", AWS_REGION: "eu-west-1" }).region).toBe("eu-west-1");
    expect(read({ environment: "test", "aws-region": "us-west-2" }, variables)).toMatchObject({
      environment: "test",
      region: "us-west-2",
    });
  });

  test("every problem is named at once, with what would be right", () => {
    const problems = problemsOf(() => read({ mode: "start", environment: "No Such", "aws-region": "mars" }));
    expect(problems).toEqual([
      expect.stringContaining('mode is "start"; write "provision"'),
      expect.stringContaining('environment is "No Such"'),
      expect.stringContaining('aws-region is "mars"'),
    ]);
  });

  test("what is of no effect is said, and why", () => {
    const { notices } = read({ mode: "release", "idle-time-sec": "5", "run-id": "7", labels: "a" });
    expect(notices).toEqual([
      expect.stringMatching(/^labels .*mode release.*provision/),
      expect.stringMatching(/^idle-time-sec .*refresh/),
    ]);
  });

  test("defaults that the runner has filled in are no reason for a notice", () => {
    const filled = Object.fromEntries(inputNames.map((name) => [name, file.inputs[name]?.default ?? ""]));
    expect(read({ ...filled, mode: "refresh" }).notices).toEqual([]);
  });
});

const configuration = furnished();
const random = { id: () => "0123456789abcdef0123" };

describe("a provision's inputs", () => {
  const parse = (inputs: Partial<Record<InputName, string>>, at = configuration) => {
    const { run, of } = read(inputs);
    return requestOf(rawRequestOf(run, of), at, random);
  };

  test.each([
    [["acme/shop"], true],
    [["acme/*"], true],
    [["acme/docs", "other/*"], false],
  ])("are taken where the environment serves %j: %j", (repositories, ok) => {
    const serving = { ...configuration, forge: { ...configuration.forge, repositories } };
    expect(parse({}, serving).ok).toBe(ok);
  });

  test("are one spot `large` where nothing is said, named after the job", () => {
    expect(parse({})).toMatchObject({
      ok: true,
      request: {
        runId: "1001",
        attempt: 1,
        provisionId: "build",
        repository: "acme/shop",
        count: 1,
        resourceClass: "large",
        architecture: "x64",
        usageClass: "spot",
        fallback: false,
        allowedTypes: ["c*", "m*", "r*"],
        labels: [],
      },
    });
  });

  test("ask for a secret label, which nobody can guess and which is no run id", () => {
    const parsed = parse({ label: "secret" });
    expect(parsed).toMatchObject({ ok: true, request: { label: `runpool-${random.id()}${random.id()}` } });
    expect(parse({})).not.toHaveProperty("request.label");
    expect(parse({ label: "mine" })).toEqual({
      ok: false,
      problems: [
        { field: "label", given: "mine", rule: expect.stringContaining('write "run-id" or "secret"') as unknown },
      ],
    });
  });

  test("name each problem", () => {
    const parsed = parse({ "instance-count": "0", "resource-class": "tiny", "usage-class": "cheap", fallback: "yes" });
    expect(parsed.ok ? [] : parsed.problems.map(({ field }) => field)).toEqual([
      "instanceCount",
      "resourceClass",
      "usageClass",
      "fallback",
    ]);
  });

  test("wait no longer than what was claimed first would live", () => {
    expect(parse({ "timeout-min": "12" }).ok).toBe(true);
    const parsed = parse({ "timeout-min": "13" });
    expect(parsed.ok ? [] : parsed.problems.map((problem) => wordsOfProblem(problem))).toEqual([
      expect.stringMatching(/timeout-min is "13".*12 minutes/),
    ]);
  });
});

describe("refresh's inputs", () => {
  const loaded = { configuration, defaults: configuration, overlay: { idleMs: 60_000, labels: ["fast"] } };
  const overlayOf = (inputs: Partial<Record<InputName, string>>) => readOverlayInputs(given(inputs), loaded);

  test("that are empty leave the overlay as it is", () => {
    expect(overlayOf({})).toEqual({ overlay: loaded.overlay, changed: [], problems: [], differences: [] });
  });

  test("go to the overlay, beside what is there", () => {
    const { overlay, changed } = overlayOf({
      ami: "x64=ami-0a1b2c3d4e5f60001 arm64=ami-0a1b2c3d4e5f60002",
      "max-runtime-min": "90",
      "pre-runner-script": "#!/bin/bash\ntrue\n",
      "resource-class-config": '{"large": {"cpu": "4", "mmem": 8192}}',
      "idle-floor": "large/x64=2, xlarge/arm64/on-demand=1",
    });
    expect(overlay).toEqual({
      ...loaded.overlay,
      images: { x64: "ami-0a1b2c3d4e5f60001", arm64: "ami-0a1b2c3d4e5f60002" },
      maxRuntimeMs: 5_400_000,
      preRunnerScript: "#!/bin/bash\ntrue\n",
      resourceClasses: { large: { cpu: 4, mmem: 8192 } },
      idleFloors: { "large/x64": 2, "xlarge/arm64/on-demand": 1 },
    });
    expect(changed).toHaveLength(5);
  });

  test("that say `default` take the overlay's value out", () => {
    expect(overlayOf({ "idle-time-sec": "default" })).toMatchObject({
      overlay: { labels: ["fast"] },
      changed: ["idleMs"],
    });
  });

  test("that are given where the overlay cannot be used make a new one, of them alone", () => {
    const broken = { ...loaded, overlay: {}, overlayProblems: ["configuration#overlay.idleMs"] };
    const anew = (inputs: Partial<Record<InputName, string>>) => readOverlayInputs(given(inputs), broken);
    expect(anew({})).toMatchObject({ overlay: {}, changed: [] });
    expect(anew({ "resource-class-config": "default" })).toMatchObject({ overlay: {}, changed: ["resourceClasses"] });
    expect(anew({ "idle-time-sec": "120" })).toMatchObject({ overlay: { idleMs: 120_000 }, changed: ["idleMs"] });
  });

  test("that repeat what the overlay says change nothing", () => {
    expect(overlayOf({ "idle-time-sec": "60" }).changed).toEqual([]);
  });

  test.each<[InputName, string, RegExp]>([
    ["ami", "ami-x", /write x64=ami-… arm64=ami-…/],
    ["ami", "ami-0a1b2c3d4e5f60001", /write x64=/],
    ["idle-time-sec", "0", /from 1 to 86400/],
    ["max-runtime-min", "1.5", /whole number/],
    ["resource-class-config", "{", /is not valid JSON/],
    ["resource-class-config", '{"large": {"cpu": "x", "mmem": 1}}', /cpu is NaN.*classes or limits/],
    ["resource-class-config", '{"huge": {"cpu": 4, "mmem": 8192}}', /"huge" has no queue.*classes or limits.*"sim"/],
    ["idle-floor", "2", /CLASS\/ARCHITECTURE=COUNT/],
    ["idle-floor", "large/x86=2", /CLASS\/ARCHITECTURE=COUNT/],
  ])("that cannot be obeyed are named: %s %j", (name, text, problem) => {
    expect(overlayOf({ [name]: text }).problems).toContainEqual(expect.stringMatching(problem));
  });

  test("one AMI is enough where there is one architecture", () => {
    const only = { ...configuration, imageParameters: { arm64: "/a" } };
    const found = readOverlayInputs(given({ ami: "ami-0a1b2c3d4e5f60001" }), { ...loaded, configuration: only });
    expect(found.overlay.images).toEqual({ arm64: "ami-0a1b2c3d4e5f60001" });
  });

  test("that only a deployment changes are compared, and a difference names the file's field", () => {
    const deployed = { ...configuration, securityGroups: ["sg-1"] };
    const compared = (inputs: Partial<Record<InputName, string>>) =>
      readOverlayInputs(given(inputs), { ...loaded, configuration: deployed }).differences;
    const same = {
      "subnet-ids": configuration.subnets.map(({ id }) => id).join(" "),
      "security-group-ids": "sg-1",
      "iam-instance-profile": "arn:aws:iam::1:instance-profile/runpool-sim_instance",
    };
    expect(compared(same)).toEqual([]);
    expect(compared({ "subnet-ids": "subnet-x", "security-group-ids": "sg-2", "iam-instance-profile": "own" })).toEqual(
      [
        expect.stringMatching(/subnet-x.*network .*the file of environment "sim"/),
        expect.stringMatching(/sg-2.*sg-1.*network .*the file of environment "sim"/),
        expect.stringMatching(/own.*runpool-sim_instance.*name .*the file of environment "sim"/),
      ],
    );
  });
});
