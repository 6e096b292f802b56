// Every script of the agent and its tests: small, and without anything that shellcheck minds.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { needs } from "../tools.ts";

const root = resolve(import.meta.dirname, "../..");
const scripts = ["agent/hosts/systemd/units", "agent/runners/github/units", "test/agent/systemd"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".sh"))
    .map((name) => join(folder, name)),
);

describe.each(scripts)("%s", (script) => {
  test("has forty lines at the most and opens with what it is", () => {
    const lines = readFileSync(join(root, script), "utf8").trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(lines[0]).toBe("#!/bin/bash");
    expect(lines[1]).toMatch(/^# \S/);
  });

  test("is clean for shellcheck", (context) => {
    const name = script.slice(script.lastIndexOf("/") + 1);
    needs(context, "shellcheck");
    const { stdout } = spawnSync("shellcheck", ["--external-sources", name], {
      cwd: join(root, script, ".."),
      encoding: "utf8",
    });
    expect(stdout).toBe("");
  });
});
