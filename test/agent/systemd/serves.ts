// Scenario: the machine boots, serves run 1001 whose job plants what it can, is released, and serves run 1002.
import { connect, createServer } from "node:net";
import { join, resolve } from "node:path";
import { decoyFile, decoys, lookInJob } from "./job-secrets.ts";
import { lookForSecrets, secretsOf, storeAppKey } from "./journal-secrets.ts";
import type { Scenario } from "./scenarios.ts";
import type { Job } from "../../../sim/github/model.ts";
import { eventsIn, openStage, type Stage } from "./stage.ts";

const root = resolve(import.meta.dirname, "../../..");
/** Instance metadata's address on IPv6 (EC2 User Guide, "Access instance metadata for an EC2 instance"). */
const metadata6 = "fd00:ec2::254";
const imds = { v4: "http://169.254.169.254/latest/api/token", v6: `http://[${metadata6}]/latest/api/token` };
/** Says the reply's status (000: none), and how the asking ended: on IPv6 Linux hears of a refusal at its second try, after a second. */
const askMetadata = (url = imds.v4): string =>
  `{ curl -s -g -o /dev/null -m 3 -w '%{http_code} ' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' '${url}' && echo answered; } ||
  case $? in 7) echo refused ;; 28) echo hangs ;; *) echo fails ;; esac`;

/** What a job finds out about where it runs. */
const lookAround = `
echo "user=$(id -un)"
echo "cgroup=$(tail -n 1 /proc/self/cgroup)"
echo "metadata=$(${askMetadata()})"
echo "metadata6=$(${askMetadata(imds.v6)})"
echo "files=$(cat /var/lib/runpool/agent/runner.json /etc/runpool/agent.env /run/runpool/requests/* 2>/dev/null | wc -c)"
echo "bus=$(ls /run/dbus/system_bus_socket 2>/dev/null | wc -l)"
echo "others=$(ps -eo user= | sort -u | grep -vc runpool-job)"
echo "privileges=$(grep -c 'NoNewPrivs:.1' /proc/self/status)"
echo "roots=$(ls /var/lib/runpool/runners)"
echo "inputs=$(env | grep -c ACTIONS_RUNNER_INPUT)"
echo "tool=$(cat "$RUNNER_TOOL_CACHE/tool")"
touch "$RUNNER_TOOL_CACHE/mine" 2>/dev/null && echo "cache=writable" || echo "cache=read-only"
`;

/** Where Debian's cron reads what `crontab` leaves; here everybody may write, so that the unit alone stands before it. */
const spool = "/var/spool/cron/crontabs";
/** As if the unit had let a job write them: the release is asked to find these. */
const outside = ["/tmp/outside", "/var/tmp/outside", "/dev/shm/outside", `${spool}/runpool-job`];

const plant = `
root=$(cd "$(dirname "$RUNNER_TEMP")/.." && pwd)
for file in "$root/runner/.env" "$root/runner/.path" "$root/runner/bin/Runner.Listener" ~/.bashrc ~/.profile /tmp/planted \\
  /var/tmp/planted /dev/shm/planted "$(dirname "$RUNNER_TEMP")/planted" ~/.config/systemd/user/planted.service; do
  mkdir -p "$(dirname "$file")" 2>/dev/null
  { echo 'PLANTED=1 # planted' >>"$file"; } 2>/dev/null && echo "planted $file"
done
rm -f "$root/runner/.env" 2>/dev/null && echo "planted: removed .env"
mv "$root/runner/bin" "$root/runner/old" 2>/dev/null && echo "planted: moved bin"
echo '* * * * * touch /tmp/planted' | crontab - 2>/dev/null && echo "planted crontab"
{ echo '* * * * * touch /tmp/planted' >${spool}/runpool-job; } 2>/dev/null && echo "planted crontab in the spool"
systemctl --user enable planted 2>/dev/null && echo "planted unit"
loginctl enable-linger 2>/dev/null && echo "planted linger"
(RUNNER_TRACKING_ID= setsid env -i sleep 9999 >/dev/null 2>&1 &)
until pgrep -x sleep >/dev/null; do :; done
echo "daemons=$(pgrep -x sleep | wc -l)"
`;

const find = `
echo "variables=$(env | grep -c PLANTED)"
echo "files=$(grep -rls planted ~ $TMPDIR /tmp /var/tmp /dev/shm "$(dirname "$RUNNER_TEMP")/.." 2>/dev/null | grep -vc '/_temp/')"
echo "crontab=$(cat ${spool}/* 2>/dev/null | wc -l)"
echo "daemons=$(pgrep -x sleep | wc -l)"
echo "fresh=$(ls -A ~ $TMPDIR | grep -v : | grep -c .)"
`;

/** The lines that a step said. */
const stepOf = (job: Job): readonly string[] => job.log.slice(job.log.indexOf("##[group]Run ") + 1);

/** The same service on the other family; without it a job that gets nothing there would prove nothing. */
async function serveMetadata6(stage: Stage): Promise<void> {
  await stage.run("ip", "-6", "address", "add", `${metadata6}/128`, "dev", "lo", "nodad");
  const server = createServer((from) => {
    const to = connect(80, "169.254.169.254");
    from.pipe(to).pipe(from);
    from.on("error", () => to.destroy());
    to.on("error", () => from.destroy());
  });
  await new Promise<void>((done, failed) => server.once("error", failed).listen(80, metadata6, done));
}

/** Ends the job of run 1002. */
const released = "/opt/tool-cache/released";

/** In the middle of a job: what kills a frozen runner spares it, and the release waits. */
async function surviving(stage: Stage): Promise<{ stopped: string; conclusion: unknown; dispatches: number }> {
  const long = stage.job("1002", `until [ -e ${released} ]; do sleep 0.1; done; echo survived`);
  await stage.jobBegun();
  const stopped = (await stage.run("/usr/lib/runpool/runner-stop.sh", "2")).trim();
  const leaving = stage.release("1002");
  await stage.until("asked to leave", async () => ((await stage.record()).wanted === "leave" ? true : undefined));
  await stage.run("touch", released);
  await leaving;
  const { conclusion, dispatches } = await long;
  return { stopped, conclusion, dispatches };
}

/** `runpool doctor --as-instance`, as root on this very machine; its spec is the image's. */
async function doctorSays(stage: Stage): Promise<readonly string[]> {
  await stage.run("cp", "-r", join(root, "ami/spec"), "/usr/lib/runpool/spec");
  const words = [process.execPath, join(root, "entry/cli/cli.ts"), "doctor", "--as-instance", "--json", "-e", "laptop"];
  const { out } = await stage.as("root", `AWS_ENDPOINT_URL=${stage.cloud.aws.url} ${words.join(" ")} 2>/dev/null`);
  const { checks } = JSON.parse(out) as { checks: readonly { name: string; verdict: string; found: string }[] };
  return checks.filter(({ name }) => name === "image").map(({ verdict, found }) => `${verdict}: ${found}`);
}

/** The jobs of run 1001, and one of a stranger's run: what each has found, or done. */
async function firstRun(stage: Stage, appKey: string): Promise<object> {
  const around = stepOf(await stage.job("1001", lookAround));
  await stage.run("systemctl", "stop", "runpool-firewall.service");
  const withoutFirewall = stepOf(await stage.job("1001", `${askMetadata()}\n${askMetadata(imds.v6)}`));
  await stage.run("systemctl", "start", "runpool-firewall.service");
  const looked = stepOf(await stage.job("1001", lookInJob(await secretsOf(stage, appKey))));
  const stranger = await stage.job("666", "touch /tmp/stolen", "1001");
  await stage.run("install", "-d", "-m", "1777", spool);
  const planted = stepOf(await stage.job("1001", plant));
  const plantedOutside = await stage.as(
    "runpool-job",
    `for file in ${outside.join(" ")}; do echo planted >$file; done; ls ${outside.join(" ")}`,
  );
  return {
    around,
    withoutFirewall,
    looked,
    stranger: { conclusion: stranger.conclusion, log: stranger.log },
    planted,
    plantedOutside: plantedOutside.out.trim().split("\n").toSorted(),
  };
}

/** Has a container and a volume; the first time it is told to remove the container it does not. */
const docker = `#!/bin/sh
echo "$*" >>/run/docker-calls
case "$1 $2" in
"ps -aq") echo 0123abcd ;;
"volume ls") echo cache ;;
"rm -f") [ -e /run/docker-tried ] || { touch /run/docker-tried; exit 1; } ;;
esac
`;

/** What systemd thinks of each unit's sandbox: 0 is the closest, 10 the most exposed. */
async function exposuresOf(stage: Stage, units: readonly string[]): Promise<readonly number[]> {
  const exposures: number[] = [];
  for (const unit of units) {
    const told = await stage.run("systemd-analyze", "security", "--no-pager", unit);
    exposures.push(Number(/level for \S+: ([\d.]+)/.exec(told)?.[1]));
  }
  return exposures;
}

export const servesAndReleases: Scenario = async () => {
  const stage = await openStage({
    preRunner: "echo prepared-by-the-operator\r\nid -un\r\n",
    files: {
      "/etc/runpool/runner.env": `RUNNER_TOOL_CACHE=/opt/tool-cache\nRUNPOOL_HOOK_COMPLETED=/opt/operator/hook.sh\nDECOY=${decoys["decoy in a variable"]}\n`,
      [decoyFile]: `${decoys["decoy in a file"]}\n`,
      "/opt/tool-cache/tool": "a kept tool\n",
      "/opt/operator/hook.sh": 'echo "the operator says goodbye"\n',
      "/usr/local/bin/docker": docker,
      "/etc/systemd/system/docker.socket": "[Socket]\nListenStream=/run/docker-stand-in.sock\n",
      "/etc/systemd/system/docker.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    },
  });
  const appKey = await storeAppKey(stage);
  await serveMetadata6(stage);
  const verify = await stage.run(
    "bash",
    "-c",
    "systemd-analyze verify --man=no /usr/lib/systemd/system/runpool-*[!d] 2>&1",
  );
  await stage.run("systemctl", "start", "docker.socket");
  await stage.provision("1001");
  const unasked = (await stage.as("root", "cat /run/docker-calls 2>/dev/null")).out;
  await stage.run("systemctl", "start", "docker.service");
  const pid = await stage.run("systemctl", "show", "-P", "MainPID", "runpool-agent.service");
  const agentUser = await stage.run("ps", "-o", "user=", "-p", pid.trim());
  const exposures = await exposuresOf(stage, ["runpool-agent.service", "runpool-runner@1.service"]);
  const first = await firstRun(stage, appKey);
  await stage.release("1001");
  const places = "/tmp /var/tmp /dev/shm /run /etc /home /root /var/lib /var/spool";
  const left = await stage.as(
    "root",
    `pgrep -u runpool-job -a; find ${places} -xdev -user runpool-job; ls /var/lib/runpool/runners`,
  );
  await stage.provision("1002");
  const found = stepOf(await stage.job("1002", find));
  const survivor = await surviving(stage);
  await stage.until("no runner at GitHub", async () => (stage.cloud.github.runners().length === 0 ? true : undefined));
  return {
    ...first,
    verify,
    agentUser: agentUser.trim(),
    agentAsks: (await stage.as("runpool", askMetadata())).out.trim(),
    agentAsks6: (await stage.as("runpool", askMetadata(imds.v6))).out.trim(),
    exposures,
    left: left.out,
    found,
    survivor,
    compileCache: (await stage.as("root", "find /usr/lib/runpool/compile-cache -type f | wc -l")).out.trim(),
    notRoots: (await stage.as("root", "find /usr/lib/runpool ! -type l ! -user root -o ! -type l -perm /022")).out,
    bootWatchdog: await stage.run("systemctl", "show", "-P", "TimersMonotonic", "runpool-boot-watchdog.timer"),
    unasked,
    docker: (await stage.as("root", "cat /run/docker-calls")).out.trimEnd().split("\n"),
    preRunner: await stage.run("journalctl", "--no-pager", "-o", "cat", "-t", "runpool-prepare"),
    failures: await stage.run("systemctl", "list-units", "--failed", "--plain", "--no-legend"),
    events: eventsIn(await stage.journal("-u", "runpool-agent.service")),
    doctor: await doctorSays(stage),
    secrets: await lookForSecrets(stage, appKey),
  };
};
