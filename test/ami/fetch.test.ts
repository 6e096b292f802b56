// Nothing gets into an image that is not what the table of sources says: cut short, another, or without a checksum.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { recipeFolder } from "./stand-ins.ts";

const whole = "an archive of some kind\n".repeat(100);
const sum = createHash("sha256").update(whole).digest("hex");

/** Runs a step that fetches and then continues, from a folder with this table of sources. */
function step(payload: string, sha256: string, before = "") {
  writeFileSync(join(payload, "sources.tsv"), `tool\t1.0\t${sha256}\thttps://example.invalid/1.0/tool.tar.gz\n`);
  const script = `set -eu; . "$1"; ${before} fetch tool "$2"; echo went on`;
  const words = ["-c", script, "bash", join(recipeFolder, "install/fetch.sh"), join(payload, "fetched")];
  return spawnSync("bash", words, { env: { ...process.env, RUNPOOL_PAYLOAD: payload }, encoding: "utf8" });
}

function payloadFolder(): string {
  const payload = mkdtempSync(join(tmpdir(), "fetch-"));
  onTestFinished(() => rmSync(payload, { recursive: true }));
  return payload;
}

/** What becomes of a download with this content, and whether the step continues. */
function fetched(content: string, sha256: string) {
  const payload = payloadFolder();
  mkdirSync(join(payload, "downloads"));
  writeFileSync(join(payload, "downloads", "tool.tar.gz"), content);
  // What an earlier try has left is not to be trusted.
  writeFileSync(join(payload, "fetched"), whole.slice(0, 10));
  const { stdout, stderr, status } = step(payload, sha256);
  return { wentOn: stdout === "went on\n", status, stderr: stderr.trim(), kept: existsSync(join(payload, "fetched")) };
}

test("what the table says is fetched", () => {
  expect(fetched(whole, sum)).toEqual({ wentOn: true, status: 0, stderr: "", kept: true });
});

test.each([
  ["cut short", whole.slice(0, -1)],
  ["empty", ""],
  ["another", whole.replace("some", "none")],
])("a download that is %s ends the step, and is not kept", (_, content) => {
  expect(fetched(content, sum)).toEqual({
    wentOn: false,
    status: 1,
    stderr: "tool: what came from https://example.invalid/1.0/tool.tar.gz has another checksum than sources.tsv says",
    kept: false,
  });
});

test.each(["-", "", sum.slice(1), sum.toUpperCase()])("without a checksum (%j) nothing is installed", (sha256) => {
  const { wentOn, status, stderr } = fetched(whole, sha256);
  expect([wentOn, status]).toEqual([false, 1]);
  expect(stderr).toMatch(/^tool: no checksum is known/);
});

test("what is not there beside the recipe is downloaded by HTTPS alone, also behind a redirect, and within a time", () => {
  const { stdout, stderr, status } = step(payloadFolder(), sum, 'curl() { echo "$*" >&2; return 22; };');
  expect([stdout, status]).toEqual(["", 1]);
  expect(stderr).toMatch(
    /--fail .*--location --proto =https .*--max-time 600 .*https:\/\/example\.invalid\/1\.0\/tool\.tar\.gz/,
  );
});
