// The standing line: what takes longer than two seconds says what it waits for, and each step of `runpool ami` has one.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { CreateTagsCommand } from "@aws-sdk/client-ec2";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { AmiInput } from "../../entry/cli/ami/options.ts";
import { runStep } from "../../entry/cli/ami/steps.ts";
import { contextOf, type Context } from "../../entry/cli/context.ts";
import { progress, type Progress } from "../../entry/cli/progress.ts";
import { terminalOn, type Sink } from "../../entry/words/terminal.ts";
import { imageTags } from "../../domain/image.ts";
import { openCliBench } from "./bench.ts";
import { environment, region } from "./cloud.ts";

describe("the standing line", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** What stands on a terminal: each line as its last writing leaves it. */
  const screen = (terminal: boolean, quiet = false) => {
    let written = "";
    const err: Sink = {
      terminal,
      columns: () => (terminal ? 40 : undefined),
      rows: () => undefined,
      write: (text) => void (written += text),
      paint: (_, text) => text,
    };
    const lines = () => written.split("\n").map((line) => stripVTControlCharacters(line.split("\r").at(-1) ?? ""));
    return { shown: progress(err, { now: () => Date.now() }, quiet), lines, written: () => written };
  };

  test("begins after two seconds, counts, and is gone when that is done", () => {
    const { shown, lines, written } = screen(true);
    let left = 3;
    const waiting = shown.waiting(() => `waiting for ${left}`);
    vi.advanceTimersByTime(1_999);
    expect(written()).toBe("");
    vi.advanceTimersByTime(1);
    expect(lines()).toEqual(["waiting for 3, 2s"]);
    left = 2;
    vi.advanceTimersByTime(5_000);
    expect(lines()).toEqual(["waiting for 2, 7s"]);
    waiting.done();
    expect(lines()).toEqual([""]);
    vi.advanceTimersByTime(60_000);
    expect(lines()).toEqual([""]);
  });

  test("stays below the lines that are said meanwhile, and within the terminal", () => {
    const { shown, lines } = screen(true);
    shown.waiting(() => "waiting for something that has a very long name");
    vi.advanceTimersByTime(3_000);
    shown.note("first");
    shown.warn("second");
    const standing = "waiting for something that has a very long name".slice(0, 39);
    expect(lines()).toEqual(["first", "warning: second", standing]);
  });

  test("is a sign of life each half minute where there is no terminal, and nothing where nobody wants to know", () => {
    const { shown, lines } = screen(false);
    const waiting = shown.waiting(() => "waiting");
    vi.advanceTimersByTime(29_999);
    expect(lines()).toEqual([""]);
    vi.advanceTimersByTime(60_001);
    waiting.done();
    // Each another, so that nobody takes it for one that hangs.
    expect(lines()).toEqual(["waiting, 30s", "waiting, 1m 0s", "waiting, 1m 30s", ""]);
    const { shown: silent, written } = screen(true, true);
    silent.waiting(() => "waiting");
    vi.advanceTimersByTime(60_000);
    expect(written()).toBe("");
  });
});

describe("each step of ami says what it waits for, and no longer once it has its result", () => {
  const usual = {
    recipe: "ami",
    agent: "",
    "docker-for-jobs": false,
    keep: "3",
    phase: "image",
    releases: "http://127.0.0.1:9",
    "dry-run": false,
    evict: false,
    write: false,
  } as Omit<AmiInput, "step">;

  /** The step within this process, and what its progress was told. */
  async function told(input: Partial<AmiInput> & Pick<AmiInput, "step">): Promise<readonly string[]> {
    const heard: string[] = [];
    const quiet = { json: true, quiet: true, "no-color": true, environment, region };
    const context = contextOf(
      quiet,
      terminalOn({ stdout: { write: () => "" }, stderr: { write: () => "" } }, {}, true),
      [],
    );
    const recording: Progress = {
      ...context.progress,
      waiting: (what) => {
        heard.push(what());
        return { done: () => void heard.push("done") };
      },
    };
    const listening: Context = { ...context, progress: recording, result: () => void heard.push("result") };
    await runStep({ ...usual, ...input }, listening);
    return heard;
  }

  test("publish, prune, check, age", async () => {
    const bench = await openCliBench();
    onTestFinished(() => bench.close());
    for (const [name, value] of Object.entries(bench.variables)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const image = bench.machines.addImage({ name: "old", architecture: "x86_64" });
    const Tags = [{ Key: imageTags.runnerVersion, Value: "2.300.0" }];
    await bench.clients.ec2.send(new CreateTagsCommand({ Resources: [image], Tags }));
    bench.github.settings.latestRunner = { version: "2.336.0", publishedAt: Date.now() - 40 * 24 * 3_600_000 };
    expect(await told({ step: "publish", image })).toEqual([`publishing ${image}`, "done", "result"]);
    expect(await told({ step: "prune" })).toEqual(["deleting what nothing uses", "done", "result"]);
    expect(await told({ step: "prune", "dry-run": true })).toEqual(["looking at the images", "done", "result"]);
    expect(await told({ step: "check", image })).toEqual([`looking at ${image}`, "done", "result"]);
    expect(await told({ step: "age", image, evict: true, releases: bench.github.url })).toEqual([
      "comparing the runners of the images with GitHub's releases",
      "done",
      "ending idle instances of too old images, 0 so far",
      "done",
      "result",
    ]);
  });

  test("check of this machine, also where it cannot be checked", async () => {
    const recipe = mkdtempSync(join(tmpdir(), "standing-line-"));
    onTestFinished(() => rmSync(recipe, { recursive: true }));
    mkdirSync(join(recipe, "spec"));
    writeFileSync(join(recipe, "spec", "check.sh"), "echo MISSING something; exit 1\n");
    expect(await told({ step: "check", recipe })).toEqual(["checking this machine", "done", "result"]);
  });
});
