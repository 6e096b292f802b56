// Registering with the forge: on the judged version, tried again with growing pauses.
import type { EnrolOutcome } from "../cloud/ports/runner.ts";
import { limits } from "../domain/limits.ts";
import type { InstanceRecord } from "../domain/record.ts";
import { after, ownWord, see, signs, type Agent } from "./memory.ts";

export async function beginRegistering(agent: Agent, record: InstanceRecord): Promise<void> {
  const { world, memory } = agent;
  memory.failure = undefined;
  await after(agent, await world.own.beginRegistering(ownWord(agent, "registering", record), record));
}

/** Whether the record is still as judged: what is begun now takes seconds, for which a release should not wait. */
export async function stands(agent: Agent, record: InstanceRecord): Promise<boolean> {
  const { world, memory } = agent;
  see(agent, await world.own.watch(undefined, world.clock.now(), () => signs(agent), memory.wake.signal));
  return memory.sight.kind === "record" && memory.sight.record.version === record.version;
}

export const resume = async (agent: Agent, record: InstanceRecord): Promise<void> =>
  tried(agent, record, await agent.world.runner.start(record.assignment));

/** Whatever goes wrong is a failure that is tried again a few times and then reported, so that the run gets a reason. */
export async function register(agent: Agent, record: InstanceRecord): Promise<void> {
  try {
    tried(agent, record, await agent.world.runner.enrol(record));
  } catch (error) {
    tried(agent, record, { kind: "failed", cause: "network", detail: String(error) });
  }
}

/** Backs off, doubling from `limits.agentRetryMs` to `limits.agentRetryMostMs`. */
function tried({ memory, world }: Agent, record: InstanceRecord, outcome: EnrolOutcome): void {
  if (outcome.kind === "registered") {
    memory.failure = undefined;
    return;
  }
  const { assignment } = record;
  const count = (memory.failure?.assignment === assignment ? memory.failure.count : 0) + 1;
  const pause = Math.min(limits.agentRetryMs * 2 ** (count - 1), limits.agentRetryMostMs);
  memory.failure = { assignment, outcome, count, retryAt: world.clock.now() + pause };
  world.log.event("agent.registration-failed", { assignment, cause: outcome.cause, count, detail: outcome.detail });
}
