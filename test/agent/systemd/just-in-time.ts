// Scenario: the machine boots without an owner; a webhook, played here, claims it by a just-in-time configuration. It serves the one job, in
// which its agent is killed, and afterwards a run by token.
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { refresh } from "../../../control/refresh/refresh.ts";
import { limits } from "../../../domain/limits.ts";
import { jitConfigurationFolder, jitConfigurationParameter, readerTag, runnerName } from "../../../domain/names.ts";
import { formatOwner, runOwner } from "../../../domain/owner.ts";
import type { Ownership, SignalKind } from "../../../domain/record.ts";
import { hostClock } from "../../../entry/host-clock.ts";
import { credentials, forgeToken, place, repository } from "../../../entry/laptop/embedded-cloud.ts";
import { lookInJob } from "./job-secrets.ts";
import { lookForSecrets, secretsOf, storeAppKey } from "./journal-secrets.ts";
import type { Scenario } from "./scenarios.ts";
import { eventsIn, openStage, type Stage } from "./stage.ts";

const runId = "1001";
const labels = [runId, "large"];

/** REST API, "Create configuration for a just-in-time runner for a repository". */
async function generate({ cloud }: Stage, name: string): Promise<string> {
  const reply = await fetch(`${cloud.github.url}/repos/${repository}/actions/runners/generate-jitconfig`, {
    method: "POST",
    headers: { authorization: `Bearer ${forgeToken}` },
    body: JSON.stringify({ name, runner_group_id: 1, labels, work_folder: "_work" }),
  });
  if (!reply.ok) throw new Error(`generate-jitconfig: ${reply.status}: ${await reply.text()}`);
  return ((await reply.json()) as { encoded_jit_config: string }).encoded_jit_config;
}

/** Boots a machine that nobody owns, as the idle floor does, until it is idle. */
async function bootIdle(stage: Stage): Promise<void> {
  const { world } = stage;
  const { overlay } = await world.settings.load();
  await world.settings.writeOverlay({ ...overlay, idleFloors: { "large/x64/on-demand": 1 } });
  await refresh(world);
  await stage.until("the agent is up", async () =>
    (await stage.record()).signal?.kind === "prepared" ? true : undefined,
  );
  await refresh(world);
  await world.settings.writeOverlay(overlay);
}

/** What a webhook would do about a queued job: a runner made at GitHub, its configuration for this one reader, and the claim. */
async function claimForOneJob(stage: Stage): Promise<string> {
  const { cloud, world } = stage;
  const record = await stage.record();
  const { instanceId, key, assignment } = record;
  const configuration = await generate(stage, runnerName(place, instanceId, assignment + 1));
  const ssm = new SSMClient({ region: place.region, endpoint: cloud.aws.url, credentials });
  await ssm.send(
    new PutParameterCommand({
      Name: jitConfigurationParameter(place.environment, instanceId, assignment + 1),
      Value: configuration,
      Type: "SecureString",
      Tier: "Intelligent-Tiering",
      Tags: [{ Key: readerTag, Value: key }],
    }),
  );
  const ownership: Ownership = {
    owner: formatOwner(runOwner(runId, 1, "webhook")),
    claimId: world.random.id(),
    labels,
    registration: [{ forge: "github", scope: repository, labels, kind: "jit" }],
    lifetime: "pooled",
  };
  const now = hostClock.now();
  const claimed = await world.instances.move("claim", record, { now, threshold: now + limits.provisionMs, ownership });
  if (claimed.kind !== "done") throw new Error(JSON.stringify(claimed));
  return configuration;
}

/** How many places hold it that root can see, variables and command lines of every process and files: with one of each that is put there. */
async function placesOf(stage: Stage, configuration: string): Promise<string> {
  await stage.as("root", `umask 077; cat >/root/pattern <<'PATTERN'\n${configuration}\nPATTERN`);
  const found = await stage.as(
    "root",
    `(exec -a "$(cat /root/pattern)" sleep 30) &
until grep -qFf /root/pattern "/proc/$!/cmdline"; do sleep 0.05; done
cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -acFf /root/pattern
kill $!
grep -rlFf /root/pattern /root/pattern /var/lib/runpool /run/runpool /etc /tmp /var/tmp | wc -l
rm /root/pattern`,
  );
  return found.out.trim();
}

export const servesJustInTime: Scenario = async () => {
  const stage = await openStage();
  const appKey = await storeAppKey(stage);
  await bootIdle(stage);
  const configuration = await claimForOneJob(stage);
  const says = (kind: SignalKind) =>
    stage.until(`signal ${kind}`, async () => ((await stage.record()).signal?.kind === kind ? true : undefined));
  await says("registered");
  const more = { "just-in-time configuration": [configuration] };
  const held = await placesOf(stage, configuration);
  const runners = stage.cloud.github.runners().map(({ name, ephemeral, status }) => ({ name, ephemeral, status }));
  const looking = stage.job(runId, lookInJob({ ...(await secretsOf(stage, appKey)), ...more }));
  await stage.jobBegun();
  // The next agent knows of the job by what root and the runner have written down.
  await stage.run("systemctl", "kill", "--signal=KILL", "runpool-agent.service");
  const looked = await looking;
  await says("deregistered");
  const over = await stage.record();
  // The registration's removal, which finds it gone at GitHub, is off the critical path.
  await stage.until("nothing is handed over any more", async () => {
    const { out } = await stage.as("root", "ls /var/lib/runpool/agent/handover");
    return out === "" ? true : undefined;
  });
  const left = await stage.as("root", "ls /var/lib/runpool/runners; pgrep -u runpool-job -a");
  const report = await refresh(stage.world);
  const idle = await stage.record();
  const kept = await stage.world.secretFolder.list(jitConfigurationFolder(place.environment));
  await stage.provision("1002");
  const next = await stage.job("1002", "true");
  return {
    instance: over.instanceId,
    runners,
    held,
    conclusion: looked.conclusion,
    looked: looked.log.slice(looked.log.indexOf("##[group]Run ") + 1),
    over: { state: over.state, wanted: over.wanted, detail: over.signal?.detail, retiredAt: over.retiredAt ?? null },
    atGithub: stage.cloud.github.runners().filter(({ ephemeral }) => ephemeral).length,
    left: left.out,
    found: report.findings.map(({ kind, done }) => ({ kind, done })),
    deleted: report.configurations,
    kept: kept.length,
    idle: { state: idle.state, owner: idle.owner ?? null },
    next: { conclusion: next.conclusion, assignment: (await stage.record()).assignment },
    restarts: Number(await stage.run("systemctl", "show", "-P", "NRestarts", "runpool-agent.service")),
    events: eventsIn(await stage.journal("-u", "runpool-agent.service")),
    secrets: await lookForSecrets(stage, appKey, more),
  };
};
