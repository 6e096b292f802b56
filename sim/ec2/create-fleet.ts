// CreateFleet of type `instant`: one answer with what was launched and, a pool at a time, what was not.
//
// Sources: EC2 API Reference (CreateFleet), EC2 User Guide (EC2 Fleet of type instant). Public measurements say: errors come
// inside a 200, one entry a pool tried; after three pools that fail the fleet gives up and reports the rest as
// UnfulfillableCapacity without trying them. What EC2 answers when no type matches the requirements is not documented; here
// it is InvalidFleetConfig, so callers had better ask GetInstanceTypesFromInstanceRequirements.
// Not modelled: types `request` and `maintain`, two markets at once, weights, priorities, minimum targets, total price limits.
import { AwsFault } from "../http/service.ts";
import { take } from "./capacity.ts";
import type { Market, Refusal } from "./capacity.ts";
import { candidates, inOrder } from "./fleet-pools.ts";
import type { Candidate } from "./fleet-pools.ts";
import { invalid, number, refuse, required, structure, structures, text } from "./input.ts";
import type { Input } from "./input.ts";
import { answered } from "./launch-templates.ts";
import { launch, refusal, vcpusInUse } from "./launch.ts";
import { taggedAs } from "./tags.ts";
import { newId } from "./world.ts";
import type { Answer, World } from "./world.ts";
import type { Xml } from "./xml.ts";

/** How many pools a fleet sees fail before it gives up. */
const failingPools = 3;
const unfulfillable: Refusal = {
  code: "UnfulfillableCapacity",
  message: "Unable to fulfill capacity due to your request configuration. Please adjust your request and try again.",
};

interface Plan {
  readonly taken: readonly Candidate[];
  readonly refused: ReadonlyMap<Candidate, Refusal>;
}

/** Takes capacity for up to `count` machines, in turn within a tier. */
function allocate(world: World, tiers: readonly Candidate[][], market: Market, count: number): Plan {
  const taken: Candidate[] = [];
  const refused = new Map<Candidate, Refusal>();
  let inUse = vcpusInUse(world, market);
  for (const tier of tiers) {
    const open = [...tier];
    // Which of equals comes first is EC2's secret; chance keeps a zone from always being the favourite.
    let turn = open.length > 1 ? Math.floor(world.chance.next() * open.length) : 0;
    while (open.length > 0 && taken.length < count && refused.size < failingPools) {
      turn %= open.length;
      const candidate = open[turn] as Candidate;
      const { pool, spec, maxPrice } = candidate;
      const problem = refusal(world, spec, pool.type) ?? take(world.capacity, pool, inUse, maxPrice);
      if (problem === undefined) {
        taken.push(candidate);
        inUse += pool.type.vcpu;
        turn++;
      } else {
        refused.set(candidate, problem);
        open.splice(turn, 1);
      }
    }
  }
  if (taken.length < count)
    for (const candidate of tiers.flat())
      if (!refused.has(candidate) && !taken.includes(candidate)) refused.set(candidate, unfulfillable);
  return { taken, refused };
}

function strategyOf(input: Input, market: Market): string {
  const options = structure(input, market === "spot" ? "SpotOptions" : "OnDemandOptions") ?? {};
  const known = ["AllocationStrategy", "InstanceInterruptionBehavior"];
  refuse(
    options,
    Object.keys(options).filter((key) => !known.includes(key)),
  );
  return text(options, "AllocationStrategy") ?? "lowest-price";
}

/** How many, and of which market (TargetCapacitySpecification). */
function targetOf(input: Input): { readonly count: number; readonly market: Market } {
  const wanted = structure(input, "TargetCapacitySpecification");
  const count = number(wanted, "TotalTargetCapacity");
  if (count === undefined)
    throw new AwsFault(
      "MissingParameter",
      "The request must contain the parameter TargetCapacitySpecification.TotalTargetCapacity",
    );
  if (!Number.isInteger(count) || count < 1)
    throw invalid(`Value (${count}) for parameter TotalTargetCapacity is invalid.`);
  refuse(wanted, ["OnDemandTargetCapacity", "SpotTargetCapacity"]);
  const market = text(wanted, "DefaultTargetCapacityType") ?? "on-demand";
  if (market !== "spot" && market !== "on-demand")
    throw invalid(`Value (${market}) for parameter DefaultTargetCapacityType is invalid.`);
  return { count, market };
}

const chosen = ({ template, version, override, pool, subnet }: Candidate): Xml => ({
  launchTemplateSpecification: { launchTemplateId: template.id, version },
  overrides: {
    ...(answered(override) as Readonly<Record<string, Xml>>),
    instanceType: pool.type.name,
    subnetId: subnet.id,
  },
});

function checkRequest(input: Input): void {
  const type = text(input, "Type") ?? "maintain";
  if (type !== "instant")
    throw new AwsFault("UnsupportedOperation", `The embedded cloud models fleets of type instant, not ${type}.`);
  if (structures(input, "LaunchTemplateConfigs").length === 0)
    throw new AwsFault("MissingParameter", "The request must contain the parameter LaunchTemplateConfigs");
  for (const config of structures(input, "LaunchTemplateConfigs"))
    required(structure(config, "LaunchTemplateSpecification") ?? {}, "Version");
  const behavior = text(structure(input, "SpotOptions"), "InstanceInterruptionBehavior");
  if (behavior !== undefined && behavior !== "terminate")
    throw invalid('SpotOptions.InstanceInterruptionBehavior must be null or "terminate" for given fleet type.');
  for (const specification of structures(input, "TagSpecification")) {
    const kind = text(specification, "ResourceType") ?? "";
    if (!["fleet", "instance"].includes(kind))
      throw invalid(`'${kind}' is not a valid taggable resource type for this operation.`);
  }
}

export function createFleet(world: World, input: Input): Answer {
  checkRequest(input);
  const { count, market } = targetOf(input);
  const strategy = strategyOf(input, market);
  const list = candidates(world, input, market, taggedAs(input, "instance"));
  if (list.length === 0)
    throw new AwsFault(
      "InvalidFleetConfig",
      "No instance types satisfy the instance requirements of the fleet configuration.",
    );
  const { taken, refused } = allocate(world, inOrder(list, market, strategy), market, count);
  const fleet = { id: newFleetId(world), tags: taggedAs(input, "fleet") };
  world.fleets.set(fleet.id, fleet);
  const launched = [...Map.groupBy(taken, (candidate) => candidate)].map(([candidate, group]) => {
    const reservationId = newId(world, "r");
    return {
      launchTemplateAndOverrides: chosen(candidate),
      lifecycle: market,
      instanceIds: group.map(
        ({ spec, pool, subnet }, index) =>
          launch(world, spec, pool, { subnet, reservationId, index, fleetId: fleet.id }).id,
      ),
      instanceType: candidate.pool.type.name,
    };
  });
  const errors = [...refused].map(([candidate, problem]) => ({
    launchTemplateAndOverrides: chosen(candidate),
    lifecycle: market,
    errorCode: problem.code,
    errorMessage: problem.message,
  }));
  return { fleetId: fleet.id, errorSet: errors, fleetInstanceSet: launched };
}

const newFleetId = (world: World): string => {
  const digits = `${world.chance.id()}${world.chance.id()}`;
  return `fleet-${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20, 32)}`;
};
