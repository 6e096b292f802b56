// Registering with GitHub: on the judged version, with a token of the partition or a configuration made for this one assignment, tried
// again with growing pauses.
import type { RegisterOutcome } from "../cloud/ports/runner.ts";
import { limits } from "../domain/limits.ts";
import { OutOfReach } from "../cloud/ports/outcomes.ts";
import { registrationScope } from "../domain/configuration.ts";
import {
  jitConfigurationParameter,
  registrationTokenParameter,
  removalTokenParameter,
  runnerName,
} from "../domain/names.ts";
import { runOf } from "../domain/owner.ts";
import type { InstanceRecord, Registration } from "../domain/record.ts";
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
  const { instanceId } = options;
  const { assignment, owner } = record;
  const runId = runOf(owner)?.runId;
  const registration = record.registration?.[0];
  if (registration === undefined)
    return { kind: "failed", cause: "refused", detail: "the record names no registration" };
  // Before the token is read: whoever may write records could otherwise have it used elsewhere. The server is the machine's own setting.
  const scope = registrationScope(options.forge, record.partition);
  if (registration.forge !== "github" || registration.scope !== scope)
    return {
      kind: "failed",
      cause: "refused",
      detail: `the record says to register at ${registration.forge} ${registration.scope}; instances of partition ${record.partition} register at github ${scope}: no token was read`,
    };
  const held = await secretOf({ world, options }, record, registration.kind);
  if (typeof held !== "string") return held;
  const url = `${options.forge.serverUrl}/${scope}`;
  const name = runnerName(options, instanceId, assignment);
  // Run ids are public: any workflow of the repository may write another's into `runs-on`.
  const onlyRuns = options.anyRunsJobs || runId === undefined ? {} : { onlyRuns: [runId, ...options.furtherRuns] };
  const group = options.runnerGroup === undefined ? {} : { group: options.runnerGroup };
  return await world.runner.register({ assignment, name, url, registration, token: held, ...group, ...onlyRuns });
}

/**
 * What the runner registers by. A just-in-time configuration may be written a moment after the claim that it is for, since its name holds
 * the assignment: so one that is not there is tried again like a token. Without a parameter there is no tag that would let the instance in:
 * AWS answers AccessDenied to what is missing as to what is another's.
 */
async function secretOf(
  { world, options }: Pick<Agent, "world" | "options">,
  { assignment, partition }: InstanceRecord,
  kind: Registration["kind"],
): Promise<string | Extract<RegisterOutcome, { kind: "failed" }>> {
  const { environment, instanceId } = options;
  if (kind !== "token" && kind !== "jit")
    return { kind: "failed", cause: "refused", detail: `GitHub has no way to enrol called "${kind}"` };
  if (kind === "token") {
    const parameter = registrationTokenParameter(environment, partition);
    const token = await world.secrets.read(parameter);
    if (token !== undefined) return token.value;
    const detail = `no registration token in SSM under ${parameter}: has refresh run?`;
    return { kind: "failed", cause: "token", detail };
  }
  const parameter = jitConfigurationParameter(environment, instanceId, assignment);
  const missing = `no just-in-time configuration in SSM under ${parameter}, or none that is tagged for this instance`;
  try {
    return (await world.secrets.read(parameter))?.value ?? { kind: "failed", cause: "token", detail: missing };
  } catch (error) {
    if (error instanceof OutOfReach) throw error;
    return { kind: "failed", cause: "token", detail: `${missing}: ${String(error)}` };
  }
}

/** Backs off, doubling from `limits.agentRetryMs` to `limits.agentRetryMostMs`. */
function tried({ memory, world }: Agent, record: InstanceRecord, outcome: RegisterOutcome): void {
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

export async function removalToken({ world, options, memory }: Agent): Promise<string | undefined> {
  if (memory.known === undefined) return undefined;
  const name = removalTokenParameter(options.environment, memory.known.partition);
  return await world.secrets.read(name).then(
    (found) => found?.value,
    () => undefined,
  );
}
