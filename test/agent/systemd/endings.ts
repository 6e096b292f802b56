// Scenarios that end with the guest's own power-off: what is told before is what is asserted, beside the end itself.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { limits } from "../../../domain/limits.ts";
import { hostClock } from "../../../entry/host-clock.ts";
import type { Scenario } from "./scenarios.ts";
import { openStage, type Stage } from "./stage.ts";

const agent = "runpool-agent.service";
/** Longer than any ending here takes; a machine that is alive then has not been ended. */
const patienceMs = 300_000;

/**
 * Tells what is found, at once and then with each write and each change at GitHub, until the guest is gone. Both are told before the
 * agent has its reply, so before it powers off; lines of its log might not be.
 */
async function untilTheEnd(stage: Stage, tell: (found: unknown) => void, facts: object): Promise<unknown> {
  const found = () => ({ ...facts, ...stage.written(), runners: stage.cloud.github.runners().length });
  stage.cloud.dynamodb.onChange(() => tell(found()));
  stage.cloud.github.subscribe(() => tell(found()));
  tell(found());
  await hostClock.sleep(patienceMs);
  return { ...found(), problem: "the machine was not powered off" };
}

export const spotNotice: Scenario = async (tell) => {
  const stage = await openStage();
  await stage.provision("1001", { usageClass: "spot" });
  const job = stage.job("1001", "sleep 3; echo done");
  await stage.jobBegun();
  stage.cloud.ec2.interruptSpot((await stage.record()).instanceId);
  const { conclusion } = await job;
  return await untilTheEnd(stage, tell, { conclusion });
};

const deadlineFile = "/var/lib/runpool/agent/deadline";

/** Once the agent's own deadline is where the record's threshold puts it: that threshold; where it never is, a problem. */
async function deadlineFollows(stage: Stage): Promise<number> {
  const marginMs = limits.bootWatchdogMs - limits.bootMs;
  return await stage.until("the deadline follows the record's threshold", async () => {
    const { threshold } = await stage.record();
    const [, at] = (await readFile(deadlineFile, "utf8").catch(() => "")).split(" ");
    const [uptime] = (await readFile("/proc/uptime", "utf8")).split(" ");
    const moment = hostClock.now() + (Number(at) - Number(uptime)) * 1000;
    return Math.abs(moment - threshold - marginMs) < 2_000 ? threshold : undefined;
  });
}

export const deadlineWithoutAgent: Scenario = async (tell) => {
  const timer = "[Timer]\nOnBootSec=\nOnUnitActiveSec=\nOnBootSec=1s\nOnUnitActiveSec=1s\n";
  const stage = await openStage({ dropIns: { "runpool-deadline.timer": timer } });
  await stage.provision("1001");
  const thresholds = [await deadlineFollows(stage)];
  await stage.release("1001");
  thresholds.push(await deadlineFollows(stage));
  await stage.provision("1002");
  thresholds.push(await deadlineFollows(stage));
  void stage.job("1002", "sleep 999");
  await stage.run("systemctl", "mask", "--now", agent);
  const active = (await stage.as("root", `systemctl is-active ${agent}`)).out.trim();
  const ending = untilTheEnd(stage, tell, { active, thresholds });
  const [boot] = (await readFile(deadlineFile, "utf8")).split(" ");
  // From here on the machine may end at any moment, so all is told before. The agent's own deadline is minutes away: let it have been a second from now.
  const [uptime = ""] = (await readFile("/proc/uptime", "utf8")).split(" ");
  await writeFile(deadlineFile, `${boot} ${Math.floor(Number(uptime)) + 2}\n`);
  return await ending;
};

export const bootWatchdog: Scenario = async (tell) => {
  const stage = await openStage({ dropIns: { [agent]: "[Service]\nExecStart=\nExecStart=/bin/false\n" } });
  const timer = "runpool-boot-watchdog.timer";
  const active = (await stage.run("systemctl", "is-active", timer)).trim();
  void stage.provision("1001").catch(() => undefined);
  const restarts = async () => Number(await stage.run("systemctl", "show", "-P", "NRestarts", agent));
  await stage.until("the agent is started again", async () => ((await restarts()) > 0 ? true : undefined));
  tell({ active });
  // Its time has come: from now on instead of from the boot.
  await mkdir(`/run/systemd/system/${timer}.d`, { recursive: true });
  await writeFile(`/run/systemd/system/${timer}.d/now.conf`, "[Timer]\nOnBootSec=\nOnActiveSec=1s\n");
  await stage.run("bash", "-c", `systemctl daemon-reload && systemctl restart ${timer}`);
  await hostClock.sleep(patienceMs);
  return { problem: "the machine was not powered off" };
};

export const failedPreparation: Scenario = async (tell) => {
  const stage = await openStage({ preRunner: 'echo "it is \\"broken\\" $((1 + 1))"\nexit 7\n' });
  void stage.provision("1001").catch(() => undefined);
  return await untilTheEnd(stage, tell, {});
};
