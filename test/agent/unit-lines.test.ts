// What the units say that keeps a machine safe: losing one of these lines is seen here, without a machine.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { githubProgram } from "../../agent/runners/github/program.ts";
import { unitFile } from "./unit-files.ts";

/** What neither a job nor the agent may do to the machine. */
const sealed = [
  "ProtectHome=yes",
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "PrivateIPC=yes",
  "RemoveIPC=yes",
  "ProtectSystem=strict",
  "ProtectClock=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "ProtectControlGroups=yes",
  "CapabilityBoundingSet=",
  "AmbientCapabilities=",
  "NoNewPrivileges=yes",
  "LockPersonality=yes",
  "RestrictRealtime=yes",
  "SystemCallArchitectures=native",
];

const lines: Readonly<Record<string, readonly string[]>> = {
  "forge.conf": [
    `ExecStart=/usr/bin/env /var/lib/runpool/runners/%i/runner/${githubProgram("", "").listener.join(" ")}`,
    "Environment=ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1",
    "BindReadOnlyPaths=/usr/lib/runpool/runner/bin:/var/lib/runpool/runners/%i/runner/bin",
    "BindReadOnlyPaths=/usr/lib/runpool/empty.env:/var/lib/runpool/runners/%i/runner/.env",
    "BindReadOnlyPaths=/usr/lib/runpool/empty.env:/var/lib/runpool/runners/%i/runner/.path",
  ],
  "runpool-runner@.service": [
    ...sealed,
    "Slice=runpool-jobs.slice",
    "User=runpool-job",
    "Group=runpool-job",
    // A kill ends all of it at once, and nobody starts it but the agent.
    "Restart=no",
    "KillMode=control-group",
    "KillSignal=SIGKILL",
    "OOMPolicy=continue",
    "OOMScoreAdjust=500",
    "TasksMax=80%",
    "StandardOutput=append:/var/lib/runpool/runners/%i/listener.log",
    "StandardError=inherit",
    "Environment=RUNPOOL_JOBS_FILE=/var/lib/runpool/runners/%i/jobs",
    "EnvironmentFile=-/etc/runpool/runner.env",
    "EnvironmentFile=-/run/runpool/runners/%i.env",
    // What a job sees, and where it writes.
    "TemporaryFileSystem=/var/lib/runpool:ro",
    "BindPaths=/var/lib/runpool/runners/%i",
    "InaccessiblePaths=-/run/runpool -/etc/runpool",
    "InaccessiblePaths=-/run/dbus -/run/systemd/private -/run/snapd.socket -/run/snapd-snap.socket",
    "InaccessiblePaths=-/run/systemd/journal",
    "InaccessiblePaths=-/var/crash -/var/lib/apport -/var/lib/systemd/coredump",
    "TemporaryFileSystem=/dev/shm:mode=1777",
    "ProtectProc=invisible",
    "SystemCallFilter=~@keyring:ENOSYS io_uring_setup:ENOSYS io_uring_enter:ENOSYS io_uring_register:ENOSYS",
    "SystemCallFilter=~bpf:EPERM userfaultfd:EPERM pidfd_getfd:EPERM process_vm_writev:EPERM",
    "SystemCallFilter=~@reboot:EPERM @swap:EPERM @module:EPERM @clock:EPERM @raw-io:EPERM @obsolete:EPERM",
    "SystemCallFilter=~acct:EPERM open_by_handle_at:EPERM quotactl:EPERM lookup_dcookie:EPERM",
    "IPAddressDeny=169.254.169.254/32 fd00:ec2::254/128",
  ],
  "runpool-agent.service": [
    ...sealed,
    "StartLimitIntervalSec=0",
    "Type=notify",
    "NotifyAccess=all",
    "Restart=always",
    "WatchdogSignal=SIGKILL",
    "User=runpool",
    "Group=runpool",
    "UMask=0077",
    "OOMScoreAdjust=-500",
    "StateDirectoryMode=0700",
    "ReadWritePaths=/run/runpool/requests",
    "PrivateUsers=yes",
    "PrivateMounts=yes",
    "DevicePolicy=closed",
    "RestrictNamespaces=yes",
    "RestrictSUIDSGID=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "SystemCallErrorNumber=EPERM",
    "WantedBy=multi-user.target",
  ],
  // Root's, where a job's files are.
  "runpool-reclaim@.service": [
    "Slice=runpool-jobs.slice",
    "ExecStopPost=/usr/bin/find asks -xdev -mindepth 1 -delete",
    "ProtectSystem=strict",
    "TemporaryFileSystem=/var/lib/runpool:ro",
    ...["work", "home", "tmp", "asks"].map(
      (folder) => `BindPaths=/var/lib/runpool/runners/%i/${folder}:/var/lib/runpool/runners/%i/${folder}:norbind`,
    ),
    "MountFlags=private",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "PrivateNetwork=yes",
    "ProtectProc=invisible",
    "ProtectKernelTunables=yes",
    "ProtectControlGroups=yes",
    "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE",
    "NoNewPrivileges=yes",
    "SystemCallArchitectures=native",
  ],
  "runpool-request.service": [
    "StartLimitIntervalSec=0",
    "ProtectSystem=strict",
    "ReadWritePaths=/run/runpool/requests",
    "ProtectHome=yes",
    "PrivateNetwork=yes",
    "PrivateTmp=yes",
    "NoNewPrivileges=yes",
  ],
  "runpool-request@.service": ["StartLimitIntervalSec=0", "TimeoutStartSec=infinity"],
  "runpool-request.path": ["PathExistsGlob=/run/runpool/requests/[0-9a-f]*", "WantedBy=multi-user.target"],
  "runpool-prepare.service": [
    "Type=oneshot",
    "RemainAfterExit=yes",
    "KillMode=control-group",
    "SyslogIdentifier=runpool-prepare",
  ],
  "prepare-as-job.conf": ["User=runpool-job", "Group=runpool-job"],
  // The two that end a machine without its agent.
  "runpool-boot-watchdog.timer": [
    "DefaultDependencies=no",
    "Unit=runpool-boot-watchdog.service",
    "WantedBy=sysinit.target",
  ],
  "runpool-boot-watchdog.service": [
    "DefaultDependencies=no",
    "ExecStart=/usr/lib/runpool/enforce-deadline.sh must-exist",
  ],
  "runpool-deadline.timer": ["OnBootSec=30s", "WantedBy=timers.target"],
  "runpool-deadline.service": ["ExecStart=/usr/lib/runpool/enforce-deadline.sh may-lack"],
  "runpool-firewall.service": [
    "RemainAfterExit=yes",
    "Before=network-pre.target runpool-agent.service",
    "ExecStart=/usr/sbin/nft -f /usr/lib/runpool/runpool.nft",
    "WantedBy=sysinit.target",
  ],
  "runpool-jobs.slice": ["CPUWeight=50", "IOWeight=50", "MemoryHigh=95%"],
  "runpool.nft": [
    "type filter hook output priority filter; policy accept;",
    'meta skuid "runpool-job" ip daddr 169.254.169.254 counter reject',
    'meta skuid "runpool-job" ip6 daddr fd00:ec2::254 counter reject',
    "type filter hook forward priority filter; policy accept;",
    "ip daddr 169.254.169.254 counter reject",
    "ip6 daddr fd00:ec2::254 counter reject",
  ],
  "runpool.tmpfiles": [
    "d /run/runpool 0755 root root -",
    "d /run/runpool/requests 0700 runpool runpool -",
    "d /run/runpool/answers 0755 root root -",
    "d /run/runpool/runners 0755 root root -",
    "d /var/lib/runpool/runners 0755 root root -",
    "d /var/lib/runpool/prepare 0755 root root -",
  ],
};

test.each(Object.entries(lines))("%s says all of it", (unit, wanted) => {
  const said = readFileSync(unitFile(unit), "utf8")
    .split("\n")
    .map((line) => line.trim());
  expect(wanted.filter((line) => !said.includes(line))).toEqual([]);
});
