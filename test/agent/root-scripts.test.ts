// Root's small scripts, each on a folder of its own: what they take for a request, what they answer, and when they power off.
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rootVerbs } from "../../agent/hosts/systemd/root-requests.ts";
import { scriptStage, type ScriptStage } from "./script-stage.ts";

let stage: ScriptStage;
beforeEach(() => {
  stage = scriptStage();
});
afterEach(() => stage.close());

describe("the spool of requests", () => {
  const spool = (name = "") => join(stage.folder, "run/requests", name);

  test.each(rootVerbs)("%s becomes a unit", (verb) => {
    writeFileSync(spool(`0123abcd.${verb}.12`), "");
    expect(stage.run("take-requests.sh").code).toBe(0);
    expect(stage.told()).toEqual([`start --no-block runpool-request@0123abcd.${verb}.12.service`]);
  });

  test("what is not a request is thrown away, a folder too, and none of it reaches systemd", () => {
    const wrong = [
      "0123abc.start.1",
      "0123abcd.start.1x",
      "0123abcd.start.",
      "0123abcd.start.1234567890",
      "0123abcd.rm.1",
    ];
    for (const name of [...wrong, "0123abcdx.start.1", "abcdabcd.start.1\nx", "0123abcd.start.1.service"])
      writeFileSync(spool(name), "");
    mkdirSync(spool("0000aaaa-folder/full"), { recursive: true });
    stage.run("take-requests.sh");
    expect(stage.told()).toEqual([]);
    expect(readdirSync(spool())).toEqual([]);
  });
});

describe("a request", () => {
  const answers = () => join(stage.folder, "run/answers");
  const answer = (id: string) => readFileSync(join(answers(), id), "utf8");
  const ofRunner = rootVerbs.filter((verb) => verb !== "prepare" && verb !== "power-off");
  beforeEach(() => {
    for (const script of [...ofRunner.map((verb) => `runner-${verb}.sh`), "prepare.sh"])
      stage.stub(script, `echo "${script} $*"; exit 3`);
  });

  test.each(ofRunner)(
    "to %s runs its script with the number in decimal, and answers with its code and words",
    (verb) => {
      stage.run("request.sh", `0123abcd.${verb}.012`);
      expect(answer("0123abcd")).toBe(`3\nrunner-${verb}.sh 12\n`);
      expect(readdirSync(answers())).toEqual(["0123abcd"]);
    },
  );

  test("to prepare and to power off are answered too", () => {
    stage.run("request.sh", "0123abcd.prepare.0");
    expect(answer("0123abcd")).toBe("3\nprepare.sh \n");
    stage.run("request.sh", "0123abce.power-off.0");
    expect(answer("0123abce")).toBe("0\n\n");
    expect(stage.told()).toEqual(["poweroff --no-block"]);
  });

  test("that is not one ends with 64, and has no answer", () => {
    for (const name of ["0123abcd.start", "0123abcd.halt.1", "../x.start.1", "0123abcd.start.1x", "x0123abcd.start.1"])
      expect(stage.run("request.sh", name).code).toBe(64);
    expect(readdirSync(answers())).toEqual([]);
    expect(stage.told()).toEqual([]);
  });

  test("takes away answers of more than an hour ago, and no other", () => {
    const at = (name: string, minutes: number) => {
      writeFileSync(join(answers(), name), "0\n\n");
      utimesSync(join(answers(), name), new Date(), new Date(Date.now() - minutes * 60_000));
    };
    at("aaaaaaaa", 90);
    at("bbbbbbbb", 30);
    stage.run("request.sh", "0123abcd.kill.1");
    expect(readdirSync(answers()).sort()).toEqual(["0123abcd", "bbbbbbbb"]);
  });
});

describe("the deadline", () => {
  const boot = "11111111-2222-3333-4444-555555555555";
  const enforced = (text: string | undefined, word: string) => {
    writeFileSync(join(stage.folder, "boot_id"), `${boot}\n`);
    writeFileSync(join(stage.folder, "uptime"), "1000.99 4000.00\n");
    if (text !== undefined) writeFileSync(join(stage.folder, "state/agent/deadline"), text);
    stage.run("enforce-deadline.sh", word);
    return stage.told();
  };
  const off = ["poweroff --no-block"];
  test.each([
    ["passed just now", `${boot} 1000\n`, off, off],
    ["a second ahead", `${boot} 1001\n`, [], []],
    ["of fewer digits, and passed", `${boot} 999\n`, off, off],
    ["of more digits, and ahead", `${boot} 10000\n`, [], []],
    ["of another boot", "99999999-2222-3333-4444-555555555555 1\n", [], off],
    ["not there", undefined, [], off],
    ["empty", "", [], off],
    ["no number", `${boot} soon\n`, [], off],
    ["longer than any number", `${boot} 1234567890123\n`, [], off],
  ] as const)("that is %s: the deadline's timer, and the boot watchdog", (_, text, timer, watchdog) => {
    expect(enforced(text, "may-lack")).toEqual(timer);
    expect(enforced(text, "must-exist")).toEqual(watchdog);
  });
});

test("how a listener ended is written in one step, where its root still is", () => {
  stage.run("runner-ended.sh", "1");
  expect(readFileSync(join(stage.folder, "state/runners/1/ended"), "utf8")).toBe("exited 7 unknown\n");
  expect(stage.run("runner-ended.sh", "2").code).toBe(0);
  expect(existsSync(join(stage.folder, "state/runners/2"))).toBe(false);
});

test("a runner is killed with all its processes, thawed once they are, and its unit may be started again; that is done also where it runs no more", () => {
  const unit = "runpool-runner@4.service";
  stage.stub("runner-cgroup.sh", `systemctl thaws; echo ${stage.folder}`);
  writeFileSync(join(stage.folder, "cgroup.freeze"), "1\n");
  expect(stage.run("runner-kill.sh", "4").code).toBe(0);
  expect(stage.told()).toEqual([`kill --signal=KILL ${unit}`, "thaws", `stop ${unit}`, `reset-failed ${unit}`]);
  expect(readFileSync(join(stage.folder, "cgroup.freeze"), "utf8")).toBe("0\n");
  stage.stub("runner-cgroup.sh", "exit 1");
  stage.stub("systemctl", "exit 5");
  expect(stage.run("runner-kill.sh", "4").code).toBe(0);
});
