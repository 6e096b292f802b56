// The agent's loop: look at the record and the machine, decide, do one step, look again.
import type { RunnerState } from "../cloud/ports/runner.ts";
import type { EpochMs } from "../cloud/ports/clock.ts";
import { limits } from "../domain/limits.ts";
import type { InstanceRecord, SignalKind, SignalReport } from "../domain/record.ts";
import { lastMoment, next, type Step, type View } from "./decide.ts";
import { after, ownWord, see, signs, type Agent, type AgentOptions, type AgentWorld, type Memory } from "./memory.ts";
import { beginRegistering, register, resume, stands } from "./registering.ts";
import { shortDetail } from "./signal-detail.ts";

const nothingRuns: RunnerState = { assignment: undefined, configured: false, listener: "none", busy: false, jobs: 0 };

/** By the clock as it is corrected now. */
type Times = Pick<View, "bootedAt" | "before">;

/** A reason of its own: without one, each waking makes a DOMException with its stack. */
const woken = "woken";

/** Runs until the machine is to end; resolves with the reason after powering off. */
export async function runAgent(world: AgentWorld, options: AgentOptions): Promise<string> {
  const start = world.clock.now();
  const startedAt = options.startedAt ?? (() => start);
  // What an earlier agent knew is in the host's deadline: started again while the table is out of reach, this one neither ends a run
  // before its threshold nor outlives it.
  const left = await world.host.left();
  const times = (): Times => {
    const bootedAt = startedAt();
    return { bootedAt, before: left === undefined ? undefined : bootedAt + left - deadlineMarginMs };
  };
  const memory: Memory = {
    sight: { kind: "unreachable", problem: "not looked yet" },
    known: undefined,
    prepare: "not begun",
    runner: nothingRuns,
    task: false,
    failure: undefined,
    said: undefined,
    interruption: undefined,
    diskFree: 1,
    unread: undefined,
    wake: new AbortController(),
  };
  options.onWake(() => memory.wake.abort(woken));
  const agent: Agent = { world, options, memory };
  // At once, whatever the clock says: the first reply may set it back.
  see(agent, await world.own.watch(undefined, 0, () => signs(agent), memory.wake.signal));
  for (;;) {
    const view = await look(agent, times);
    const step = next(view);
    if (step.kind === "power-off") return await end(agent, step.reason);
    await perform(agent, step, view.now);
  }
}

/**
 * The host's timer does not look at the record, so it comes well after the agent's own end: a threshold that was moved in its last second may not have
 * been seen yet. As much room as the boot watchdog leaves to the boot limit.
 */
const deadlineMarginMs = limits.bootWatchdogMs - limits.bootMs;

/**
 * Reads the machine; the record has been read by the wait or the write before. A fact that cannot be read keeps its last value: jobs have a
 * hand in most of what is read, and none may end the agent that way. While the runner cannot be read nothing is begun upon it.
 */
async function look(agent: Agent, times: () => Times): Promise<View> {
  const { world, options, memory } = agent;
  // Taken before the machine is read: work that ends meanwhile is judged at the next turn, with the machine as it left it.
  const { task, prepare, failure } = memory;
  memory.wake = memory.wake.signal.aborted ? new AbortController() : memory.wake;
  const problems: string[] = [];
  const orUnread = async <Fact>(name: string, fact: Promise<Fact>): Promise<Fact | undefined> =>
    await fact.catch((error: unknown) => void problems.push(`${name}: ${String(error)}`));
  const runner = await orUnread("runner", world.runner.state());
  memory.runner = runner ?? memory.runner;
  await orUnread("supervisor", world.host.report(statusOf(memory)));
  // A metadata service that does not answer is not reported: the next turn asks again.
  memory.interruption = (await world.metadata.interruption().catch(() => undefined)) ?? memory.interruption;
  memory.diskFree = (await orUnread("free disk", world.host.diskFree())) ?? memory.diskFree;
  const { pooled, bootMs, turnMs } = options;
  const told = { ...times(), pooled, bootMs, turnMs };
  const unknown = runner === undefined;
  const registration = memory.known?.registration?.[0];
  const oneJob = registration !== undefined && world.runner.isForOneJob(registration);
  const view = { ...memory, task: task || unknown, oneJob, prepare, failure, now: world.clock.now(), ...told };
  await orUnread("deadline", world.host.deadline(lastMoment(view) + deadlineMarginMs));
  const unread = problems.length === 0 ? undefined : problems.join("; ");
  if (unread !== undefined && unread !== memory.unread) world.log.event("agent.unread", { problem: unread });
  memory.unread = unread;
  return view;
}

const statusOf = ({ known, runner }: Memory): string =>
  known === undefined
    ? "waiting for a record"
    : `${known.state}, runner ${runner.listener}${runner.busy ? ", busy" : ""}`;

async function perform(agent: Agent, step: Exclude<Step, { kind: "power-off" }>, now: EpochMs): Promise<void> {
  const { world, memory } = agent;
  switch (step.kind) {
    case "wait": {
      const seen = memory.sight.kind === "record" ? memory.sight.record.version : undefined;
      see(agent, await world.own.watch(seen, step.until, () => signs(agent), memory.wake.signal));
      return;
    }
    case "prepare":
      return prepare(agent);
    case "signal":
      return await report(agent, step.signal, step.record, step);
    case "begin-registering":
      return await beginRegistering(agent, step.record);
    case "register":
      if (memory.failure === undefined || (await stands(agent, step.record)))
        inBackground(agent, () => register(agent, step.record));
      return;
    case "resume":
      if (await stands(agent, step.record)) inBackground(agent, () => resume(agent, step.record));
      return;
    case "drain":
    case "stop":
      return inBackground(agent, () => stop(agent, step));
    case "retire":
      return await retire(agent, step.record, step.reason, now);
  }
}

/** Long work runs beside the loop, which keeps its heartbeat; its end wakes the loop. Work that throws is tried again after a pause. */
function inBackground({ memory, world }: Agent, work: () => Promise<void>): void {
  memory.task = true;
  const whole = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      world.log.event("agent.task-failed", { problem: String(error) });
      await world.clock.sleep(limits.agentRetryMs);
    }
    memory.task = false;
    memory.wake.abort(woken);
  };
  void whole();
}

function prepare({ memory, world }: Agent): void {
  memory.prepare = "running";
  const ended = (prepare: Memory["prepare"]): void => {
    memory.prepare = prepare;
    memory.wake.abort(woken);
  };
  void world.host.prepare().then(
    (outcome) => ended(outcome.kind === "prepared" ? "prepared" : { failed: outcome.detail }),
    (error: unknown) => ended({ failed: String(error) }),
  );
}

async function report(
  agent: Agent,
  kind: SignalKind,
  record: InstanceRecord,
  { cause, detail }: SignalReport,
): Promise<void> {
  const { world } = agent;
  const said: SignalReport = {
    ...(cause === undefined ? {} : { cause }),
    ...(detail === undefined ? {} : { detail: shortDetail(detail) }),
  };
  world.log.event(`agent.${kind}`, { assignment: record.assignment, ...said });
  const written = await world.own.signal(ownWord(agent, kind, record, said), record, signs(agent).vitals);
  // A refused signal is one that came late: the record in the reply says what counts now. Pause, should it say the same again.
  if (written.kind === "refused") await world.clock.sleep(limits.agentWatchMs, agent.memory.wake.signal);
  await after(agent, written);
}

async function stop(agent: Agent, { kind, assignment }: Extract<Step, { kind: "drain" | "stop" }>): Promise<void> {
  const { world } = agent;
  const outcome = kind === "drain" ? await world.runner.drain() : await world.runner.stopIfIdle();
  if (outcome === "busy") {
    world.log.event("agent.waiting-for-job", { assignment });
    // Its worker may not be there yet: then the next look would ask for the very same.
    return await world.clock.sleep(limits.agentWatchMs);
  }
  await world.runner.clean(assignment);
  world.log.event("agent.cleaned", { assignment });
}

async function retire(agent: Agent, record: InstanceRecord, reason: string, now: EpochMs): Promise<void> {
  const { world } = agent;
  const written = await world.own.retire(now, record);
  if (written.kind === "written") world.log.event("agent.retired", { reason });
  if (written.kind === "unknown") await world.clock.sleep(limits.agentWatchMs);
  await after(agent, written);
}

async function end(agent: Agent, reason: string): Promise<string> {
  const { world, memory } = agent;
  world.log.event("agent.ended", { reason, busy: memory.runner.busy });
  const { assignment } = memory.runner;
  try {
    await world.runner.kill();
    if (assignment !== undefined) await world.runner.clean(assignment);
  } catch (error) {
    // What does not let itself be cleaned ends with the machine.
    world.log.event("agent.not-cleaned", { problem: String(error) });
  }
  await world.host.powerOff(reason);
  return reason;
}
