// On a real systemd: the machine serves two runs, its jobs reach nothing that is not theirs, and the second finds nothing of the first.
import { describe, expect, test } from "vitest";
import { limits } from "../../../domain/limits.ts";
import type { JournalSecrets } from "./journal-secrets.ts";
import { playOnce } from "./play-in-guest.ts";

interface Found {
  readonly verify: string;
  readonly agentUser: string;
  readonly agentAsks: string;
  readonly agentAsks6: string;
  readonly exposures: readonly [agent: number, runner: number];
  readonly around: readonly string[];
  readonly withoutFirewall: readonly string[];
  readonly looked: readonly string[];
  readonly stranger: { readonly conclusion: string; readonly log: readonly string[] };
  readonly planted: readonly string[];
  readonly plantedOutside: readonly string[];
  readonly left: string;
  readonly found: readonly string[];
  readonly survivor: { readonly stopped: string; readonly conclusion: string; readonly dispatches: number };
  readonly secrets: JournalSecrets;
  readonly doctor: readonly string[];
  readonly compileCache: string;
  readonly notRoots: string;
  readonly bootWatchdog: string;
  readonly unasked: string;
  readonly docker: readonly string[];
  readonly preRunner: string;
  readonly failures: string;
  readonly events: readonly string[];
}

let found: Found;
playOnce("serves and releases", (one) => (found = one as Found));

describe("the units", () => {
  test("are understood by systemd as a whole", () => {
    expect(found.verify).toBe("");
    expect(found.failures).toBe("");
  });

  test("arm the boot watchdog fifteen minutes after boot, as the limits say", () => {
    expect(found.bootWatchdog).toContain(`OnBootUSec=${limits.bootWatchdogMs / 60_000}min`);
  });

  test("expose the agent at 1.5 at most, and the runner at 5.5", () => {
    const [agent, runner] = found.exposures;
    expect(agent).toBeLessThanOrEqual(1.5);
    expect(runner).toBeLessThanOrEqual(5.5);
  });

  test("stand beside a compile cache that the agent reads; all that root or the agent runs is root's, and nobody else can write it", () => {
    expect(Number(found.compileCache)).toBeGreaterThan(0);
    expect(found.notRoots).toBe("");
  });

  test("run the pre-runner script as root once, with its output in the journal, Windows' line ends or not", () => {
    expect(found.preRunner).toBe("prepared-by-the-operator\nroot\n");
  });
});

test("the doctor, asked on the machine, runs the image's spec there and tells each of its findings", () => {
  const { doctor } = found;
  expect(doctor).toContain("ok: runpool-agent.service now is active");
  expect(doctor).toContain("ok: nftables refuses instance metadata to jobs");
  expect(doctor).toContain("skipped: GitHub's runner: its version and its libraries are not judged");
  expect(doctor.filter((line) => line.includes("did not come to its end"))).toEqual([]);
  // This guest is no image: what a bake cleans away is still there, and is named.
  expect(doctor.filter((line) => line.startsWith("fail: missing: "))).toEqual(
    doctor.filter((line) => line.startsWith("fail: ")),
  );
  expect(doctor.length).toBeGreaterThan(30);
});

describe("a job", () => {
  test("runs as the job's user in the runner's cgroup, and can gain no privilege", () => {
    expect(found.agentUser).toBe("runpool");
    expect(found.around).toContain("user=runpool-job");
    expect(found.around).toContain("cgroup=0::/runpool.slice/runpool-jobs.slice/runpool-runner@1.service");
    expect(found.around).toContain("privileges=1");
  });

  test("is refused instance metadata on both families, and does not get it without the firewall either; the agent does", () => {
    expect(found.around).toContain("metadata=000 refused");
    expect(found.around).toContain("metadata6=000 refused");
    expect(found.withoutFirewall.filter((line) => line.startsWith("000"))).toEqual(["000 hangs", "000 hangs"]);
    expect([found.agentAsks, found.agentAsks6]).toEqual(["200 answered", "200 answered"]);
  });

  test("sees no file of the agent, no message bus, no other user's process, no other root, no token", () => {
    expect(found.around).toEqual(expect.arrayContaining(["files=0", "bus=0", "others=0", "roots=1", "inputs=0"]));
  });

  test("finds no secret of ours in its variables, in processes or in any file that it can read, but the three that lie there on purpose", () => {
    expect(found.looked.filter((line) => /^(variables|processes|files): /.test(line))).toEqual([
      "variables: decoy in a variable",
      "processes: decoy in a variable",
      "processes: decoy on a command line",
      "files: decoy in a file",
    ]);
    const { looked: files } = Object.fromEntries(found.looked.map((line) => line.split("=")));
    expect(Number(files)).toBeGreaterThan(30);
  });

  test("cannot change the runner's programs or environment", () => {
    const planted = found.planted.filter((line) => line.startsWith("planted"));
    expect(planted.length).toBeGreaterThan(4);
    expect(planted.join("\n")).not.toMatch(/\/runner\/|removed|moved|crontab|unit|linger/);
  });

  test("finds the kept tool cache, which it cannot change, and the operator's own hook after ours", () => {
    expect(found.around).toEqual(expect.arrayContaining(["tool=a kept tool", "cache=read-only"]));
    expect(found.around).toContain("the operator says goodbye");
  });

  test("of a stranger's run fails before its first step, and is told why", () => {
    expect(found.stranger.conclusion).toBe("failure");
    expect(found.stranger.log.join("\n")).toContain("belongs to workflow run 1001; this job is of run 666");
    expect(found.events).toContain("job.refused");
  });
});

test("a job that runs is frozen, found, thawed and waited for by those who would stop its runner, and ends well", () => {
  expect(found.survivor).toEqual({ stopped: "thawed", conclusion: "success", dispatches: 1 });
});

describe("after release", () => {
  test("no process and no file of the job's user is left, a daemon outside its session included", () => {
    expect(found.planted).toContain("daemons=1");
    expect(found.plantedOutside).toEqual([
      "/dev/shm/outside",
      "/tmp/outside",
      "/var/spool/cron/crontabs/runpool-job",
      "/var/tmp/outside",
    ]);
    expect(found.left).toBe("");
  });

  test("the next run finds nothing of what the first has planted", () => {
    expect(found.found).toEqual(
      expect.arrayContaining(["variables=0", "files=0", "crontab=0", "daemons=0", "fresh=0"]),
    );
  });

  test("containers, networks and volumes are gone too where docker is there", () => {
    const containers = ["info", "ps -aq", "rm -f 0123abcd"];
    const others = ["network prune -f", "volume ls -q", "volume rm -f cache", "builder prune -af"];
    // Three looks at the images: two to remove what jobs have brought, one that nothing of it is left.
    const images = Array.from({ length: 3 }, () => "image ls --no-trunc --format {{.ID}} {{.Repository}}:{{.Tag}}");
    const whole = [...containers, ...others, ...images];
    // The first release meets a container that does not go: nothing is done before it has gone.
    expect(found.docker.slice(0, 3 + whole.length)).toEqual([...containers, ...whole]);
    expect(found.docker.slice(-whole.length)).toEqual(whole);
  });

  test("docker that no job has wanted is not started by asking it", () => {
    expect(found.unasked).toBe("");
  });

  test("no secret is anywhere in the journal", () => {
    const { looked, leaked } = found.secrets;
    const { "App's private key": lines, ...others } = looked;
    expect(lines).toBeGreaterThan(20);
    expect(others).toEqual({
      "personal access token": 1,
      "registration token": 1,
      "removal token": 1,
      "secret access key": 1,
      "session token": 1,
    });
    expect(leaked).toEqual([]);
  });

  test("each kind of them is found when it is put there on purpose", () => {
    expect(found.secrets.planted).toEqual(Object.keys(found.secrets.looked));
  });
});
