// The recipe for apt played for real: installed in a throwaway root, judged by the spec, broken and judged again, booted to a registered runner.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { projectRoot } from "./stand-ins.ts";
import { missingIn, patience, play, rootMissing, summaryOf, type Played } from "./throwaway-root.ts";

describe("apt: Debian for Ubuntu, docker and nftables for real", () => {
  let folder: string;
  let played: Played;
  let found: Readonly<Record<string, unknown>>;
  const why = rootMissing("apt-get");

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
