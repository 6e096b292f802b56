// The port `Fleet` of one process, on the world's machines: capacity that is short, replies that repeat, replicas that lag.
import { tags } from "../../../domain/names.ts";
import { OutOfReach, type Fleet, type LaunchFailure, type LaunchOutcome, type LaunchRequest } from "../../ports.ts";
import type { MachineSeen, Unknown } from "../../ports.ts";
import { catalogue } from "../ec2/catalogue.ts";
import { matchingTypes } from "../ec2/matching-types.ts";
import { isAlive, type Machine } from "./machine.ts";
import type { Process } from "./process.ts";
import type { State } from "./state.ts";

const day = 24 * 60 * 60_000;
/** EC2 forgets a terminated machine after about an hour. */
const rememberedMs = 60 * 60_000;

interface Answered {
  readonly until: number;
  readonly request: string;
  readonly outcome: LaunchOutcome;
}
/** First results by client token, a world each. */
const answers = new WeakMap<State, Map<string, Answered>>();

const refusal = (kind: LaunchFailure["kind"], reason: string): LaunchOutcome => ({
  kind: "answered",
  launched: [],
  failures: [{ kind, reason }],
});

function fill(state: State, process: Process, request: LaunchRequest): LaunchOutcome {
  const { machines, faults } = state;
  const { chance } = process;
  const { minimum, maximumCpu, architecture, usageClass, allowedTypes, subnets, count } = request;
  if (new Set(subnets.map(({ zone }) => zone)).size < subnets.length)
    return refusal("refused", "InvalidFleetConfig: duplicate instance pools");
  const types = matchingTypes(
    catalogue,
    { vcpu: { min: minimum.cpu, max: maximumCpu }, mib: { min: minimum.mmem }, allowedTypes },
    architecture === "x64" ? "x86_64" : "arm64",
  );
  if (types.length === 0) return refusal("no-type", "InvalidParameterValue: no instance type meets the requirements");
  const short = chance.happens(usageClass === "spot" ? faults.rates.noCapacity : faults.rates.noCapacity / 3);
  const had = short ? chance.between(0, count - 1) : count;
  const launched = Array.from({ length: had }, () => {
    const type = chance.pick(types);
    const { zone } = chance.pick(subnets);
    const { instanceId } = machines.launch({ type, zone, usageClass, tags: request.tags });
    return { instanceId, instanceType: type.name, cpu: type.vcpu, mmem: type.mib, zone, usageClass };
  });
  const reason = "InsufficientInstanceCapacity: none in the zones asked for";
  return { kind: "answered", launched, failures: short ? [{ kind: "no-capacity", reason }] : [] };
}

/** The same client token answers with its first result for a day; with another request it is refused. */
function launch(state: State, process: Process, request: LaunchRequest): LaunchOutcome {
  const known = answers.get(state) ?? new Map<string, Answered>();
  answers.set(state, known);
  const text = JSON.stringify({ ...request, subnets: [...request.subnets].sort((a, b) => (a.id < b.id ? -1 : 1)) });
  const first = known.get(request.clientToken);
  if (first !== undefined && first.until > state.time.now())
    return first.request === text
      ? first.outcome
      : refusal("token-used", "IdempotentParameterMismatch: this client token was used with other parameters");
  const outcome = fill(state, process, request);
  known.set(request.clientToken, { until: state.time.now() + day, request: text, outcome });
  return outcome;
}

const seenOf = ({ instanceId, state, launchedAt, tags, reason }: Machine): MachineSeen => ({
  instanceId,
  state,
  launchedAt,
  tags,
  ...(reason === undefined ? {} : { reason }),
});

const outOfReach = (problem: string): never => {
  throw new OutOfReach(problem);
};

export function fleetPort(state: State, process: Process): Fleet {
  const { machines, time, vault } = state;
  const known = (machine: Machine): boolean =>
    time.now() >= machine.knownFrom && (machine.endedAt === undefined || time.now() < machine.endedAt + rememberedMs);
  return {
    image: (parameter) =>
      process.call({
        what: "ssm.image",
        kind: "read",
        apply: () => vault.get(parameter)?.value ?? outOfReach(`no parameter ${parameter}`),
        lost: outOfReach,
      }),
    launch: (request) =>
      process.call<LaunchOutcome | Unknown>({
        what: "ec2.launch",
        kind: "write",
        apply: () => launch(state, process, request),
        lost: (problem) => ({ kind: "unknown", problem }),
      }),
    describe: (instanceIds) =>
      process.call<ReadonlyMap<string, MachineSeen>>({
        what: "ec2.describe",
        kind: "read",
        apply: () => {
          const found = instanceIds.map((id) => machines.byId(id)).filter((machine) => machine !== undefined);
          return new Map(found.filter(known).map((machine) => [machine.instanceId, seenOf(machine)]));
        },
        lost: outOfReach,
      }),
    ours: () =>
      process.call<readonly MachineSeen[]>({
        what: "ec2.ours",
        kind: "read",
        apply: () =>
          machines
            .all()
            .filter((machine) => known(machine) && machine.state !== "terminated")
            .filter((machine) => machine.tags[tags.environment] === state.environment)
            .map(seenOf),
        lost: outOfReach,
      }),
    terminate: (instanceIds) =>
      process.call<ReadonlyMap<string, string>>({
        what: "ec2.terminate",
        kind: "write",
        apply: () => {
          for (const id of instanceIds) {
            const machine = machines.byId(id);
            if (machine !== undefined && known(machine) && isAlive(machine))
              machines.end(machine, `Client.UserInitiatedShutdown by ${process.name}`);
          }
          return new Map();
        },
        lost: (problem) => new Map(instanceIds.map((id) => [id, problem])),
      }),
  };
}
