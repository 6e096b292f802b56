// Scenario: the run is asked to leave, the agent has seen no job, and one begins before the runner's unit is frozen.
import { ownAssignment } from "../../../domain/needs.ts";
import { hostClock } from "../../../entry/host-clock.ts";
import { limits } from "../../../domain/limits.ts";
import type { Scenario } from "./scenarios.ts";
import { linesIn, openStage, type Stage } from "./stage.ts";

const lib = "/usr/lib/runpool";
/** Holds the agent's first request to freeze its runner up, until a job has begun; what follows is the real thing. */
const heldUp = `mkdir -p /run/race
if [ ! -e /run/race/asked ]; then
  touch /run/race/asked
  until pgrep -u runpool-job -f Runner.Worker >/run/race/worker; do sleep 0.01; done
fi`;
/** Writes down what root is asked to do upon a runner that may have a job, and what it says to that. */
async function listenIn(stage: Stage): Promise<void> {
  for (const verb of ["freeze", "thaw", "stop"]) {
    const script = `${lib}/runner-${verb}.sh`;
    await stage.run("mv", script, `${script}.real`);
    const text = `#!/bin/bash\n${verb === "freeze" ? heldUp : ""}\necho ${verb} >>/run/race/said\n${script}.real "$@" | tee -a /run/race/said\n`;
    await stage.as("root", `cat >${script} <<'HELD'\n${text}HELD\nchmod 0755 ${script}`);
  }
}

/** A start that takes its time, asked for by an agent that dies; the next one asks for the root's end. What there is of it afterwards. */
async function destroyMeetsStart(stage: Stage): Promise<{ ended: readonly string[]; left: string }> {
  const start = `${lib}/runner-start.sh`;
  await stage.run("systemctl", "stop", "runpool-agent.service");
  await stage.run("mv", start, `${start}.real`);
  const slow = `#!/bin/bash\ntouch /run/race/starting\nsleep 2\necho start >>/run/race/ended\n${start}.real "$@"\n`;
  await stage.as(
    "root",
    `rm -f /run/race/ended; printf '${slow.replaceAll("\n", "\\n")}' >${start}; chmod 0755 ${start}`,
  );
  const ask = async (id: string, verb: string) => {
    await stage.as("runpool", `touch /run/runpool/requests/${id}.${verb}.9`);
    return () =>
      stage.until(`an answer to ${verb}`, async () =>
        (await stage.as("root", `cat /run/runpool/answers/${id}`)).code === 0 ? true : undefined,
      );
  };
  await stage.as(
    "runpool",
    "mkdir -p /var/lib/runpool/agent/handover/9 && touch /var/lib/runpool/agent/handover/9/environment",
  );
  const started = await ask("aaaaaaaa", "start");
  await stage.until("the start", async () =>
    (await stage.as("root", "cat /run/race/starting")).code === 0 ? true : undefined,
  );
  const destroyed = await ask("bbbbbbbb", "destroy");
  await destroyed();
  await stage.as("root", "echo destroy >>/run/race/ended");
  await started();
  const { out } = await stage.as("root", "ls /var/lib/runpool/runners | grep -v ^gone; pgrep -u runpool-job -a");
  return { ended: (await stage.as("root", "cat /run/race/ended")).out.trim().split("\n"), left: out };
}

export const leaveMeetsJob: Scenario = async () => {
  const stage = await openStage();
  await stage.provision("1001");
  await listenIn(stage);
  const record = await stage.record();
  const own = ownAssignment(record);
  const asked = await stage.world.instances.move("ask-to-leave", record, { now: hostClock.now(), own });
  const was = async (file: string) => (await stage.as("root", `cat /run/race/${file}`)).code === 0;
  // The agent has looked, found no job, and asked for the end of its runner: only now there is one.
  await stage.until("the agent asks to stop its runner", async () => ((await was("asked")) ? true : undefined));
  const jobsBefore = stage.cloud.github.jobs().length;
  const { conclusion, dispatches } = await stage.job("1001", "sleep 2; echo survived");
  await stage.until(
    "the answer",
    async () => {
      const { signal } = await stage.record();
      return signal?.kind === "deregistered" ? true : undefined;
    },
    limits.releaseWaitMs,
  );
  const lines = linesIn(await stage.journal("-u", "runpool-agent.service"));
  return {
    instance: record.instanceId,
    lines: lines.map(({ event, instance, run, assignment }) => ({ event, instance, run, assignment })),
    asked: asked.kind,
    jobsBefore,
    conclusion,
    dispatches,
    said: (await stage.as("root", "cat /run/race/said")).out.trim().split("\n"),
    events: lines.map(({ event }) => event).filter((name) => /waiting-for-job|cleaned/.test(name)),
    processes: (await stage.as("root", "pgrep -u runpool-job -a")).out,
    orders: await destroyMeetsStart(stage),
  };
};
