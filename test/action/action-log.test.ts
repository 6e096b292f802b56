// What the action's log and summary show where there is very much to say: GitHub shows ten annotations of a kind, and 1 MiB of a summary.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AwsRefused } from "../../cloud/aws/sdk-errors.ts";
import { ForgeRefused } from "../../cloud/ports/forge.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { Unconfigured } from "../../cloud/ports/settings.ts";
import type { Cause, Reason } from "../../domain/reasons.ts";
import type { FailureCause } from "../../domain/record.ts";
import { failureOf } from "../../entry/action/failures.ts";
import { fail, actionLog } from "../../entry/action/action-log.ts";
import { withinLimit } from "../../entry/action/write-summary.ts";
import { BadInput } from "../../entry/words/bad-input.ts";
import { alikeTogether } from "../../entry/words/alike-reasons.ts";
import { wordsOfReason } from "../../entry/words/reasons.ts";

let written = "";
beforeEach(() => {
  written = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());
const lines = (): readonly string[] => written.trimEnd().split("\n");

const id = (i: number): string => `i-${String(i).padStart(17, "0")}`;
const silent = (i: number): string => `${id(i)} (c6a.large, eu-west-1${i % 2 === 0 ? "a" : "b"}): no word for ${i} s`;
const advice = "no type matches: widen `allowed-instance-types`";

test("instances that failed alike are one reason, the first at length; what is different stays", () => {
  expect(alikeTogether([silent(1), "as asked: no-type", silent(2), silent(3), advice])).toEqual([
    `${silent(1)} (and 2 more like it: ${id(2)}, ${id(3)})`,
    "as asked: no-type",
    advice,
  ]);
  expect(alikeTogether([1, 2, 3, 4, 5].map(silent))).toEqual([
    `${silent(1)} (and 4 more like it: ${id(2)}, ${id(3)}, ${id(4)} …)`,
  ]);
});

test("reasons are alike by their facts: what an instance lost tells them apart, which one it was and how long it took do not", () => {
  const lost = (i: number, cause: Cause): Reason => ({
    code: "instance",
    instanceId: id(i),
    instanceType: i % 2 === 0 ? "c6a.large" : "m7i.large",
    zone: "eu-west-1a",
    cause,
    signal: undefined,
  });
  const failed = (i: number, cause: FailureCause): Reason => {
    const detail = `${id(i)} did not answer within ${i} s`;
    return lost(i, {
      code: "failed",
      signal: { kind: "register-failed", rank: 5, assignment: i, at: i, cause, detail },
    });
  };
  const reasons = [
    lost(1, { code: "silent", ms: 61_000 }),
    failed(2, "network"),
    lost(3, { code: "silent", ms: 90_000 }),
    failed(4, "network"),
    failed(5, "token"),
  ];
  const [first, second] = reasons.map(wordsOfReason);
  expect(alikeTogether(reasons)).toEqual([
    `${first} (and 1 more like it: ${id(3)})`,
    `${second} (and 1 more like it: ${id(4)})`,
    wordsOfReason(failed(5, "token")),
  ]);
});

test("a hundred that failed alike are one error annotation", () => {
  fail("Provision failed", [...Array.from({ length: 100 }, (_, i) => silent(i)), advice]);
  expect(lines()).toEqual([
    expect.stringMatching(/^::error title=Provision failed::i-0{17} .*and 99 more/),
    `::error title=Provision failed::${advice}`,
  ]);
});

test("of many kinds ten are annotations, the last among them, for it says what to do; the others are lines", () => {
  const kinds = "abcdefghijklmn".split("").map((letter) => `cause ${letter}`);
  fail("Provision failed", [...kinds, advice]);
  const errors = lines().filter((line) => line.startsWith("::error"));
  expect(errors).toHaveLength(10);
  expect(errors.at(-1)).toContain(advice);
  expect(lines().filter((line) => line.startsWith("error: "))).toEqual(kinds.slice(9).map((kind) => `error: ${kind}`));
});

test("the same of another instance is a line, not a warning annotation more", () => {
  const log = actionLog();
  for (let i = 0; i < 30; i++) log.event("instance.lost", { instance: id(i), why: { code: "silent", ms: i * 1000 } });
  log.warn("runpool", "something else");
  const warnings = lines().filter((line) => line.startsWith("::warning"));
  expect(warnings).toEqual([expect.stringContaining(id(0)), "::warning title=runpool::something else"]);
  expect(lines()).toHaveLength(31);
});

test("why an instance is ended is said at length once; lines end as on any system", () => {
  const log = actionLog();
  const why = { code: "operator", reason: `config.sh said:\r\n${"long ".repeat(50)}` } as const;
  log.event("instance.lost", { instance: id(1), why });
  log.event("instance.condemned", { instance: id(1), by: "condemn-unregistered", reason: why });
  expect(lines()[0]).toMatch(/lost: config\.sh said:%0A\| long/);
  expect(lines().slice(1)).toEqual([`${id(1)} is ended: config.sh said: …`]);
});

test.each([
  "CredentialsProviderError",
  "ExpiredTokenException",
  "UnrecognizedClientException",
  "InvalidSignatureException",
])("%s is advised on as a lack of credentials, a missing right is not", (code) => {
  const adviceOn = (refused: AwsRefused): string => failureOf(refused).problems.join();
  expect(adviceOn(new AwsRefused("a read", code, "no"))).toContain("configure-aws-credentials");
  expect(adviceOn(new AwsRefused("a read", "AccessDeniedException", "no"))).not.toContain("configure-aws");
});

test("a launch that came to nothing without a reason is said in words", () => {
  actionLog().event("creation.short", {
    rung: "as-asked",
    created: 0,
    wanted: 2,
    verdict: "again",
    reason: undefined,
  });
  expect(lines()).toEqual(["::warning title=runpool::0 of 2 created (EC2 gave no reason; trying again)"]);
});

test("a summary keeps within what GitHub takes, in whole lines, and says how many it leaves out", () => {
  const row = `| ${"é".repeat(500)} |`;
  const cut = withinLimit(Array.from({ length: 3000 }, () => row));
  expect(Buffer.byteLength(cut.join("\n"))).toBeLessThan(1024 * 1024);
  expect(cut.slice(0, 900).every((line) => line === row)).toBe(true);
  expect(cut.at(-1)).toBe(`… and ${3000 - (cut.length - 2)} more lines, which the log has.`);
  expect(withinLimit(["a", "b"])).toEqual(["a", "b"]);
});

test.each([
  ["CredentialsProviderError", true],
  ["ExpiredTokenException", true],
  ["ExpiredToken", true],
  ["InvalidClientTokenId", true],
  ["UnrecognizedClientException", true],
  ["SignatureDoesNotMatch", true],
  ["AuthFailure", true],
  ["AccessDenied", false],
  ["AccessDeniedException", false],
  ["UnauthorizedOperation", false],
  ["ValidationException", false],
  ["ResourceNotFoundException", false],
])("%s sends people to look at the job's credentials: %s", (code, sends) => {
  const { title, problems } = failureOf(new AwsRefused("a call", code, "it says"));
  expect(title).toBe("AWS");
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`AWS refused a call: ${code}: it says`);
  expect(problems[0]?.includes("configure-aws-credentials")).toBe(sends);
});

test.each([
  [new BadInput(["one", "two"]), "Input", ["one", "two"]],
  [new Unconfigured("one\ntwo"), "Environment", ["one", "two"]],
  [new OutOfReach("a call"), "Out of reach", [expect.stringMatching(/^a call: .*re-run the job$/)]],
  [new ForgeRefused("a call"), "GitHub", ["a call"]],
  [new TypeError("undefined"), "Internal error (please report)", [expect.stringContaining("TypeError: undefined")]],
  ["thrown text", "Internal error (please report)", ["thrown text"]],
])("%s is reported under its own title", (thrown, title, problems) => {
  expect(failureOf(thrown)).toEqual({ title, problems });
});
