// The image's spec as the doctor runs and judges it: each finding a check, and one that breaks off a failure.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { imageSpec } from "../../agent/hosts/image-spec.ts";
import { judgeImageSpec } from "../../control/operate/doctor/image-spec.ts";
import { hostClock } from "../../entry/host-clock.ts";

const folder = mkdtempSync(join(tmpdir(), "spec-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs what stands for the spec, and judges it; `ok` and so on with their words. */
async function judge(script: string): Promise<readonly string[]> {
  const file = join(folder, "check.sh");
  writeFileSync(file, script);
  const said = await imageSpec(file, process.env["PATH"] ?? "", hostClock);
  return judgeImageSpec(said).map(({ verdict, found }) => `${verdict}: ${found}`);
}

const findings = `[ "$1" = booted ] || exit 64
echo "-- units"
echo "ok       runpool-agent.service now is active"
echo "STAND-IN GitHub's runner: its version is not judged"
echo "SKIPPED  ports: there is no ss"
`;

test("each line is a check: what holds is ok, what could not be judged is skipped", async () => {
  expect(await judge(`${findings}echo "1 checked, 0 missing, 1 on stand-ins, 1 skipped"`)).toEqual([
    "ok: runpool-agent.service now is active",
    "skipped: GitHub's runner: its version is not judged",
    "skipped: ports: there is no ss",
  ]);
});

test("what is missing fails, with its reason and something to do", async () => {
  const missing = `${findings}echo 'MISSING  no authorised key: of the user a '
echo "2 checked, 1 missing, 1 on stand-ins, 1 skipped"; exit 1`;
  expect((await judge(missing)).at(-1)).toBe("fail: missing: no authorised key: of the user a ");
  const said = await imageSpec(join(folder, "check.sh"), process.env["PATH"] ?? "", hostClock);
  expect(judgeImageSpec(said).at(-1)?.remedy).toContain("runpool ami bake");
});

test("a spec that breaks off, or says one thing and ends with another, is no good one", async () => {
  expect((await judge(`${findings}exit 2`)).at(-1)).toContain("fail: its spec did not come to its end (code 2)");
  expect((await judge(`${findings}echo "1 checked, 0 missing"; exit 1`)).at(-1)).toContain("fail: its spec");
  expect(await judge("")).toEqual(["fail: its spec did not come to its end (code 0): it said nothing"]);
});

test("who is not root is told to be, and a machine without a spec has none to fail", async () => {
  expect(await judge("echo 'run as root: much is for nobody else to read' >&2; exit 64")).toEqual([
    "skipped: run as root: much is for nobody else to read: sudo runpool doctor --as-instance",
  ]);
  const none = await imageSpec(join(folder, "nothing.sh"), "", hostClock);
  expect(judgeImageSpec(none)).toEqual([expect.objectContaining({ verdict: "skipped" })]);
});
