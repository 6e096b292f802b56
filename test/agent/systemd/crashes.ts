// Scenario: the agent is stopped, killed again and again, and the listener is killed; no job is lost and nothing is doubled.
import { chance } from "../../../sim/chance.ts";
import { hostClock } from "../../../entry/host-clock.ts";
import type { Scenario } from "./scenarios.ts";
import { linesIn, openStage, type Stage } from "./stage.ts";

const agent = "runpool-agent.service";
const kills = 20;
/** Also where runs take so long that all kills fall into fewer. */
const leastRuns = 3;

const pidOf = async (stage: Stage, unit: string): Promise<number> =>
  Number(await stage.run("systemctl", "show", "-P", "MainPID", unit));
/** By those that are systemd's own children: the stand-in's shell has some of its own, under the same name, as it starts. */
const listeners = async (stage: Stage): Promise<number> =>
  Number(await stage.run("bash", "-c", "pgrep -c -P 1 -u runpool-job -f /Runner.Listener || true"));

/** A stopped agent is killed by the watchdog and takes its run up again while the job runs on. */
async function hang(stage: Stage) {
  await stage.provision("1001");
  const before = await pidOf(stage, agent);
  const over = "/opt/another-agent";
  const job = stage.job("1001", `until [ -e ${over} ]; do sleep 0.1; done; echo done`);
  await stage.jobBegun();
  process.kill(before, "SIGSTOP");
  await stage.until("another agent", async () => ([0, before].includes(await pidOf(stage, agent)) ? undefined : true));
  await stage.run("touch", over);
  const { conclusion, dispatches } = await job;
  return { conclusion, dispatches, listeners: await listeners(stage) };
}

/** The listener dies without a job, again and again: noticed, and back under the same registration. */
async function loseListener(stage: Stage) {
  const noticedMs: number[] = [];
  for (let death = 0; death < 3; death++) {
    const diedAt = hostClock.now();
    process.kill(await pidOf(stage, "runpool-runner@1.service"), "SIGKILL");
    const since = async (name: string) =>
      linesIn(await stage.journal("-u", agent)).find(({ event, at }) => event === name && Date.parse(at) >= diedAt);
    const noticed = await stage.until("the listener's end noticed", () => since("runner.exited"));
    noticedMs.push(Date.parse(noticed.at) - diedAt);
    await stage.until("the listener back", () => since("runner.online"), 30_000);
  }
  return { noticedMs, conclusion: (await stage.job("1001", "true")).conclusion };
}

/** Kills the agent at random moments of runs, until it has been killed `kills` times. */
async function killAgain(stage: Stage) {
  const luck = chance("kills of the agent");
  const seen = { killed: 0, mostListeners: 0 };
  const jobs: { conclusion: string | undefined; dispatches: number }[] = [];
  const killing = (async () => {
    while (seen.killed < kills) {
      // From the middle of its start to well into a run.
      await hostClock.sleep(luck.between(300, 3_500));
      const pid = await pidOf(stage, agent);
      if (pid === 0) continue;
      process.kill(pid, "SIGKILL");
      seen.killed++;
      seen.mostListeners = Math.max(seen.mostListeners, await listeners(stage));
    }
  })();
  for (let run = 2001; seen.killed < kills || jobs.length < leastRuns; run++) {
    await stage.provision(String(run));
    const { conclusion, dispatches } = await stage.job(String(run), "sleep 2");
    jobs.push({ conclusion, dispatches });
    await stage.release(String(run));
  }
  await killing;
  return { ...seen, jobs };
}

export const survivesCrashes: Scenario = async () => {
  const stage = await openStage({ dropIns: { [agent]: "[Service]\nWatchdogSec=12s\n" } });
  const hung = await hang(stage);
  const listener = await loseListener(stage);
  await stage.release("1001");
  const again = await killAgain(stage);
  const record = await stage.until("idle", async () => {
    const now = await stage.record();
    return now.state === "idle" ? now : undefined;
  });
  return {
    hung,
    listener,
    again,
    state: record.state,
    machines: stage.cloud.ec2.machines().length,
    runners: stage.cloud.github.runners().map(({ name }) => name),
    processes: (await stage.as("root", "pgrep -u runpool-job -a")).out,
    restarts: Number(await stage.run("systemctl", "show", "-P", "NRestarts", agent)),
  };
};
