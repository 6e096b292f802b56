// The agent's loop: look at the record and the machine, decide, do one step, look again.
import type {
  Host,
  Interruption,
  Metadata,
  OwnInstance,
  OwnSight,
  RegisterOutcome,
  RunnerProcess,
  RunnerState,
  VitalSigns,
  Written,
} from "../cloud/agent-ports.ts";
import type { Clock, EpochMs, Log, Secrets } from "../cloud/ports.ts";
import { signalOf } from "../domain/agent-writes.ts";
import { limits, maxima } from "../domain/limits.ts";
import { registrationTokenParameter, removalTokenParameter, runnerName } from "../domain/names.ts";
import type { InstanceRecord, SignalKind } from "../domain/record.ts";
import { lastMoment, next, type Failure, type Step, type View } from "./decide.ts";

export interface AgentWorld {
  readonly own: OwnInstance;
  readonly metadata: Pick<Metadata, "interruption">;
  readonly runner: RunnerProcess;
  readonly host: Host;
  readonly secrets: Pick<Secrets, "read">;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AgentOptions {
  readonly environment: string;
  readonly instanceId: string;
  readonly agentVersion: string;
  readonly pooled: boolean;
  readonly bootMs: number;
  readonly maxRuntimeMs: number;
  /** The longest wait in one turn: `limits.agentTurnMs` where a watchdog waits for the turns. */
  readonly turnMs: number;
  /** Jobs of any run may run here: for shared labels. Otherwise only those of the run that owns the instance, and of `furtherRuns`. */
  readonly anyRunsJobs: boolean;
  readonly furtherRuns: readonly string[];
  /** Called once with a function that ends the present wait: for the death of a listener, the end of a job, a spot notice. */
  readonly onWake: (wake: () => void) => void;
}

/** What the agent knows beside its record; all of it can be found again after a crash, or does not matter. */
interface Memory {
  sight: OwnSight;
  known: InstanceRecord | undefined;
  prepare: View["prepare"];
  runner: RunnerState;
  task: boolean;
  failure: Failure | undefined;
  interruption: Interruption | undefined;
  diskFree: number;
  wake: AbortController;
}

/**
 * The host's timer asks nobody, so it comes well after the agent's own end: a threshold that was moved in its last second may not have
 * been seen yet. As much room as the boot watchdog leaves to the boot limit.
 */
const deadlineMarginMs = limits.bootWatchdogMs - limits.bootMs;

const nothingRuns: RunnerState = { assignment: undefined, configured: false, listener: "none", busy: false, jobs: 0 };

/** Runs until the machine is to end; resolves with the reason after powering off. */
export async function runAgent(world: AgentWorld, options: AgentOptions): Promise<string> {
  const bootedAt = world.clock.now();
  const memory: Memory = {
    sight: { kind: "unreachable", problem: "not looked yet" },
    known: undefined,
    prepare: "not begun",
    runner: nothingRuns,
    task: false,
    failure: undefined,
    interruption: undefined,
    diskFree: 1,
    wake: new AbortController(),
  };
  options.onWake(() => memory.wake.abort());
  const agent: Agent = { world, options, memory };
  see(agent, await world.own.watch(undefined, bootedAt, () => signs(agent), memory.wake.signal));
  for (;;) {
    const view = await look(agent, bootedAt);
    const step = next(view);
    if (step.kind === "power-off") return await end(agent, step.reason);
    await perform(agent, step, view.now);
  }
}

interface Agent {
  readonly world: AgentWorld;
  readonly options: AgentOptions;
  readonly memory: Memory;
}

const signs = ({ memory, options }: Agent): VitalSigns => ({
  busy: memory.runner.busy,
  agentVersion: options.agentVersion,
  vitals: {
    listener: memory.runner.listener,
    jobs: memory.runner.jobs,
    diskFree: memory.diskFree,
    ...(memory.runner.version === undefined ? {} : { runnerVersion: memory.runner.version }),
  },
});

function see(agent: Agent, sight: OwnSight): void {
  agent.memory.sight = sight;
  if (sight.kind === "record") agent.memory.known = sight.record;
}

/** Reads the machine; the record has been read by the wait or the write before. */
async function look(agent: Agent, bootedAt: EpochMs): Promise<View> {
  const { world, options, memory } = agent;
  // Taken before the machine is read: work that ends meanwhile is judged at the next turn, with the machine as it left it.
  const { task, prepare, failure } = memory;
  memory.wake = memory.wake.signal.aborted ? new AbortController() : memory.wake;
  memory.runner = await world.runner.state();
  // A metadata service that does not answer ends no agent: the next turn asks again.
  memory.interruption ??= await world.metadata.interruption().catch(() => undefined);
  memory.diskFree = await world.host.diskFree();
  await world.host.report(statusOf(memory));
  const { pooled, bootMs, maxRuntimeMs, turnMs } = options;
  const told = { bootedAt, pooled, bootMs, maxRuntimeMs, turnMs };
  const view = { ...memory, task, prepare, failure, now: world.clock.now(), ...told };
  await world.host.deadline(lastMoment(view) + deadlineMarginMs);
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
      return await report(agent, step.signal, step.record, step.detail);
    case "begin-registering":
      return await beginRegistering(agent, step.record, now);
    case "register":
      if (memory.failure === undefined || (await stands(agent, step.record)))
        inBackground(agent, () => register(agent, step.record));
      return;
    case "resume":
      if (await stands(agent, step.record)) inBackground(agent, () => resume(agent, step.record));
      return;
    case "stop":
      return inBackground(agent, () => stop(agent, step.assignment));
    case "retire":
      return await retire(agent, step.record, step.reason, now);
  }
}

/** Long work runs beside the loop, which goes on beating; its end wakes the loop. Work that throws is not tried at once again. */
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
    memory.wake.abort();
  };
  void whole();
}

function prepare({ memory, world }: Agent): void {
  memory.prepare = "running";
  const whole = async (): Promise<void> => {
    try {
      const outcome = await world.host.prepare();
      memory.prepare = outcome.kind === "prepared" ? "prepared" : { failed: outcome.detail };
    } catch (error) {
      memory.prepare = { failed: String(error) };
    }
    memory.wake.abort();
  };
  void whole();
}

/** After a write: its reply is the newest sight. An unknown outcome is read again. */
async function after(agent: Agent, written: Written): Promise<void> {
  const { world, memory } = agent;
  if (written.kind === "unknown") {
    world.log.event("agent.write-unknown", { problem: written.problem });
    see(agent, await world.own.watch(undefined, world.clock.now(), () => signs(agent), memory.wake.signal));
    return;
  }
  see(agent, written.record === undefined ? { kind: "none" } : { kind: "record", record: written.record });
}

async function report(agent: Agent, kind: SignalKind, record: InstanceRecord, detail?: string): Promise<void> {
  const { world } = agent;
  const short = detail?.slice(-maxima.signalDetailBytes);
  world.log.event(`agent.${kind}`, {
    assignment: record.assignment,
    ...(short === undefined ? {} : { detail: short }),
  });
  const written = await world.own.signal(signalOf(kind, record.assignment, world.clock.now(), short));
  // A refused signal is one that came late: the record in the reply says what counts now. Pause, should it say the same again.
  if (written.kind === "refused") await world.clock.sleep(limits.agentWatchMs, agent.memory.wake.signal);
  await after(agent, written);
}

async function beginRegistering(agent: Agent, record: InstanceRecord, now: EpochMs): Promise<void> {
  const { world, memory } = agent;
  memory.failure = undefined;
  await after(agent, await world.own.beginRegistering(signalOf("registering", record.assignment, now), record));
}

/** Whether the record is still as judged: what is begun now lasts seconds, and whoever wants it to leave should not wait for it. */
async function stands(agent: Agent, record: InstanceRecord): Promise<boolean> {
  const { world, memory } = agent;
  see(agent, await world.own.watch(undefined, world.clock.now(), () => signs(agent), memory.wake.signal));
  return memory.sight.kind === "record" && memory.sight.record.version === record.version;
}

const resume = async (agent: Agent, record: InstanceRecord): Promise<void> =>
  tried(agent, record, await agent.world.runner.resume(record.assignment));

async function register(agent: Agent, record: InstanceRecord): Promise<void> {
  const { world, options } = agent;
  const { environment, instanceId } = options;
  const registration = record.registration?.[0];
  if (registration === undefined)
    return tried(agent, record, { kind: "failed", cause: "other", detail: "the record names no registration" });
  const token = await world.secrets.read(registrationTokenParameter(environment, record.partition));
  if (token === undefined)
    return tried(agent, record, {
      kind: "failed",
      cause: "token",
      detail: `no registration token in SSM under ${registrationTokenParameter(environment, record.partition)}: has refresh run?`,
    });
  const name = runnerName(environment, instanceId, record.assignment);
  const { assignment, runId } = record;
  // Run ids are public: any workflow of the repository may write another's into `runs-on`.
  const onlyRuns = options.anyRunsJobs || runId === undefined ? {} : { onlyRuns: [runId, ...options.furtherRuns] };
  const request = { assignment, name, registration, token: token.value, ...onlyRuns };
  tried(agent, record, await world.runner.register(request));
}

/** Backs off, doubling from `limits.agentRetryMs`. */
function tried({ memory, world }: Agent, record: InstanceRecord, outcome: RegisterOutcome): void {
  if (outcome.kind === "registered") {
    memory.failure = undefined;
    return;
  }
  const { assignment } = record;
  const count = (memory.failure?.assignment === assignment ? memory.failure.count : 0) + 1;
  memory.failure = { assignment, outcome, count, retryAt: world.clock.now() + limits.agentRetryMs * 2 ** (count - 1) };
  world.log.event("agent.registration-failed", { assignment, cause: outcome.cause, count, detail: outcome.detail });
}

async function stop(agent: Agent, assignment: number): Promise<void> {
  const { world } = agent;
  const token = removalToken(agent);
  if ((await world.runner.stopIfIdle()) === "busy") {
    world.log.event("agent.waiting-for-job", { assignment });
    return;
  }
  await world.runner.clean(assignment, await token);
  world.log.event("agent.cleaned", { assignment });
}

async function removalToken({ world, options, memory }: Agent): Promise<string | undefined> {
  if (memory.known === undefined) return undefined;
  const name = removalTokenParameter(options.environment, memory.known.partition);
  return await world.secrets.read(name).then(
    (found) => found?.value,
    () => undefined,
  );
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
  await world.runner.kill();
  const { assignment } = memory.runner;
  if (assignment !== undefined) await world.runner.clean(assignment, await removalToken(agent));
  await world.host.powerOff(reason);
  return reason;
}
