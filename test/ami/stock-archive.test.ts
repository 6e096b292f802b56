// What a release publishes for stock images: install.sh at its top, what it runs beside it, and what the machine fetches, by checksum.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stageStock } from "../../build/stock-archive.ts";
import { projectRoot } from "./stand-ins.ts";

test.each(["x64", "arm64"] as const)(
  "the archive for %s has the agent, and fetches Node.js and the runner alone",
  async (architecture) => {
    const folder = mkdtempSync(join(tmpdir(), "runpool-stock-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const agent = join(folder, "built.mjs");
    writeFileSync(agent, "// the agent");
    const archive = join(folder, "archive");
    await stageStock(archive, architecture, { agent });
    const read = (path: string) => readFileSync(join(archive, path), "utf8");
    expect(read("install.sh")).toBe(readFileSync(join(projectRoot, "ami", "stock.sh"), "utf8"));
    expect(read("agent/agent.mjs")).toBe("// the agent");
    const rows = read("sources.tsv")
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    expect(rows.map(([name]) => name)).toEqual(["variant", "agent", "runner", "node"]);
    for (const [, version = "", sum, url] of rows.slice(2)) {
      expect(sum).toMatch(/^[0-9a-f]{64}$/);
      expect(url).toContain(`linux-${architecture}`);
      expect(url).toContain(version);
    }
    // Every step that it runs is there.
    for (const [, step] of /for step in ([a-z ]+);/.exec(read("install.sh"))?.[1]?.matchAll(/(\w+)/g) ?? [])
      expect(read(`install/${step}.sh`)).toContain("#!/bin/bash");
  },
);
