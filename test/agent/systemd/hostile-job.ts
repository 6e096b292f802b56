// Scenario: a job that attacks the machine it runs on, and an agent's user that attacks root; what each was refused, and what is left.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Job } from "../../../sim/github/model.ts";
import type { Scenario } from "./scenarios.ts";
import { openStage, type Stage } from "./stage.ts";

/** arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const numbers: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  x64: { add_key: 248, keyctl: 250, process_vm_writev: 311, bpf: 321, userfaultfd: 323 },
  arm64: { add_key: 217, keyctl: 219, process_vm_writev: 271, bpf: 280, userfaultfd: 282 },
};
const everywhere = { io_uring_setup: 425, pidfd_open: 434, pidfd_getfd: 438 };

/** In Perl, which Debian's systems always have, since no shell makes a system call by its number. */
const attack = `#!/usr/bin/perl
use strict; use warnings; use Errno; use Socket;
my %n = (${Object.entries({ ...numbers[process.arch], ...everywhere })
  .map(([name, number]) => `${name} => ${number}`)
  .join(", ")});
sub told { my ($name, $result) = @_; my ($no) = grep { $!{$_} } keys %!; print "$name=", $result == -1 ? $no : "done", "\\n"; }
my ($verb, @rest) = @ARGV;
if ($verb eq "calls") {
  my $ring = pack("x256");
  told("add_key", syscall($n{add_key}, my $t = "user", my $d = "planted", my $s = "SECRET-OF-RUN-A", 15, -4));
  told("keyctl", syscall($n{keyctl}, 0, -4, 1));
  told("io_uring_setup", syscall($n{io_uring_setup}, 4, $ring));
  told("bpf", syscall($n{bpf}, 0, $ring, 128));
  told("userfaultfd", syscall($n{userfaultfd}, 1));
  told("process_vm_writev", syscall($n{process_vm_writev}, $$, $ring, 0, $ring, 0, 0));
  my $fd = syscall($n{pidfd_open}, $rest[0] + 0, 0);
  told("pidfd_getfd", syscall($n{pidfd_getfd}, $fd, 1, 0));
} elsif ($verb eq "journal") {
  socket(my $to, AF_UNIX, SOCK_DGRAM, 0) or die;
  for my $path ("/run/systemd/journal/socket", "/run/systemd/journal/dev-log", "/dev/log") {
    my $line = "MESSAGE=INJECTED-BY-JOB\\nSYSLOG_IDENTIFIER=runpool-prepare\\nUNIT=runpool-agent.service\\n_UID=0\\n_PID=1\\n";
    print "$path=", defined send($to, $line, 0, pack_sockaddr_un($path)) ? "sent" : "refused", "\\n";
  }
}
`;

const attackFile = "/opt/attack/attack.pl";

/** The job of run 1001. Its listener is the parent of its worker. */
const hostile = `set +e
worker=$PPID
while [ "$worker" -gt 1 ] && ! tr '\\0' '\\n' <"/proc/$worker/cmdline" | grep -q 'Runner.Worker'; do worker=$(awk '/^PPid:/ { print $2 }' "/proc/$worker/status"); done
listener=$(awk '/^PPid:/ { print $2 }' "/proc/$worker/status")
perl ${attackFile} calls "$listener"
perl ${attackFile} journal
echo INJECTED-BY-JOB | systemd-cat -t runpool-prepare 2>/dev/null && echo "systemd-cat=sent" || echo "systemd-cat=refused"
unshare -r perl ${attackFile} journal | sed 's/^/root of a namespace: /'
{ : >>"/proc/$listener/fd/1"; } 2>/dev/null && echo "log=written" || echo "log=refused"
echo "variables=$(env | grep -c -e LD_PRELOAD -e STOLEN)"
echo "crashes=$(cat /var/crash/* /var/lib/systemd/coredump/* 2>/dev/null | wc -l)"
echo "abstract=$(grep -c ' @' /proc/net/unix)"
printf 'constructor\\t1\\t1001\\t1\\tbuild\\n__proto__\\t1\\t1001\\t1\\tbuild\\n' >>"$RUNPOOL_JOBS_FILE"
chmod 000 "$RUNPOOL_JOBS_FILE" && echo "jobs=unreadable"
`;

/** What jobs do with the calls that are left: everything that CI does. */
const honest = `set +e
cd "$RUNNER_TEMP" && git init -q one && git -C one -c user.name=a -c user.email=a@b commit -q --allow-empty -m one && git clone -q one two && echo git=works
unshare -Urm sh -c 'mount -t tmpfs none /mnt && touch /mnt/file' && echo "namespaces=work"
unshare -Urpf --mount-proc true && echo "pid-namespaces=work"
{ ! command -v gcc >/dev/null || { echo 'int main(void) { return 0; }' >one.c && gcc -o one.out one.c && ./one.out; }; } && echo "compiler=works"
/usr/lib/runpool/node -e 'const { execFileSync } = require("node:child_process"); require("node:fs").promises.readFile("/etc/os-release").then(() => console.log("node=" + execFileSync("echo", ["works"]).toString().trim()))'
tar -cf all.tar one && timeout 5 true && echo "tools=work"
`;

const stepOf = (job: Job): readonly string[] => job.log.slice(job.log.indexOf("##[group]Run ") + 1);

const shipped = async (): Promise<string> => {
  const unit = await readFile(resolve(import.meta.dirname, "../../../userdata/ship-logs.service"), "utf8");
  const [, query] = /exec (journalctl [^>]*)>/.exec(unit.replaceAll("\\\n", " ")) ?? [];
  if (query === undefined) throw new Error("ship-logs.service asks no journalctl");
  return query.replace("--follow", "");
};

/** What a pre-runner script as the job's user, which no filter binds, may have put into the keyrings that outlive it. */
const keep = `keyctl session - sh -c 'keyctl add user planted SECRET-OF-RUN-A @u; keyctl add user planted SECRET-OF-RUN-A @us
  keyctl add user planted SECRET-OF-RUN-A "$(keyctl get_persistent @s)"'`;
const kept = `keyctl session - sh -c 'for ring in @u @us "$(keyctl get_persistent @s)"; do keyctl list "$ring"; done' 2>/dev/null | grep -c planted; true`;

/** As an agent that was taken over: all that it may write, so that a command of root's would run it. */
async function handOver(stage: Stage): Promise<object> {
  await stage.run("systemctl", "stop", "runpool-agent.service");
  const folder = "/var/lib/runpool/agent/handover/9";
  const root = "/var/lib/runpool/runners/9";
  const lines = [
    `BASH_ENV="${root}/runner/.runner"`,
    `LD_PRELOAD="${root}/runner/.credentials"`,
    `PATH="${root}/home"`,
    `RUNPOOL_ONLY_RUNS="7`,
    `BASH_ENV=${root}/runner/.runner"`,
    `EXIT_CODE="made-up"`,
    `ACTIONS_RUNNER_HOOK_JOB_STARTED="/opt/a \\"hook\\".sh"`,
  ];
  await stage.as("runpool", `mkdir -p ${folder}; cat >${folder}/.runner <<'END'\nid >>/run/owned-by-agent-user\nEND`);
  await stage.as("runpool", `cat >${folder}/environment <<'END'\n${lines.join("\n")}\nEND`);
  const ask = async (id: string, verb: string) => {
    await stage.as("runpool", `touch /run/runpool/requests/${id}.${verb}.9`);
    return await stage.until(`an answer to ${verb}`, async () => {
      const { code, out } = await stage.as("root", `cat /run/runpool/answers/${id}`);
      return code === 0 ? out : undefined;
    });
  };
  const started = await ask("aaaaaaaa", "start");
  const environment = (await stage.as("root", "cat /run/runpool/runners/9.env")).out.trim().split("\n");
  // Without a registration that it can read the listener ends by itself.
  const ended = await stage.until("the end written down", async () => {
    const { code, out } = await stage.as("root", `cat ${root}/ended`);
    return code === 0 ? out.trim() : undefined;
  });
  await ask("bbbbbbbb", "destroy");
  const owned = (await stage.as("root", "cat /run/owned-by-* 2>/dev/null")).out;
  return { handedOver: { started: started.split("\n")[0], environment, ended, owned } };
}

export const hostileJob: Scenario = async () => {
  const stage = await openStage({
    preRunner: "echo prepared-by-the-operator\n",
    files: {
      [attackFile]: attack,
      // As an image's own file may say: what reaches jobs reaches no command of root's, and the loader's variables nobody.
      "/etc/runpool/runner.env":
        "BASH_ENV=/opt/attack/own.sh\nLD_PRELOAD=/opt/attack/none.so\nPATH=/opt/attack:/usr/bin:/bin\n",
      "/opt/attack/own.sh": '[ "$(id -u)" != 0 ] || id >>/run/owned-by-runner-env\n',
    },
  });
  const uid = (await stage.run("id", "-u", "runpool-job")).trim();
  const crashes = ["/var/crash/_usr_bin_a", "/var/lib/apport/coredump/core.a", "/var/lib/systemd/coredump/core.a"].map(
    (name) => `${name}.${uid}.crash`,
  );
  await stage.as("root", `for file in ${crashes.join(" ")}; do mkdir -p "$(dirname $file)"; echo core >$file; done`);
  await stage.as("root", `echo of-another >/var/crash/_usr_bin_b.1000.crash; chmod -R a+rX /var/crash`);
  const perl = (await stage.as("root", "command -v perl")).code === 0;
  const keyctl = (await stage.as("root", "command -v keyctl")).code === 0;
  await stage.provision("1001");
  const attacked = perl ? stepOf(await stage.job("1001", hostile)) : [];
  const worked = stepOf(await stage.job("1001", honest));
  // What a listener that is traced, or a kernel without the filter, lets a job do with the descriptor.
  await stage.run("truncate", "-s", "3G", "/var/lib/runpool/runners/1/listener.log");
  const { conclusion } = await stage.job("1001", "true");
  const before = (await stage.record()).heartbeatAt ?? 0;
  await stage.until("two more heartbeats", async () =>
    ((await stage.record()).heartbeatAt ?? 0) > before + 5_000 ? true : undefined,
  );
  if (keyctl) await stage.as("runpool-job", keep);
  const keptBefore = keyctl ? Number((await stage.as("runpool-job", kept)).out.trim()) : 0;
  await stage.release("1001");
  const keptAfter = keyctl ? Number((await stage.as("runpool-job", kept)).out.trim()) : 0;
  const cores = (
    await stage.as("root", "find /var/crash /var/lib/apport /var/lib/systemd/coredump -type f")
  ).out.trim();
  const restarts = Number(await stage.run("systemctl", "show", "-P", "NRestarts", "runpool-agent.service"));
  // From outside its unit's sandbox, as if there were a way: what the journal says of the sender decides.
  if (perl) await stage.as("runpool-job", `perl ${attackFile} journal; unshare -r perl ${attackFile} journal`);
  await stage.run("journalctl", "--sync");
  const log = (await stage.as("root", await shipped())).out;
  return {
    perl,
    keyctl,
    attacked,
    worked,
    conclusion,
    keptBefore,
    keptAfter,
    cores,
    restarts,
    log: {
      injected: log.split("\n").filter((line) => line.includes("INJECTED")),
      prepared: log.includes("prepared-by-the-operator"),
      agent: log.includes('"event":"runner.online"'),
      systemd: /Started|Finished/.test(log),
    },
    injectedAtAll: (await stage.journal("-t", "runpool-prepare")).includes("INJECTED"),
    ...(await handOver(stage)),
  };
};
