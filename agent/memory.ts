// What the agent stands on and knows: its world, its options, its memory, and how it takes in what it reads and what a write replies.
import type { Host } from "../cloud/ports/host.ts";
import type { Interruption, Metadata } from "../cloud/ports/metadata.ts";
import type { OwnInstance, OwnReading, VitalSigns, Written } from "../cloud/ports/own-instance.ts";
import type { Runner, RunnerState } from "../cloud/ports/runner.ts";
import type { Clock, EpochMs } from "../cloud/ports/clock.ts";
import type { Log } from "../cloud/ports/log.ts";
import { signalOf } from "../domain/agent-writes.ts";
import type { InstanceRecord, Signal, SignalKind, SignalReport } from "../domain/record.ts";
import type { Failure, View } from "./decide.ts";

export interface AgentWorld {
  readonly own: OwnInstance;
  readonly metadata: Pick<Metadata, "interruption">;
  readonly runner: Runner;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AgentOptions {
  readonly agentVersion: string;
  readonly pooled: boolean;
  readonly bootMs: number;
  /** When the agent was started, by the clock as it is corrected now; absent: by the clock as it was then. */
  readonly startedAt?: () => EpochMs;
  /** The longest wait in one turn: `limits.agentTurnMs` where a watchdog waits for the turns. */
  readonly turnMs: number;
  /** Called once with a function that ends the present wait: for the death of a listener, the end of a job, a spot notice. */
  readonly onWake: (wake: () => void) => void;
  /** Called with each record that is taken in, before anything is done by it: for what every line of the log says. */
  readonly onRecord?: (record: InstanceRecord) => void;
}

/** What the agent knows beside its record; after a crash all of it can be found again, or does not matter. */
export interface Memory {
  sight: OwnReading;
  known: InstanceRecord | undefined;
  prepare: View["prepare"];
  runner: RunnerState;
  task: boolean;
  failure: Failure | undefined;
  /** `at` of the last signal that this very process has sent. */
  said: EpochMs | undefined;
  interruption: Interruption | undefined;
  diskFree: number;
  /** What of the machine could not be read at the last look, and why; undefined: all of it could. */
  unread: string | undefined;
  wake: AbortController;
}

export interface Agent {
  readonly world: AgentWorld;
  readonly options: AgentOptions;
  readonly memory: Memory;
}

export const signs = ({ memory, options }: Agent): VitalSigns => ({
  busy: memory.runner.busy,
  agentVersion: options.agentVersion,
  vitals: {
    listener: memory.runner.listener,
    jobs: memory.runner.jobs,
    diskFree: memory.diskFree,
    ...(memory.runner.version === undefined ? {} : { runnerVersion: memory.runner.version }),
  },
});

/** A signal of this process, told from all before it by its moment. */
export function ownWord(
  { memory, world }: Agent,
  kind: SignalKind,
  record: InstanceRecord,
  report?: SignalReport,
): Signal {
  const at = Math.max(world.clock.now(), (record.signal?.at ?? 0) + 1);
  memory.said = at;
  return signalOf(kind, record.assignment, at, report);
}

export function see(agent: Agent, sight: OwnReading): void {
  agent.memory.sight = sight;
  if (sight.kind !== "record") return;
  agent.memory.known = sight.record;
  agent.options.onRecord?.(sight.record);
}

/** After a write: its reply is the newest record. An unknown outcome is read again. */
export async function after(agent: Agent, written: Written): Promise<void> {
  const { world, memory } = agent;
  if (written.kind === "unknown") {
    world.log.event("agent.write-unknown", { problem: written.problem });
    see(agent, await world.own.watch(undefined, world.clock.now(), () => signs(agent), memory.wake.signal));
    return;
  }
  see(agent, written.record === undefined ? { kind: "none" } : { kind: "record", record: written.record });
}
