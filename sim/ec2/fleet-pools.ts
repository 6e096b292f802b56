// From a CreateFleet request to the pools it may launch in, and the order in which its allocation strategy tries them.
import { AwsFault } from "../http/service.ts";
import type { Market, Pool } from "./capacity.ts";
import { catalogue, instanceType, spotPrice } from "./catalogue.ts";
import type { InstanceType } from "./catalogue.ts";
import { number, refuse, structure, structures, text, unmodelled } from "./input.ts";
import type { Input } from "./input.ts";
import { resolveImage, templateOf, versionOf } from "./launch-templates.ts";
import { imageOf, subnetOf } from "./launch.ts";
import type { LaunchSpec } from "./launch.ts";
import { matchingTypes, withinPrice } from "./matching-types.ts";
import { subnetsFor } from "./network.ts";
import { readPriceProtection, readRequirements } from "./requirements.ts";
import type { LaunchTemplate, Subnet, Tags, World } from "./world.ts";

/** One instance pool of the fleet: a type in a zone, through one override. */
export interface Candidate {
  readonly pool: Pool;
  readonly subnet: Subnet;
  readonly spec: LaunchSpec;
  readonly template: LaunchTemplate;
  readonly version: number;
  readonly override: Input;
  readonly maxPrice: number | undefined;
}

/** The types of one override for one market. */
function typesOf(world: World, override: Input, imageId: string, market: Market, zone: string): InstanceType[] {
  const name = text(override, "InstanceType");
  const requirements = structure(override, "InstanceRequirements");
  if (name !== undefined && requirements !== undefined)
    throw new AwsFault(
      "InvalidParameterCombination",
      "The parameters InstanceType and InstanceRequirements cannot be used together in an override.",
    );
  if (name !== undefined) {
    const type = instanceType(name);
    if (type === undefined) throw new AwsFault("InvalidFleetConfig", `Invalid: InstanceType: ${name}.`);
    return [type];
  }
  if (requirements === undefined)
    throw new AwsFault("InvalidFleetConfig", "The fleet configuration names neither instance types nor requirements.");
  const types = matchingTypes(catalogue, readRequirements(requirements), imageOf(world, imageId).architecture);
  return withinPrice(types, readPriceProtection(requirements), market, (type) => spotPrice(type, zone));
}

const candidatesOf = (world: World, config: Input, market: Market, tags: Tags, input: Input): Candidate[] => {
  const named = structure(config, "LaunchTemplateSpecification");
  if (named === undefined)
    throw new AwsFault("MissingParameter", "The request must contain the parameter LaunchTemplateSpecification");
  const template = templateOf(world, named);
  const version = versionOf(template, text(named, "Version"));
  const overrides = structures(config, "Overrides");
  return (overrides.length > 0 ? overrides : [{}]).flatMap((override: Input) => {
    refuse(override, ["WeightedCapacity", "Priority"]);
    const image = text(override, "ImageId") ?? text(version.data, "ImageId");
    if (image === undefined) throw new AwsFault("MissingParameter", "The request must contain the parameter ImageId");
    const imageId = resolveImage(world, image);
    const spec: LaunchSpec = {
      data: version.data,
      imageId,
      template: { id: template.id, version: version.number },
      tags,
      clientToken: text(input, "ClientToken"),
    };
    const place = text(override, "SubnetId") ?? subnetOf(version.data);
    return subnetsFor(world, place, text(override, "AvailabilityZone")).flatMap((subnet) =>
      typesOf(world, override, imageId, market, subnet.zone).map((type): Candidate => ({
        pool: { type, zone: subnet.zone, market },
        subnet,
        spec,
        template,
        version: version.number,
        override,
        maxPrice: number(override, "MaxPrice"),
      })),
    );
  });
};

/** All pools of the request for one market. Two ways into one pool (two subnets of one zone) are EC2's InvalidFleetConfig. */
export function candidates(world: World, input: Input, market: Market, tags: Tags): Candidate[] {
  const all = structures(input, "LaunchTemplateConfigs").flatMap((config) =>
    candidatesOf(world, config, market, tags, input),
  );
  if (new Set(all.map(({ pool }) => `${pool.type.name}/${pool.zone}`)).size < all.length)
    throw new AwsFault("InvalidFleetConfig", "The fleet configuration contains duplicate instance pools.");
  return all;
}

const price = ({ pool }: Candidate): number =>
  pool.market === "spot" ? spotPrice(pool.type, pool.zone) : pool.type.usdPerHour;

/** Every zone's cheapest pool, then every zone's second, and so on: EC2's real choice also weighs unseen capacity. */
const spreadByPrice = (list: readonly Candidate[]): Candidate[][] => {
  const zones = [...Map.groupBy(list, ({ pool }) => pool.zone).values()].map((pools) =>
    pools.toSorted((a, b) => price(a) - price(b)),
  );
  const depth = Math.max(0, ...zones.map((pools) => pools.length));
  return Array.from({ length: depth }, (_, i) => zones.flatMap((pools) => pools.slice(i, i + 1)));
};

/** Tiers of pools: those of one tier are used in turn, the next tier only when a tier has nothing left. */
export function inOrder(list: readonly Candidate[], market: Market, strategy: string): Candidate[][] {
  if (strategy === "lowest-price")
    return [...Map.groupBy(list, price)].toSorted(([a], [b]) => a - b).map(([, tier]) => tier);
  if (strategy === "price-capacity-optimized" && market === "spot") return spreadByPrice(list);
  throw unmodelled(`the allocation strategy ${strategy}`);
}
