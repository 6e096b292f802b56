// The port `Fleet` of one process, on the world's machines: capacity that is short, replies that repeat, replicas that lag.
import { tags } from "../../domain/names.ts";
import type { Fleet, LaunchFailure, LaunchOutcome, LaunchRequest } from "../../cloud/ports/fleet.ts";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import type { MachineSeen } from "../../cloud/ports/fleet.ts";
import type { Unknown } from "../../cloud/ports/outcomes.ts";
import { catalogue } from "../../sim/ec2/catalogue.ts";
import { matchingTypes } from "../../sim/ec2/matching-types.ts";
import { isPaidFor, type Machine } from "./machine.ts";
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

/** Why a launch gets fewer than it asks for; none where it gets all. EC2 gives up after three pools, and does not always name them. */
function shortage(
  { faults }: State,
  { chance }: Process,
  usageClass: LaunchRequest["usageClass"],
  pools: readonly { readonly type: { readonly name: string }; readonly zone: string }[],
): readonly LaunchFailure[] {
  const { quota, noCapacity } = faults.rates;
  const spot = usageClass === "spot";
  if (chance.happens(quota)) {
    faults.meet("quota");
    return [
      {
        kind: "quota",
        reason: spot
          ? "MaxSpotInstanceCountExceeded: Max spot instance count exceeded"
          : "VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit allows",
      },
    ];
  }
  if (!chance.happens(spot ? noCapacity : noCapacity / 3)) return [];
  faults.meet("noCapacity");
  const reason = "InsufficientInstanceCapacity: none in the zones asked for";
  if (chance.happens(0.3)) return [{ kind: "no-capacity", reason }];
  return Array.from({ length: chance.between(1, 3) }, () => {
    const { type, zone } = chance.pick(pools);
    return { kind: "no-capacity", reason, pool: { instanceType: type.name, zone } };
  });
}

function fill(state: State, process: Process, request: LaunchRequest): LaunchOutcome {
  const { machines } = state;
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
  const pools = types.flatMap((type) => subnets.map(({ zone }) => ({ type, zone })));
  const avoided = new Set(request.avoid.map(({ instanceType, zone }) => `${instanceType} ${zone}`));
  const open = pools.filter(({ type, zone }) => !avoided.has(`${type.name} ${zone}`));
  // As the real adapter asks: where all are to be avoided, none is.
  const asked = open.length > 0 ? open : pools;
  const short = shortage(state, process, usageClass, asked);
  const had = short.length > 0 ? chance.between(0, count - 1) : count;
  const launched = Array.from({ length: had }, () => {
    const { type, zone } = chance.pick(asked);
    const { instanceId } = machines.launch({ type, zone, usageClass, tags: request.tags });
    return { instanceId, instanceType: type.name, cpu: type.vcpu, mmem: type.mib, zone, usageClass };
  });
  return { kind: "answered", launched, failures: short };
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

export function fleetPort(state: State, process: Process): Fleet {
  const { machines, time, vault } = state;
  const known = (machine: Machine): boolean =>
    time.now() >= machine.knownFrom && (machine.endedAt === undefined || time.now() < machine.endedAt + rememberedMs);
  return {
    image: (parameter) =>
      process.ask("ssm.image", "read", () => {
        const found = vault.get(parameter);
        if (found === undefined) throw new OutOfReach(`no parameter ${parameter}`);
        return found.value;
      }),
    launch: (request) =>
      process.call<LaunchOutcome | Unknown>({
        what: "ec2.launch",
        kind: "write",
        apply: () => launch(state, process, request),
        lost: (problem) => ({ kind: "unknown", problem }),
      }),
    describe: (instanceIds) =>
      process.ask<ReadonlyMap<string, MachineSeen>>("ec2.describe", "read", () => {
        const found = instanceIds.map((id) => machines.byId(id)).filter((machine) => machine !== undefined);
        return new Map(found.filter(known).map((machine) => [machine.instanceId, seenOf(machine)]));
      }),
    ours: () =>
      process.ask<readonly MachineSeen[]>("ec2.ours", "read", () =>
        machines
          .all()
          .filter((machine) => known(machine) && machine.state !== "terminated")
          .filter((machine) => machine.tags[tags.environment] === state.environment)
          .map(seenOf),
      ),
    terminate: (instanceIds) =>
      process.call<ReadonlyMap<string, string>>({
        what: "ec2.terminate",
        kind: "write",
        apply: () => {
          for (const id of instanceIds) {
            const machine = machines.byId(id);
            if (machine !== undefined && known(machine) && isPaidFor(machine))
              machines.end(machine, `Client.UserInitiatedShutdown by ${process.name}`);
          }
          return new Map();
        },
        lost: (problem) => new Map(instanceIds.map((id) => [id, problem])),
      }),
  };
}
