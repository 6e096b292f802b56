// A newcomer's errand: another forge and another host, through the ports alone, pass the contracts that ours pass.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { processSandbox } from "../../agent/hosts/process/process-sandbox.ts";
import { githubEnrolment } from "../../agent/runners/github/enrolment.ts";
import { githubRunner } from "../../agent/runners/github/github-runner.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { enrolmentOptions } from "../agent/agent-options.ts";
import { runnerCases, type RunnerStand } from "./runner-contract.ts";
import { toyForge, toyName, toyProgram, toyRunner } from "./toy-forge.ts";
import { memoryHost } from "./toy-host.ts";

const folder = mkdtempSync(join(tmpdir(), "toy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
const log = { event: () => undefined };
const pause = (): Promise<void> => hostClock.sleep(20);
let played = 0;

describe("a toy forge on plain processes", () => {
  const forge = join(folder, "forge");
  mkdirSync(forge);
  const sandbox = processSandbox({
    program: toyProgram(join(folder, "toy")),
    rootsDirectory: join(folder, "places"),
    path: process.env["PATH"] ?? "",
    clock: hostClock,
    log,
    onChange: () => undefined,
  });
  afterEach(() => sandbox.destroy(played));
  const open = () => toyRunner(sandbox, forge, join(folder, "toy.json"));
  const control = toyForge(forge);

  const stand: RunnerStand = {
    runner: open(),
    again: open,
    record: async (assignment) => ({ assignment, partition: "toy" }),
    job: (n) => {
      const file = join(forge, `${toyName(n)}-${n}.job`);
      const gate = join(folder, `gate-${n}`);
      writeFileSync(`${file}.new`, `while [ ! -e ${gate} ]; do sleep 0.02; done\n`);
      writeFileSync(file, readFileSync(`${file}.new`));
      const there = async (name: string) => {
        while (!existsSync(name)) await pause();
      };
      return {
        begun: there(`${file}.taken`),
        end: async () => {
          writeFileSync(gate, "");
          await there(`${file}.over`);
          // Its line is written in the moment after.
          while (readFileSync(`${file}.over`, "utf8") === "") await pause();
          return readFileSync(`${file}.over`, "utf8").trim();
        },
      };
    },
    known: (n) => existsSync(join(forge, `runner-${toyName(n)}`)),
    pause,
  };
  test.each(runnerCases)("$name", ({ play }) => play(stand, ++played));

  test("the control plane finds and removes its runners by the same port as GitHub's", async () => {
    writeFileSync(join(forge, "runner-toy-77"), "");
    expect(await control.named("any", "toy-77")).toMatchObject({ id: 77 });
    expect([await control.remove("any", 77), await control.remove("any", 77)]).toEqual(["removed", "absent"]);
    expect(await control.runners("any", "toy-7")).toEqual([]);
  });
});

describe("GitHub's runner on a toy host", () => {
  const open = () => {
    const host = memoryHost();
    const stateDirectory = mkdtempSync(join(folder, "state-"));
    const secrets = { read: async () => ({ value: "ASECRET", writtenAt: 0 }) };
    const enrolment = githubEnrolment(enrolmentOptions("dev", "i-0abc", secrets));
    const runner = () =>
      githubRunner(host.sandbox, { enrolment, stateDirectory, bootId: "", hooksDirectory: "", clock: hostClock, log });
    const stand: RunnerStand = {
      runner: runner(),
      again: runner,
      record: async (assignment) => ({
        assignment,
        partition: "github:acme/shop",
        registration: [{ forge: "github", scope: "acme/shop", labels: ["7"], kind: "token" }],
      }),
      job: (n) => host.job(n),
      known: () => host.registered(),
      pause,
    };
    return stand;
  };
  test.each(runnerCases)("$name", ({ play }) => play(open(), ++played));
});
