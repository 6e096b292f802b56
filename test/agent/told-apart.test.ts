// Pure parts of the agent's hands: causes of failure, the listener's words, the hooks' lines, the process table.
import { describe, expect, test } from "vitest";
import { configureArguments } from "../../agent/runners/github/configure-arguments.ts";
import { readJobEvents } from "../../agent/runners/github/job-hooks.ts";
import { afterExit } from "../../agent/runners/github/listener-exit.ts";
import { readListenerLog } from "../../agent/runners/github/listener-log.ts";
import { startMark } from "../../cloud/ports/sandbox.ts";
import { parseStat } from "../../agent/hosts/process/process-table.ts";
import { readAnswer } from "../../agent/hosts/systemd/root-requests.ts";
import { environmentFile, readEnded } from "../../agent/hosts/systemd/unit-sandbox.ts";
import { causeOf } from "../../agent/runners/github/registration-outcome.ts";

const registration = "POST https://api.github.com/actions/runner-registration";

describe("a failed registration is told by the words of actions/runner", () => {
  test.each([
    ["token", `Http response code: NotFound from '${registration}' (Request Id: A1B2)`],
    ["token", `Http response code: Unauthorized from '${registration}'`],
    ["token", "Invalid configuration provided for token. Terminating unattended configuration."],
    ["name-taken", "A runner exists with the same name dev-i-0abc-1."],
    ["version", "Runner version v2.300.0 is deprecated and cannot receive messages."],
    ...["RequestTimeout", "InternalServerError", "BadGateway", "ServiceUnavailable", "GatewayTimeout", "520"].map(
      (status) => ["network", `Http response code: ${status} from '${registration}'`] as const,
    ),
    ["rate-limit", `Http response code: TooManyRequests from '${registration}'`],
    [
      "rate-limit",
      `Http response code: Forbidden from '${registration}'\n{"message":"You have exceeded a secondary rate limit."}`,
    ],
    ["rate-limit", `Http response code: Forbidden from '${registration}'\n{"message":"API rate limit exceeded for 1"}`],
    ["network", "Name or service not known (api.github.com:443)"],
    ["network", "The SSL connection could not be established, see inner exception."],
    ["network", "A session for this runner already exists."],
    ["refused", `Http response code: Forbidden from '${registration}'`],
    ["refused", 'Could not find any self-hosted runner group named "builders".'],
    ["refused", "Invalid configuration provided for url. Terminating unattended configuration."],
    ["other", "Segmentation fault"],
  ] as const)("%s: %s", (cause, words) => {
    expect(causeOf(["# Authentication", ...words.split("\n")])).toBe(cause);
  });
});

test("the command line names everything but the token, and replaces only what is its own", () => {
  const request = {
    assignment: 4,
    name: "dev-i-0abc-4",
    url: "https://github.com/o/r",
    partition: "github:o/r",
    labels: ["77", "xlarge"],
    kind: "token",
    secret: "ASECRETTOKEN",
  } as const;
  const line = configureArguments(request, false).join(" ");
  expect(line).toBe(
    "--unattended --url https://github.com/o/r --name dev-i-0abc-4 --labels 77,xlarge --no-default-labels --disableupdate",
  );
  expect(configureArguments(request, true)).toContain("--replace");
  expect(configureArguments({ ...request, group: "our runners" }, false).join("|")).toContain(
    "|--runnergroup|our runners|",
  );
});

test("a listener is online only by what it has said since its last start; jobs are counted over all starts", () => {
  const first = `${startMark}\n√ Connected to GitHub\n2026-01-02 03:04:05Z: Listening for Jobs\n2026-01-02 03:05:05Z: Running job: build\n`;
  expect(readListenerLog(first)).toMatchObject({ online: true, jobs: 1 });
  const second = `${first}${startMark}\nRunner connect error: x. Retrying until reconnected.\n`;
  expect(readListenerLog(second)).toEqual({
    online: false,
    jobs: 1,
    lastLines: ["Runner connect error: x. Retrying until reconnected."],
  });
});

test("exit codes are told apart: 2 pauses, 3 and 4 wait for the update, 7 is the version, the rest start again", () => {
  expect([0, 1, 6, 137, undefined].map((code) => afterExit(code))).toEqual(
    Array.from({ length: 5 }, () => ({ kind: "relaunch", pauseMs: 0, untilUpdated: false })),
  );
  expect(afterExit(2)).toEqual({ kind: "relaunch", pauseMs: 5_000, untilUpdated: false });
  expect(afterExit(5)).toEqual({ kind: "relaunch", pauseMs: 5_000, untilUpdated: false });
  expect([3, 4].map((code) => afterExit(code))).toEqual(
    Array.from({ length: 2 }, () => ({ kind: "relaunch", pauseMs: 30_000, untilUpdated: true })),
  );
  expect(afterExit(7)).toMatchObject({ kind: "give-up", cause: "version" });
});

test("the hooks' lines become events; what a job scribbled between them is passed over and cut short", () => {
  const text = `started\t100\t7\t1\tbuild\nrubbish\n\tx\ncompleted\t130\t7\t1\t${"b".repeat(999)}\nrefused\t140\t8\t1\tdeploy\nstarted\t150`;
  expect(readJobEvents(text)).toEqual([
    { name: "job.started", run: "7", attempt: "1", job: "build" },
    { name: "job.completed", run: "7", attempt: "1", job: "b".repeat(200), seconds: 30 },
    { name: "job.refused", run: "8", attempt: "1", job: "deploy" },
  ]);
});

test("a process's name may hold blanks and brackets", () => {
  const rest = "S 1 40 41 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 100";
  expect(parseStat(`42 (a) b (c) ${rest}`)).toEqual({
    pid: 42,
    parent: 1,
    session: 41,
    start: "987654",
    stopped: false,
    zombie: false,
    name: "a) b (c",
  });
  expect(parseStat("")).toBeUndefined();
});

test("root's answer is a code and words", () => {
  expect(readAnswer("0\nstopped\n")).toEqual({ code: 0, words: "stopped" });
  expect(readAnswer("75\ntwo\nlines\n\n")).toEqual({ code: 75, words: "two\nlines" });
  // What a full disk has cut short says nothing, and least of all that all is well.
  for (const text of ["", "0", "\n", "x\n", "-1\n"]) expect(readAnswer(text).code).toBeNaN();
});

test("a unit's end is read as a shell's exit code", () => {
  expect(readEnded("exited 7 exit-code\n")).toBe(7);
  expect(readEnded("killed KILL signal\n")).toBe(137);
  expect(readEnded("unknown unknown unknown\n")).toBeUndefined();
});

test("an environment file keeps quotes, backslashes, dollars and blanks", () => {
  expect(environmentFile({ A: "1", B: `a "b" \\ $HOME \`x\`` })).toBe('A="1"\nB="a \\"b\\" \\\\ \\$HOME \\`x\\`"\n');
});
