// The recipe for dnf played for real in a throwaway root, by stand-ins for dnf and rpm; then booted as it was baked.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { missingIn, patience, play, rootMissing, type Played } from "./throwaway-root.ts";

describe("dnf: Amazon Linux by stand-ins for dnf and rpm", () => {
  let folder: string;
  let played: Played;
  const why = rootMissing();

  beforeAll(async () => {
    if (why !== undefined) return;
    folder = mkdtempSync(join(tmpdir(), "image-root-"));
    const variant = `amazon-linux-2023-${process.arch === "arm64" ? "arm64" : "x64"}`;
    const guest = [process.execPath, join(import.meta.dirname, "boot-guest.ts"), join(folder, "results", "boot.json")];
    played = await play("in-dnf-root.sh", folder, variant, guest);
  }, patience.timeout);
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  test("every step works without apt, asks only for packages that Amazon Linux has, and the image passes its spec", ({
    skip,
  }) => {
    if (why !== undefined) skip(why);
    const { code, said, result } = played;
    if (code === 77 && result("install") === "") skip(`no throwaway root here: ${said.trim()}`);
    expect(said).not.toContain("the installation failed");
    expect(result("install").trimEnd()).toMatch(/== done$/);
    expect(missingIn(result("spec"))).toEqual([]);
    // With docker for jobs, here: its socket at boot, the job's user in its group.
    expect(result("spec")).toContain("ok       docker's service, and its socket, at boot is disabled enabled");
    expect(result("spec")).toContain("ok       the groups of runpool-job is docker runpool-job");
    const installed = result("calls")
      .split("\n")
      .filter((call) => call.includes(" install "));
    expect(installed.map((call) => call.split("=False ")[1])).toEqual([
      "tar gzip git jq nftables procps-ng util-linux keyutils cloud-init",
      "krb5-libs zlib openssl-libs lttng-ust libicu",
      "docker",
      "amazon-cloudwatch-agent",
      "amazon-ssm-agent",
    ]);
  });

  test("booted as it was baked, nobody starting anything, its timers, its firewall and its bell are there; the agent waits for its settings", ({
    skip,
  }) => {
    if (why !== undefined) skip(why);
    if (played.code === 77) skip(`no guest with systemd here: ${played.said.trim()}`);
    const { found, rule } = JSON.parse(played.result("boot.json") || "{}") as Readonly<Record<string, unknown>>;
    const up = { enabled: "enabled", active: "active", condition: "yes" };
    expect(found).toEqual({
      "runpool-boot-watchdog.timer": up,
      "runpool-deadline.timer": up,
      "runpool-firewall.service": up,
      "runpool-request.path": up,
      // The boot has asked for it; what first boot writes last is not there.
      "runpool-agent.service": { enabled: "enabled", active: "inactive", condition: "no" },
    });
    expect(rule).toContain("169.254.169.254");
  });
});
