// Scenario: jobs use a real docker. A `container:` job as GitHub's runner makes one, files that it leaves as root, and a second run.
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Scenario } from "./scenarios.ts";
import { openStage, type Stage } from "./stage.ts";
import type { Job } from "../../../sim/github/model.ts";

const units = resolve(import.meta.dirname, "../../../agent/hosts/systemd/units");
/** Where a file of the job's may lie that a workflow then binds into a container. */
const places = {
  workspace: "$GITHUB_WORKSPACE",
  temp: "$RUNNER_TEMP",
  home: "$HOME",
  TMPDIR: "$TMPDIR",
  tmp: "/tmp",
  "var-tmp": "/var/tmp",
  shm: "/dev/shm",
};

/**
 * The volumes of a job's container, its entry point, and its node: ContainerOperationProvider.cs, MountWellKnownDirectories, and
 * StepHost.cs, ContainerStepHost. The root is the folder above the runner's binaries.
 */
const containerJob = `
work=$(cd "$RUNNER_TEMP/.." && pwd)
externals=$(cd "$work/.." && pwd)/runner/externals
mkdir -p "$RUNNER_TEMP/_github_home" "$RUNNER_TEMP/_github_workflow"
echo 'console.log("node in the container", require("fs").readFileSync("/github/workflow/event.json", "utf8"))' >"$RUNNER_TEMP/step.js"
echo '"event"' >"$RUNNER_TEMP/_github_workflow/event.json"
docker create --name job --workdir "/__w/\${GITHUB_WORKSPACE#"$work/"}" \\
  -v /var/run/docker.sock:/var/run/docker.sock -v "$work":/__w -v "$externals":/__e:ro -v "$RUNNER_TEMP":/__w/_temp \\
  -v "$work/_actions":/__w/_actions -v "$work/_tool":/__w/_tool -v "$RUNNER_TEMP/_github_home":/github/home \\
  -v "$RUNNER_TEMP/_github_workflow":/github/workflow --entrypoint /bin/tail base:1 -f /dev/null >/dev/null
docker start job >/dev/null
docker exec job /__e/node24/bin/node /__w/_temp/step.js || true
docker exec job /bin/sh -c 'mkdir -p dist /github/home/cache && echo x >dist/out && chmod 700 dist && chown 0:0 dist dist/out'
docker exec job /bin/sh -c 'ln -s /opt/victim/link dist/link; ln /opt/victim/link dist/hard 2>/dev/null; touch /github/home/cache/x'
docker rm -f job >/dev/null
${Object.entries(places)
  .map(([name, place]) => `echo "content of ${name}" >"${place}/bound"`)
  .join("\n")}
docker run --rm ${Object.entries(places)
  .map(([name, place]) => `-v "${place}/bound":/bound/${name}`)
  .join(
    " ",
  )} -v "$HOME/.cache":/c -v "$TMPDIR/c":/t -v /tmp/left:/l1 -v /var/tmp/left:/l2 -v /dev/shm/left:/l3 base:1 /bin/sh -c '
  for file in /bound/*; do cat $file; done
  touch /c/x /t/x /l1/x /l2/x /l3/x; chmod 700 /c /t'
`;

/** What stays of docker's own: nothing of it may reach the next run. */
const leaveInDocker = `
docker run -d --name daemon -v kept:/kept --network host base:1 /bin/sleep 9999 >/dev/null
docker network create planted-network >/dev/null
docker tag base:1 node:20
echo evil | docker run -i --name evil base:1 /bin/sh -c 'cat >/evil' && docker commit evil evil:1 >/dev/null
docker commit evil base:2 >/dev/null && docker rmi base:2 >/dev/null
echo "foreign=$(find "$GITHUB_WORKSPACE" "$RUNNER_TEMP" "$HOME" "$TMPDIR" ! -user runpool-job | wc -l)"
`;

/** As actions/checkout empties its workspace: fs-helper and io.rmRF, by the job's own user. */
const checkout = `
rm -rf "$GITHUB_WORKSPACE"/* && echo "workspace emptied"
touch "$HOME/.cache/y" "$TMPDIR/c/y" && rm -rf "$HOME/.cache" "$TMPDIR/c" && echo "caches written"
`;

const stepOf = (job: Job): readonly string[] => job.log.slice(job.log.indexOf("##[group]Run ") + 1);

/** A root file system with busybox, and what node is linked against; there is no registry here. */
async function importImage(stage: Stage): Promise<void> {
  const folder = "/opt/image";
  const needed = [...(await stage.run("ldd", process.execPath)).matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  for (const path of needed) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await copyFile(path, join(folder, path));
  }
  const tools = "sh cat tail sleep touch mkdir chmod chown ln true";
  const fill = `cd ${folder} && mkdir -p bin tmp && cp "$(command -v busybox)" bin/busybox && for tool in ${tools}; do ln -s busybox bin/$tool; done
    tar -c . | docker import - base:1`;
  await stage.run("bash", "-c", fill);
}

/** Docker as its own package has it, on file systems that its overlay may lie on; and the runner's node. */
async function openDockerStage(): Promise<Stage> {
  const stage = await openStage({
    dropIns: { "runpool-runner@.service": await readFile(join(units, "runner-docker.conf"), "utf8") },
    files: {
      "/etc/runpool/docker-config.json": '{"proxies":{"default":{"httpProxy":"http://proxy.example.org:3128"}}}\n',
      "/opt/victim/link": "of the host\n",
    },
  });
  const prepare = `set -e
    for folder in /var/lib/docker /var/lib/containerd; do mkdir -p $folder; mount -t tmpfs tmpfs $folder; done
    getent group docker >/dev/null || groupadd --system docker
    cp ${process.execPath} /usr/lib/runpool/runner/externals/node24/bin/node
    systemctl start docker.socket docker.service`;
  await stage.run("bash", "-c", prepare);
  await importImage(stage);
  return stage;
}

const metadata = "169.254.169.254";
/** Instance metadata one hop away, as EC2 answers: with packets that a router between would have to drop. */
async function moveMetadataAway(stage: Stage): Promise<void> {
  await writeFile(
    "/opt/metadata.mjs",
    `import { createServer } from "node:http";
createServer((_, response) => response.end("credentials")).listen(80, "${metadata}", () => console.log("listening"));\n`,
  );
  await stage.run(
    "bash",
    "-c",
    `set -e
    ip address del ${metadata}/32 dev lo
    ip netns add far && ip link add near type veth peer name far netns far
    ip address add 169.254.169.253/30 dev near && ip link set near up
    ip -n far address add ${metadata}/30 dev far && ip -n far link set far up
    systemd-run --quiet --unit=far-metadata ip netns exec far ${process.execPath} /opt/metadata.mjs
    until journalctl -u far-metadata -o cat | grep -q listening; do :; done`,
  );
}

/** How a container fares that asks for metadata, from its own network or from the host's. By node: busybox's wget needs a resolver. */
async function askFromContainer(stage: Stage, network: string): Promise<string> {
  const ask = `fetch("http://${metadata}/", { signal: AbortSignal.timeout(5000) })
    .then((reply) => reply.text()).then(() => "answered").catch(({ name, cause }) => cause?.code ?? name).then(console.log)`;
  const externals = "/usr/lib/runpool/runner/externals:/e:ro";
  const command = ["--rm", "--network", network, "-v", externals, "base:1", "/e/node24/bin/node", "-e", ask];
  return (await stage.run("docker", "run", ...command)).trim();
}

async function askMetadata(stage: Stage): Promise<object> {
  await moveMetadataAway(stage);
  const hop = (hops: number) =>
    stage.run("ip", "netns", "exec", "far", "sysctl", "-q", "-w", `net.ipv4.ip_default_ttl=${hops}`);
  await hop(1);
  const withBoth = await askFromContainer(stage, "bridge");
  const hostNetwork = await askFromContainer(stage, "host");
  await stage.run("systemctl", "stop", "runpool-firewall.service");
  const hopLimitAlone = await askFromContainer(stage, "bridge");
  await hop(64);
  const neither = await askFromContainer(stage, "bridge");
  return { withBoth, hopLimitAlone, neither, hostNetwork };
}

export const dockerJobs: Scenario = async () => {
  const stage = await openDockerStage();
  await stage.provision("2001");
  const container = await stage.job("2001", containerJob);
  // As a privileged container may leave it: a mount of the host's own files in the workspace.
  const mounted = "/var/lib/runpool/runners/1/work/mounted";
  await stage.run("bash", "-c", `mkdir ${mounted} && mount --bind /opt/victim ${mounted}`);
  const second = await stage.job("2001", `${checkout}${leaveInDocker}`);
  const victim = await stage.run("stat", "-c", "%U", "/opt/victim", "/opt/victim/link");
  const config = await stage.job("2001", 'cat "$HOME/.docker/config.json"');
  await stage.release("2001");
  await stage.provision("2002");
  await stage.until("the first run's root is gone", async () => {
    const roots = await stage.run("ls", "/var/lib/runpool/runners");
    return roots.trim() === "2" ? true : undefined;
  });
  const left = await stage.as(
    "root",
    `docker ps -aq; docker volume ls -q; docker network ls --format '{{.Name}}' | sort; docker image ls --format '{{.Repository}}:{{.Tag}}'
    ls -d /tmp/{left,bound} /var/tmp/{left,bound} /dev/shm/{left,bound} 2>/dev/null; cat /opt/victim/link`,
  );
  const again = await stage.job("2002", "docker run --rm base:1 /bin/true && echo docker is there");
  return {
    container: stepOf(container),
    second: { conclusion: second.conclusion, log: stepOf(second) },
    victim,
    config: stepOf(config),
    left: left.out.trim().split("\n"),
    again: stepOf(again),
    metadata: await askMetadata(stage),
    failures: await stage.run("systemctl", "list-units", "--failed", "--plain", "--no-legend"),
  };
};
