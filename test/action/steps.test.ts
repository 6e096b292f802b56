// The built action's steps on the embedded cloud: outputs, log, annotations, job summary, exit codes.
import { runOf } from "../../domain/owner.ts";
import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fromItem } from "../../cloud/aws/attribute-values.ts";
import { pauseSwitch } from "../../cloud/aws/pause-switch.ts";
import { provisionSummary } from "../../entry/action/summary.ts";
import { harmless } from "../../entry/action/action-log.ts";
import { limits } from "../../domain/limits.ts";
import {
  forgeCredentialParameter,
  registrationTokenParameter,
  removalTokenParameter,
  tableName,
} from "../../domain/names.ts";
import { parseRequest } from "../../domain/request.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import { overlayKey } from "../../domain/table.ts";
import { rawRequestOf } from "../../entry/request-inputs.ts";
import { readActionFile } from "../workflow-runner/action-file.ts";
import { annotations, environment, openActionBench, repository, token, type ActionBench } from "./action-bench.ts";

let bench: ActionBench;
let run = 1000;
beforeAll(async () => {
  bench = await openActionBench();
});
afterAll(() => bench.close());
beforeEach(() => void run++);

const usual = rawRequestOf({ runId: "1", attempt: "1", repository: "example/shop" }, (_, otherwise) => otherwise);
const provision = (inputs: Readonly<Record<string, string>> = {}, more: object = {}) =>
  bench.main({ with: { mode: "provision", ...inputs }, runId: String(run), ...more });
const release = (inputs: Readonly<Record<string, string>> = {}) =>
  bench.main({ with: { mode: "release", ...inputs }, runId: String(run) });
const refresh = (inputs: Readonly<Record<string, string>> = {}) =>
  bench.main({ with: { mode: "refresh", "github-token": token, ...inputs }, runId: String(run) });
const owned = () => bench.records().filter(({ owner }) => owner !== undefined);
const overlay = () =>
  bench.db
    .items(tableName(environment))
    .map((item) => fromItem(item as never))
    .find(({ key }) => key === overlayKey) ?? {};

describe("provision", () => {
  test("gives the outputs that jobs and matrices use", async () => {
    const { code, outputs } = await provision({ "instance-count": "2", "allowed-instance-types": "m6i.large" });
    expect(code).toBe(0);
    expect(outputs).toMatchObject({ label: String(run), created: "2", reused: "0" });
    const ids = owned().map(({ instanceId }) => instanceId);
    expect((JSON.parse(outputs["instance-ids"] ?? "") as string[]).toSorted()).toEqual(ids.toSorted());
    expect(JSON.parse(outputs["instance-types"] ?? "")).toEqual(["m6i.large", "m6i.large"]);
    expect(Number(outputs["ready-ms"])).toBeGreaterThan(0);
    expect(Number(outputs["estimated-cost-per-hour"])).toBeCloseTo(2 * 0.096 * 0.38, 4);
    await release();
  });

  test("logs one line an instance and change, in a group, and tells the summary what there is", async () => {
    const { log, summary, outputs } = await provision({ "usage-class": "on-demand" });
    const [id = "none"] = JSON.parse(outputs["instance-ids"] ?? "[]") as string[];
    const lines = log.split("\n").filter((line) => line.includes(id));
    expect(lines).toEqual([
      expect.stringMatching(/ created \(\S+, eu-west-1[ab]\)$/),
      expect.stringMatching(/ registered after /),
    ]);
    expect(log).toMatch(/^::group::Provision 1 large instance \(x64, on-demand\) in dev$/m);
    expect(log.indexOf("::endgroup::")).toBeGreaterThan(log.indexOf(id));
    expect(log).toContain(`runs-on: ${run}`);
    expect(summary).toMatch(new RegExp(`\\| ${id} \\| \\S+ \\| eu-west-1[ab] \\| on-demand \\| created \\| .*\\$0\\.`));
    expect(summary).toContain(`\`runs-on: ${run}\``);
    expect(summary).toContain("an estimate");
    await release();
  });

  test("reuses what the run before has released", async () => {
    const { outputs, summary } = await provision({ "usage-class": "on-demand" });
    expect(outputs).toMatchObject({ created: "0", reused: "1" });
    expect(summary).toContain("| the pool |");
    await release();
  });

  test("with a secret label tells it by the output alone, for GitHub passes no masked output on", async () => {
    const { outputs, log, summary } = await provision({ label: "secret", "usage-class": "on-demand" });
    const label = outputs["label"] ?? "";
    expect(label).toMatch(/^runpool-[0-9a-f]{40}$/);
    expect(log + summary).not.toContain(label);
    expect(owned()[0]?.labels).toContain(label);
    expect(owned()[0]?.labels).not.toContain(String(run));
    await release();
    expect(owned()).toEqual([]);
  });

  test("that cannot be says why, each reason an annotation, and keeps nothing", async () => {
    const end = await provision({ "allowed-instance-types": "x9.large", "usage-class": "spot" });
    expect(end.code).toBe(1);
    expect(annotations("error", end).join("\n")).toMatch(/no-type/);
    expect(end.summary).toMatch(/### No runners: the provision failed\n\n- .*no-type/);
    expect(end.outputs).toEqual({});
    expect(owned()).toEqual([]);
  });

  test("while the environment is paused fails at once with the reason", async () => {
    const paused = pauseSwitch(bench.clients.dynamodb, tableName(environment));
    await paused.pause({ reason: "a <b>freeze</b>", at: 0 });
    const end = await provision();
    await paused.resume();
    expect(annotations("error", end)).toEqual([expect.stringMatching(/paused: a <b>freeze.*runpool resume/)]);
    expect(end.summary).toContain("a &lt;b>freeze");
    expect(end.code).toBe(1);
  });
});

describe("wrong configuration", () => {
  test("an environment that does not exist is named with the region", async () => {
    const end = await provision({ environment: "nosuch" });
    expect(annotations("error", end)).toEqual([expect.stringMatching(/"nosuch".*eu-west-1.*does not exist/)]);
    expect(end.code).toBe(1);
  });

  test("without credentials the step that is missing is named", async () => {
    const end = await provision({}, { variables: { AWS_ACCESS_KEY_ID: "", AWS_EC2_METADATA_DISABLED: "true" } });
    expect(annotations("error", end).join()).toMatch(/configure-aws-credentials.*id-token: write/);
    expect(end.code).toBe(1);
  });

  test("every input that is wrong is an annotation of its own", async () => {
    const end = await provision({ "instance-count": "many", architecture: "x86" });
    expect(annotations("error", end)).toEqual([
      expect.stringContaining('instance-count is "many"'),
      expect.stringContaining('write "x64" or "arm64"'),
    ]);
  });
});

describe("release", () => {
  test("gives a run's instances back, and is safe to run twice", async () => {
    await provision({ "usage-class": "on-demand" });
    const first = await release();
    expect(first.code).toBe(0);
    expect(first.summary).toContain("1 back in the pool");
    const again = await release();
    expect(again).toMatchObject({ code: 0 });
    expect(again.log).toContain("nothing to release");
  });

  test("of an attempt leaves the instances of its re-run", async () => {
    await provision({ "usage-class": "on-demand" }, { attempt: 2 });
    expect((await release()).log).toContain("nothing to release");
    expect(owned()).toMatchObject([
      { owner: expect.stringContaining(`github:run:${run}:2:`) as unknown, wanted: "serve" },
    ]);
    await bench.main({ with: { mode: "release" }, runId: String(run), attempt: 2 });
    expect(owned()).toEqual([]);
  });

  test("releases another run where it is named", async () => {
    await provision({ "usage-class": "on-demand" });
    const named = String(run++);
    await release({ "run-id": named });
    expect(owned()).toEqual([]);
    expect(annotations("error", await release({ "run-id": "latest" }))).toEqual([
      expect.stringContaining('run-id is "latest"'),
    ]);
  });
});

describe("refresh", () => {
  test("writes what the inputs say of operation into the overlay, and a dry run does not", async () => {
    const dry = await refresh({ "idle-time-sec": "120", "dry-run": "true" });
    expect(dry.log).toContain("Would change in the overlay: idleMs");
    expect(overlay()).not.toHaveProperty("idleMs");
    const { code, log, summary } = await refresh({ "idle-time-sec": "120", "idle-floor": "large/x64=0" });
    expect(code, log).toBe(0);
    expect(overlay()).toMatchObject({ idleMs: 120_000, idleFloors: { "large/x64": 0 } });
    expect(summary).toContain("### Refresh of dev");
    await refresh({ "idle-time-sec": "default", "idle-floor": "default" });
    expect(overlay()).not.toHaveProperty("idleMs");
  });

  test("warns of deploy-time inputs that differ, and names the field", async () => {
    const end = await refresh({ "subnet-ids": "subnet-1 subnet-2" });
    expect(annotations("warning", end)).toEqual([expect.stringMatching(/network .*file of environment "dev"/)]);
    expect(end.code).toBe(0);
  });

  test("masks the token before anything else is said", async () => {
    const { log } = await refresh();
    expect(log.split("\n")[0]).toBe(`::add-mask::${token}`);
    expect(log.split(token)).toHaveLength(2);
  });

  describe("masks what it reads and writes besides", () => {
    const stored = forgeCredentialParameter(environment);
    const names = [registrationTokenParameter, removalTokenParameter].map((nameOf) =>
      nameOf(environment, `github:${repository}`),
    );
    /** What would be shown: a mask is a command, which the runner obeys and does not print. */
    const shown = (log: string) => log.replaceAll(/^::add-mask::.*$/gm, "");
    const masks = (log: string) => [...log.matchAll(/^::add-mask::(.*)$/gm)].map(([, value]) => value);
    const withStored = async (value: string) => {
      bench.parameters.put(stored, value, "SecureString");
      return await refresh({ "github-token": "" });
    };

    test("the token that the environment keeps, and those that are renewed with it", async () => {
      // Older than half of their life.
      await bench.clock.advance(limits.tokenRenewMs);
      const { code, log } = await withStored(token);
      expect(code, log).toBe(0);
      const renewed = names.map((name) => bench.parameters.value(name));
      expect(masks(log)).toEqual(expect.arrayContaining([token, ...renewed]));
      for (const secret of [token, ...renewed]) expect(shown(log)).not.toContain(secret);
      expect((await refresh({ "github-token": "" })).log, "one that is read").toContain(`::add-mask::${renewed[0]}`);
    });

    test.each(["JSON of an App", "key alone, which cannot be used", "JSON that is cut off"])(
      "the App's key line by line: %s",
      async (kind) => {
        const { privateKey } = generateKeyPairSync("rsa", {
          modulusLength: 2048,
          publicKeyEncoding: { type: "spki", format: "pem" },
          privateKeyEncoding: { type: "pkcs8", format: "pem" },
        });
        const app = JSON.stringify({ appId: 7_100_000_071, privateKey });
        const { code, log } = await withStored(
          kind === "JSON of an App" ? app : kind.startsWith("JSON") ? app.slice(0, -1) : privateKey,
        );
        expect(code).toBe(1);
        const lines = privateKey.split("\n").filter((line) => line.length >= 8 && !line.startsWith("-----"));
        expect(lines.length).toBeGreaterThan(20);
        expect(masks(log)).toEqual(expect.arrayContaining(lines));
        for (const line of lines) expect(shown(log)).not.toContain(line);
        // What is no secret, and stands in other lines too, stays to be read.
        // Of what cannot be read as an App, all of it is taken for the secret.
        if (kind !== "JSON that is cut off")
          expect(masks(log).join("\n")).not.toMatch(/privateKey|7100000071|-----|^\W*$/m);
      },
    );
  });

  test("is red where GitHub refuses, and names the right that is missing", async () => {
    const end = await refresh({ "github-token": "ghp_unknown_to_everybody" });
    expect(end.code).toBe(1);
    expect(annotations("error", end).join("\n")).toMatch(/write a valid token/);
  });
});

test("the summary of fewer says what is missing, and takes the words of others for text", () => {
  const parsed = parseRequest(
    { ...usual, usageClass: "spot", instanceCount: "3", minCount: "1" },
    defaultResourceClasses,
  );
  const request = parsed.ok ? parsed.request : expect.fail(JSON.stringify(parsed.problems));
  const instance = { instanceId: "i-1", instanceType: "u7.metal", zone: "a", usageClass: "spot", labels: [] };
  const instances = [{ ...instance, origin: "created" as const }];
  const reasons = [
    "spot | is short\n<script> at $1 and $2",
    "see https://evil.example/x or www.evil.example, \u202Eti daer",
  ].map((problem) => ({ code: "error" as const, problem }));
  const outcome = { kind: "ready" as const, instances, created: 1, reused: 0, readyMs: 2000, reasons };
  const text = [...provisionSummary(request, outcome, new Map([["i-1", 1500]]))].join("\n");
  expect(text).toContain("| i-1 | u7.metal | a | spot | created | 1.5 s | unknown |");
  expect(text).toContain("Fewer than the 3 requested:\n\n- spot \\| is short &lt;script> at \\$1 and \\$2");
  // No link, and nothing that turns the direction of what follows.
  expect(text).toContain("- see https:<!-- -->//evil.example/x or www<!-- -->.evil.example, ?ti daer");
});

describe("a provision's outputs", () => {
  test("are those that action.yml promises, by their names, and no others", async () => {
    const { code, outputs, log } = await provision({ "usage-class": "on-demand", "instance-count": "2" });
    expect(code, log).toBe(0);
    const count = expect.stringMatching(/^\d+$/) as string;
    const ids = JSON.stringify(JSON.parse(outputs["instance-ids"] ?? ""));
    expect(outputs).toEqual({
      label: String(run),
      "instance-ids": ids,
      "instance-types": expect.stringMatching(/^\["[^"]+","[^"]+"\]$/) as string,
      created: count,
      reused: count,
      "ready-ms": count,
      "estimated-cost-per-hour": expect.stringMatching(/^\d+\.\d{4}$/) as string,
    });
    expect(Number(outputs["created"]) + Number(outputs["reused"])).toBe(2);
    expect(Object.keys(outputs).toSorted()).toEqual(Object.keys(readActionFile().outputs).toSorted());
    await release();
  });

  test("that cannot be written have no instances: the post step gives all back", async () => {
    const options = { with: { mode: "provision", "usage-class": "on-demand" }, runId: String(run) };
    const end = await bench.main({ ...options, variables: { GITHUB_OUTPUT: "/nowhere/output" } });
    expect(end.code).toBe(1);
    expect(annotations("error", end).join()).toContain("/nowhere/output");
    expect(owned().map(({ owner }) => runOf(owner)?.runId)).toEqual([String(run)]);
    expect((await bench.post(options, end.state)).code).toBe(0);
    expect(owned()).toEqual([]);
  });
});

test.each([
  ["::set-output name=a::b", "| ::set-output name=a::b"],
  ["fine\n::add-mask::x", "fine\n| ::add-mask::x"],
  ["fine ##[set-env name=A]b", "fine # #[set-env name=A]b"],
  ["fine ##[set-env name=A]b ##[add-path]c", "fine # #[set-env name=A]b # #[add-path]c"],
  ["fine\n::add-mask::x\n::stop-commands::y", "fine\n| ::add-mask::x\n| ::stop-commands::y"],
  ["a\u001b[2Jb", "a?[2Jb"],
])("text of others cannot command the runner: %j", (text, shown) => {
  expect(harmless(text)).toBe(shown);
});
