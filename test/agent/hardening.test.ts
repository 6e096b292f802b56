// What a job, and an agent that a job has taken over, cannot do by the units' own lines: each line is named with what it holds.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const units = resolve(import.meta.dirname, "../../agent/units");

/** A unit's settings, continued lines joined; one that is set more than once is a list. */
function settingsOf(unit: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const text = readFileSync(join(units, unit), "utf8").replaceAll(/\\\n\s*/g, "");
  for (const line of text.split("\n")) {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) found.set(key, [...(found.get(key) ?? []), value]);
  }
  return found;
}

/** The words of a setting that may be said in several lines. */
const wordsOf = (unit: string, key: string): readonly string[] =>
  (settingsOf(unit).get(key) ?? []).flatMap((value) => value.split(" "));

type Line = readonly [holds: string, key: string, value: string];

const both: readonly Line[] = [
  ["a setuid program gives nobody root", "NoNewPrivileges", "yes"],
  ["no capability is to be had", "CapabilityBoundingSet", ""],
  ["nor inherited", "AmbientCapabilities", ""],
  ["the system's files cannot be written", "ProtectSystem", "strict"],
  ["nobody's home is seen", "ProtectHome", "yes"],
  ["no disk, memory or kernel device", "PrivateDevices", "yes"],
  ["shared memory and queues are its own", "PrivateIPC", "yes"],
  ["and are gone with it", "RemoveIPC", "yes"],
  ["the clock is not set", "ProtectClock", "yes"],
  ["the host's name is not changed", "ProtectHostname", "yes"],
  ["the kernel's log is not read", "ProtectKernelLogs", "yes"],
  ["no module is loaded", "ProtectKernelModules", "yes"],
  ["the kernel is not tuned", "ProtectKernelTunables", "yes"],
  ["no cgroup is changed: a freeze holds", "ProtectControlGroups", "yes"],
  ["no other system's calls", "LockPersonality", "yes"],
  ["no real-time scheduling starves the agent", "RestrictRealtime", "yes"],
  ["no 32-bit calls go past the filter", "SystemCallArchitectures", "native"],
];

describe("the runner's unit", () => {
  const unit = "runpool-runner@.service";
  test.each<Line>([
    ...both,
    ["jobs run as a user of their own", "User", "runpool-job"],
    ["in a slice of their own", "Slice", "runpool-jobs.slice"],
    ["a listener is started by the agent alone", "Restart", "no"],
    ["all of a job ends with its runner", "KillMode", "control-group"],
    ["whatever it catches", "KillSignal", "SIGKILL"],
    ["one that eats the memory costs a process, not the runner", "OOMPolicy", "continue"],
    ["a fork bomb leaves room for the agent", "TasksMax", "80%"],
    ["a job is killed for memory before the agent", "OOMScoreAdjust", "500"],
    ["other users' processes are not seen", "ProtectProc", "invisible"],
    ["temporary files are its own", "PrivateTmp", "yes"],
  ])("%s", (_, key, value) => expect(settingsOf(unit).get(key)).toEqual([value]));

  test("no instance credential, past the firewall either", () =>
    expect(wordsOf(unit, "IPAddressDeny")).toEqual(["169.254.169.254/32", "fd00:ec2::254/128"]));

  test("of our folders a job sees its own root alone, and writes nowhere else", () => {
    expect(wordsOf(unit, "TemporaryFileSystem")).toEqual(["/var/lib/runpool:ro", "/dev/shm:mode=1777"]);
    expect(wordsOf(unit, "BindPaths")).toEqual(["/var/lib/runpool/runners/%i"]);
    expect(settingsOf(unit).get("ReadWritePaths")).toBeUndefined();
  });

  test.each([
    ["the agent's requests and answers", "-/run/runpool"],
    ["our settings", "-/etc/runpool"],
    ["the message bus", "-/run/dbus"],
    ["systemd's own socket", "-/run/systemd/private"],
    ["the journal", "-/run/systemd/journal"],
    ["snapd", "-/run/snapd.socket"],
    ["cores of earlier runs", "-/var/crash"],
    ["cores that systemd keeps", "-/var/lib/systemd/coredump"],
  ])("out of reach: %s", (_, path) => expect(wordsOf(unit, "InaccessiblePaths")).toContain(path));

  test("its programs and environment files are root's", () => {
    const bound = wordsOf(unit, "BindReadOnlyPaths").map((pair) => pair.split(":")[1]);
    expect(bound).toEqual(["bin", ".env", ".path"].map((name) => `/var/lib/runpool/runners/%i/runner/${name}`));
  });

  test.each([
    "LD_PRELOAD",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "GLIBC_TUNABLES",
    "GCONV_PATH",
    "LOCPATH",
    "LD_PROFILE_OUTPUT",
  ])("the loader of root's own command does not read %s", (name) =>
    expect(wordsOf(unit, "UnsetEnvironment")).toContain(name),
  );

  test.each([
    "@keyring:ENOSYS",
    "io_uring_setup:ENOSYS",
    "bpf:EPERM",
    "userfaultfd:EPERM",
    "pidfd_getfd:EPERM",
    "process_vm_writev:EPERM",
    "@reboot:EPERM",
    "@swap:EPERM",
    "@module:EPERM",
    "@clock:EPERM",
    "@raw-io:EPERM",
    "@obsolete:EPERM",
    "acct:EPERM",
    "open_by_handle_at:EPERM",
    "quotactl:EPERM",
  ])("denied: %s", (call) => {
    // A list that begins with "~" denies; without it, it would be all that is allowed.
    const lists = settingsOf(unit).get("SystemCallFilter") ?? [];
    expect(lists.every((list) => list.startsWith("~"))).toBe(true);
    expect(lists.flatMap((list) => list.slice(1).split(" "))).toContain(call);
  });
});

describe("the agent's unit", () => {
  const unit = "runpool-agent.service";
  test.each<Line>([
    ...both,
    ["it is not root", "User", "runpool"],
    ["what hangs is ended, though it hears no signal", "WatchdogSignal", "SIGKILL"],
    ["it is always started again", "Restart", "always"],
    ["however often it has died", "StartLimitIntervalSec", "0"],
    ["its files are its own", "UMask", "0077"],
    ["so is its folder", "StateDirectoryMode", "0700"],
    ["it writes requests, and nothing else of root's", "ReadWritePaths", "/run/runpool/requests"],
    ["memory is short for jobs first", "OOMScoreAdjust", "-500"],
    ["no user of the host but itself", "PrivateUsers", "yes"],
    ["no namespace of its own", "RestrictNamespaces", "yes"],
    ["no setuid file", "RestrictSUIDSGID", "yes"],
    ["no raw socket", "RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"],
  ])("%s", (_, key, value) => expect(settingsOf(unit).get(key)).toEqual([value]));

  test("calls are those of a service, without what needs rights", () =>
    expect(settingsOf(unit).get("SystemCallFilter")).toEqual(["@system-service", "~@privileged @resources"]));
});

test("the firewall refuses instance metadata to jobs and to containers, on both families", () => {
  const rules = readFileSync(join(units, "runpool.nft"), "utf8").match(/^ +(meta|ip|ip6) .*$/gm) ?? [];
  expect(rules.map((rule) => rule.trim())).toEqual([
    'meta skuid "runpool-job" ip daddr 169.254.169.254 counter reject',
    'meta skuid "runpool-job" ip6 daddr fd00:ec2::254 counter reject',
    "ip daddr 169.254.169.254 counter reject",
    "ip6 daddr fd00:ec2::254 counter reject",
  ]);
});
