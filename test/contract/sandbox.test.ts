// The sandbox's contract on plain processes. On systemd it is played in a guest: test/agent/systemd/contracts.test.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, test } from "vitest";
import { processSandbox } from "../../agent/hosts/process/process-sandbox.ts";
import { hostClock } from "../../entry/host-clock.ts";
import { layToyDistribution, sandboxCases } from "./sandbox-contract.ts";

const folder = mkdtempSync(join(tmpdir(), "sandbox-contract-"));
const distribution = join(folder, "toy");
layToyDistribution(distribution);
const open = () =>
  processSandbox({
    program: { distribution, listener: ["bin/toy-listener"], files: {} },
    rootsDirectory: join(folder, "places"),
    path: process.env["PATH"] ?? "",
    clock: hostClock,
    log: { event: () => undefined },
    onChange: () => undefined,
  });
const sandbox = open();
let played = 100;
afterEach(() => sandbox.destroy(played));
afterAll(async () => {
  await sandbox.settled();
  rmSync(folder, { recursive: true, force: true });
});

describe("a sandbox of plain processes", () => {
  test.each(sandboxCases)("$name", ({ play }) => play({ sandbox, again: open }, ++played));
});
