// Registering with GitHub: on the judged version, with a token of the partition, tried again with growing pauses.
import type { RegisterOutcome } from "../cloud/agent-ports.ts";
import { limits } from "../domain/limits.ts";
import { registrationTokenParameter, removalTokenParameter, runnerName } from "../domain/names.ts";
import type { InstanceRecord } from "../domain/record.ts";
import { after, ownWord, see, signs, type Agent } from "./memory.ts";

export async function beginRegistering(agent: Agent, record: InstanceRecord): Promise<void> {
  const { world, memory } = agent;
  memory.failure = undefined;
  await after(agent, await world.own.beginRegistering(ownWord(agent, "registering", record), record));
}

/** Whether the record is still as judged: what is begun now lasts seconds, and whoever wants it to leave should not wait for it. */
export async function stands(agent: Agent, record: InstanceRecord): Promise<boolean> {
  const { world, memory } = agent;
  see(agent, await world.own.watch(undefined, world.clock.now(), () => signs(agent), memory.wake.signal));
  return memory.sight.kind === "record" && memory.sight.record.version === record.version;
}

export const resume = async (agent: Agent, record: InstanceRecord): Promise<void> =>
  tried(agent, record, await agent.world.runner.resume(record.assignment));

/** Whatever goes wrong is a failure that is tried again a few times and then said, so that the run is given a reason. */
export async function register(agent: Agent, record: InstanceRecord): Promise<void> {
  try {
    tried(agent, record, await attempt(agent, record));
  } catch (error) {
    tried(agent, record, { kind: "failed", cause: "network", detail: String(error) });
  }
}

async function attempt({ world, options }: Agent, record: InstanceRecord): Promise<RegisterOutcome> {
  const { environment, instanceId } = options;
  const { assignment, runId, partition } = record;
  const registration = record.registration?.[0];
  if (registration === undefined) return { kind: "failed", cause: "other", detail: "the record names no registration" };
  // The runner takes one, but nothing brings it here: a registration token in its place would be nonsense to it, and told as such too late.
  if (registration.mode === "jit")
    return { kind: "failed", cause: "other", detail: "no just-in-time configuration is brought to instances yet" };
  const parameter = registrationTokenParameter(environment, partition);
  const token = await world.secrets.read(parameter);
  if (token === undefined)
    return {
      kind: "failed",
      cause: "token",
      detail: `no registration token in SSM under ${parameter}: has refresh run?`,
    };
  const name = runnerName(environment, instanceId, assignment);
  // Run ids are public: any workflow of the repository may write another's into `runs-on`.
  const onlyRuns = options.anyRunsJobs || runId === undefined ? {} : { onlyRuns: [runId, ...options.furtherRuns] };
  return await world.runner.register({ assignment, name, registration, token: token.value, ...onlyRuns });
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

export async function removalToken({ world, options, memory }: Agent): Promise<string | undefined> {
  if (memory.known === undefined) return undefined;
  const name = removalTokenParameter(options.environment, memory.known.partition);
  return await world.secrets.read(name).then(
    (found) => found?.value,
    () => undefined,
  );
}
