// The recipe played for real: installed in a throwaway root, judged by the spec, broken and judged again, booted to a registered runner.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { guestMissing } from "../agent/systemd/guest-missing.ts";
import { makeStandInPayload, projectRoot, standInsMissing } from "./stand-ins.ts";

/** What stands for apt's mirror is the real one: a slow network takes its time. */
const patience = { timeout: 1_500_000 };

interface Played {
  readonly code: number;
  readonly said: string;
  /** A result by name; empty where there is none. */
  readonly result: (name: string) => string;
}

/** Runs a script in a mount namespace of its own; the machine's own file system stays as it is. */
async function play(script: string, folder: string, variant?: string, inside: readonly string[] = []): Promise<Played> {
  const payload = await makeStandInPayload(folder, variant);
  const results = join(folder, "results");
  mkdirSync(results);
  const words = ["--mount", "--propagation", "private", "bash", join(import.meta.dirname, script), payload, results];
  const child = spawn("unshare", [...words, ...inside], {
    // A root that debootstrap made knows nothing of this project, which the guest's program is part of.
    env: { ...process.env, GUEST_BIND: process.env["RUNPOOL_TEST_ROOT"] ? `${results} ${projectRoot}` : results },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += String(part)));
  const code = await new Promise<number>((done, failed) => {
    child.once("error", failed);
    child.once("close", (ended) => done(ended ?? -1));
  });
  const result = (name: string): string =>
    existsSync(join(results, name)) ? readFileSync(join(results, name), "utf8") : "";
  return { code, said, result };
}

/** What the recipe finds or asks for on the machine that it is installed on, which is this one but for what it writes. */
const recipeNeeds = ["cloud-init", "curl", "git", "jq", "tar", "gzip"];

const missingIn = (spec: string): readonly string[] =>
  spec.split("\n").flatMap((line) => /^MISSING +([^:]+)/.exec(line)?.[1]?.trim() ?? []);
const summaryOf = (spec: string): string => spec.trimEnd().split("\n").at(-1) ?? "";

describe("apt: Debian for Ubuntu, docker and nftables for real", () => {
  let folder: string;
  let played: Played;
  let found: Readonly<Record<string, unknown>>;
  const why = standInsMissing() ?? guestMissing("unshare", "apt-get", ...recipeNeeds);

  beforeAll(async () => {
    if (why !== undefined) return;
    folder = mkdtempSync(join(tmpdir(), "image-root-"));
    const guest = join(projectRoot, "test", "stacks", "first-boot-guest.ts");
    const inside = [process.execPath, guest, "image", join(folder, "results", "found.json")];
    played = await play("in-root.sh", folder, undefined, inside);
    found = JSON.parse(played.result("found.json") || "{}") as Record<string, unknown>;
  }, patience.timeout);
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const skipped = ({ skip }: TestContext): void => {
    if (why !== undefined) skip(why);
    if (played.code === 77 && played.result("spec") === "") skip(`no throwaway root here: ${played.said.trim()}`);
  };

  test("every step ends with its own test, and may be taken again", (context) => {
    skipped(context);
    expect(played.said).not.toContain("the installation failed");
    for (const run of ["install", "again"]) expect(played.result(run).trimEnd()).toMatch(/== clean\n== done$/);
    // Before the first one was another that was killed in the middle of a package.
    expect(played.result("cut").trimEnd()).toMatch(/== docker\ncut short with [2-9]\d* things half done$/);
  });

  test("the image passes its spec, which says what it judged on stand-ins", (context) => {
    skipped(context);
    const spec = played.result("spec");
    expect(missingIn(spec)).toEqual([]);
    expect(summaryOf(spec)).toMatch(/^\d{2} checked, 0 missing, 3 on stand-ins, 0 skipped$/);
    expect(spec.split("\n").filter((line) => line.startsWith("STAND-IN"))).toEqual([
      "STAND-IN GitHub's runner: its version and its libraries are not judged",
      "STAND-IN the cloudwatch agent: an empty package of its name",
      "STAND-IN the ssm agent: an empty package of its name",
    ]);
  });

  test("whatever is broken, the spec names it; mended, it passes again", (context) => {
    skipped(context);
    expect(missingIn(played.result("broken"))).toEqual([
      "Node.js of the agent is v9.9.9",
      "GitHub's runner is 9.9.9",
      "the agent's bundle is JavaScript that Node.js reads",
      expect.stringMatching(/^the agent's bundle \(sha256\) is/),
      "docker is 999 or newer",
      "the ssm agent is 9.9.9",
      "runpool-agent.service at boot is enabled",
      "runpool-swap.service at boot is enabled",
      "each stage of cloud-init that fails powers off",
      "no unit of boot-time.tsv starts at boot",
      "the password of runpool is !",
      "the shell of runpool-job is /usr/sbin/nologin",
      "the groups of runpool-job is runpool-job",
      "nobody but root has user id 0",
      "nobody has an empty password",
      "nobody has a password",
      "no rule of sudo names runpool's users",
      "all of /usr/lib/runpool belongs to root",
      "nobody but root can write in /usr/lib/runpool",
      "the nftables rule is valid",
      "the journal is limited",
      "swap is for need only",
      "no upgrade restarts runpool's units",
      "apt upgrades nothing by itself",
      "services of packages may start",
      "no file of an environment is left",
      "no credentials in any home",
      "no authorised key",
      "no key, token or private key in configuration and homes",
      "no history of a shell",
      "no host key of sshd",
      "no machine id",
      "no random seed",
      "no state of cloud-init",
      "no line in any log",
      "the SSM agent is not registered",
      "no unit that opens a port starts at boot",
      "no socket at boot listens to the outside",
      "docker does not listen to the network",
    ]);
    expect(missingIn(played.result("mended"))).toEqual([]);
    expect(summaryOf(played.result("mended"))).toBe(summaryOf(played.result("spec")));
  });

  test("ami check judges a machine by the spec that it carries, and so does the doctor: a port that is open is named", (context) => {
    skipped(context);
    if (played.code === 77) context.skip(`no guest with systemd here: ${played.said.trim()}`);
    expect([played.result("machine"), played.result("codes")]).toEqual(["", "image 1\nbooted 1\n"]);
    // It has booted, so it is no image any more; it was told nothing, so its agent waits.
    const check = (phase: string) => JSON.parse(played.result(`check-${phase}`)) as { readonly missing: string[] };
    expect(check("image")).toMatchObject({ phase: "image", ok: false });
    expect(check("image").missing).toContainEqual(expect.stringMatching(/^no machine id: [0-9a-f]{32}/));
    const waits = 'runpool-agent.service now is active: it is "inactive"';
    expect(check("booted")).toMatchObject({ ok: false, missing: [waits] });
    expect(check("clean")).toMatchObject({ ok: true, missing: [], summary: summaryOf(played.result("living")) });
    const doctor = (state: string) =>
      JSON.parse(played.result(`doctor-${state}`)) as readonly Readonly<Record<"verdict" | "found", string>>[];
    const failing = (state: string) =>
      doctor(state).flatMap(({ verdict, found }) => (verdict === "fail" ? [found.trim()] : []));
    expect(doctor("as-it-is").filter(({ verdict }) => verdict === "ok").length).toBeGreaterThan(50);
    expect(failing("as-it-is")).toEqual([`missing: ${waits}`]);
    expect(failing("open")).toEqual([
      `missing: ${waits}`,
      expect.stringMatching(/^missing: nothing listens to the outside: \S+:2323$/),
    ]);
  });

  test("each stage of cloud-init that fails asks for the machine's end, and none that ends well", (context) => {
    skipped(context);
    if (played.code === 77) context.skip(`no guest with systemd here: ${played.said.trim()}`);
    expect(played.result("fails")).toBe("");
    // Ubuntu 24.04's third stage, cloud-init-network, is not Debian's.
    expect(played.result("stages").trimEnd().split("\n").slice(0, 4)).toEqual([
      "cloud-init-local by /bin/true: power off is inactive",
      "cloud-init-local by /bin/false: power off is active",
      "cloud-init by /bin/true: power off is inactive",
      "cloud-init by /bin/false: power off is active",
    ]);
    expect(played.result("said").match(/runpool: cloud-init failed; powering off/g)?.length).toBeGreaterThanOrEqual(2);
  });

  test("on a living builder, where logs are written and the SSM agent carries the session, the clean-up leaves what the spec passes", (context) => {
    skipped(context);
    if (played.code === 77) context.skip(`no guest with systemd here: ${played.said.trim()}`);
    expect(played.result("builder")).toBe("");
    // What would fail it has been there to the end.
    expect(played.result("cleaning").trimEnd().split("\n")).toEqual([
      "clean.sh ended with 0",
      "ami check ended with 0",
      "the session still writes: active 2",
      // Packer's next step is the spec, by sudo.
      "sudo as cloud-init grants it: ubuntu ALL=(ALL) NOPASSWD:ALL",
    ]);
    expect(missingIn(played.result("living"))).toEqual([]);
    expect(summaryOf(played.result("living"))).toMatch(/ 0 missing, 3 on stand-ins, 0 skipped$/);
  });

  test("the disk of which the snapshot is taken is clean after the builder has stopped, whatever was written until then", (context) => {
    skipped(context);
    if (played.code === 77) context.skip(`no guest with systemd here: ${played.said.trim()}`);
    expect(missingIn(played.result("stopped"))).toEqual([]);
    expect(summaryOf(played.result("stopped"))).toMatch(/ 0 missing, 3 on stand-ins, 0 skipped$/);
  });

  test("it boots: cloud-init and user data make it a registered runner, and the spec holds on the running machine", (context) => {
    skipped(context);
    if (played.code === 77) context.skip(`no guest with systemd here: ${played.said.trim()}`);
    expect(found["problem"]).toBeUndefined();
    expect(found).toMatchObject({ outcome: "ready", runners: 1, timers: [true, true], finalStage: false });
    expect(found["journal"]).not.toContain("Creating user");
    const spec = String(found["spec"]);
    expect(missingIn(spec)).toEqual([]);
    expect(spec).toContain("ok       nftables refuses instance metadata to jobs");
    expect(spec).toContain("ok       nothing listens to the outside");
    expect(String(found["blame"])).toContain("runpool-agent.service");
  });
});

describe("dnf: Amazon Linux by stand-ins for dnf and rpm", () => {
  let folder: string;
  let played: Played;
  const why = standInsMissing() ?? guestMissing(...recipeNeeds);

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
