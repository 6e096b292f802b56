// The embedded EC2: the calls that a runner fleet and its image pipeline make, and the machines behind them.
//
// Not modelled: permissions, volumes and network interfaces as resources of their own, key pairs, stopping and starting by
// call, fleets other than `instant`, capacity reservations, placement groups, moving spot prices. A call or an option that is
// not known is refused, never pretended.
import type { Chance } from "../chance.ts";
import type { Placed } from "../http/faults.ts";
import { AwsFault } from "../http/service.ts";
import type { Service } from "../http/service.ts";
import { plenty } from "./capacity.ts";
import type { Capacity } from "./capacity.ts";
import type { Architecture } from "./catalogue.ts";
import { interruptSpot, kill, poweredOff } from "./endings.ts";
import { idempotent } from "./idempotent.ts";
import { addImage, imageActions } from "./images.ts";
import { flag } from "./input.ts";
import { instanceTypeActions } from "./instance-types.ts";
import { instanceActions } from "./instances.ts";
import { launchTemplateActions } from "./launch-templates.ts";
import { stateOf } from "./machine.ts";
import type { Machine, MachineState } from "./machine.ts";
import { networkActions, zonesOf } from "./network.ts";
import { tagActions } from "./tags.ts";
import { newId } from "./world.ts";
import type { Actions, Hooks, MachineFaults, World } from "./world.ts";
import { content } from "./xml.ts";

export interface Ec2Options extends Placed {
  readonly chance: Chance;
  /** SSM parameters' values, for `resolve:ssm:` image ids. */
  readonly parameter?: (name: string) => string | undefined;
}

export interface Ec2 {
  readonly service: Service;
  /** Limits on what can be launched; mutable. */
  readonly capacity: Capacity;
  /** Durations and broken boots; mutable. */
  readonly faults: MachineFaults;
  /** Assign `onLaunch` and `onTerminate`. */
  readonly hooks: Hooks;
  /** Every machine there ever was, ended ones included. */
  machines(): readonly Machine[];
  machine(id: string): Machine | undefined;
  state(machine: Machine): MachineState;
  /** The machine powered itself off: terminated or stopped, as its shutdown behaviour says. */
  poweredOff(id: string): void;
  /** The hardware dies; unnoticed, EC2 still calls it running. */
  kill(id: string, how?: { readonly noticed: boolean }): void;
  /** The spot notice now, the end two minutes later. */
  interruptSpot(id: string): void;
  /** Furnishing. Each returns the identifier. */
  addImage(image: {
    readonly name: string;
    readonly architecture: Architecture;
    readonly id?: string;
    readonly rootDevice?: string;
  }): string;
  addSubnet(subnet: { readonly zone: string; readonly id?: string; readonly tags?: Record<string, string> }): string;
  addSecurityGroup(group: { readonly name: string; readonly id?: string }): string;
  /** Drops every pending boot and spot interruption, so that no timer holds the process. */
  close(): void;
}

const actions: Actions = {
  ...launchTemplateActions,
  CreateLaunchTemplate: idempotent("CreateLaunchTemplate", launchTemplateActions["CreateLaunchTemplate"] ?? unknown),
  CreateLaunchTemplateVersion: idempotent(
    "CreateLaunchTemplateVersion",
    launchTemplateActions["CreateLaunchTemplateVersion"] ?? unknown,
  ),
  ...instanceActions,
  ...tagActions,
  ...networkActions,
  ...imageActions,
  ...instanceTypeActions,
};

function unknown(): never {
  throw new AwsFault("InvalidAction", "The action is not valid for this web service.");
}

/** A fresh world: a VPC with one default subnet in each of three zones and a default security group. */
function newWorld({ clock, chance, region, account, parameter }: Ec2Options, closed: AbortSignal): World {
  const world: World = {
    clock,
    chance: chance.fork("ec2"),
    region,
    account,
    parameter: parameter ?? (() => undefined),
    vpcs: new Map(),
    subnets: new Map(),
    securityGroups: new Map(),
    images: new Map(),
    deregistered: new Set(),
    snapshots: new Map(),
    templates: new Map(),
    fleets: new Map(),
    machines: new Map(),
    remembered: new Map(),
    capacity: plenty(),
    faults: {
      bootMs: 0,
      shutdownMs: 0,
      hungBoots: 0,
      failedBoots: 0,
      unknownForMs: 0,
      describedForMs: 3_600_000,
      imageMs: 0,
    },
    hooks: {},
    closed,
  };
  const vpc = { id: newId(world, "vpc"), cidr: "172.31.0.0/16", tags: new Map<string, string>() };
  world.vpcs.set(vpc.id, vpc);
  for (const zone of zonesOf(region)) addSubnet(world, { zone }, true);
  addSecurityGroup(world, { name: "default" });
  return world;
}

const vpcOf = (world: World): string => [...world.vpcs.keys()][0] ?? "";

function addSubnet(
  world: World,
  { zone, id, tags }: { zone: string; id?: string; tags?: Record<string, string> },
  isDefault = false,
): string {
  const subnet = {
    id: id ?? newId(world, "subnet"),
    vpcId: vpcOf(world),
    zone,
    cidr: `172.31.${world.subnets.size * 16}.0/20`,
    isDefault,
    tags: new Map(Object.entries(tags ?? {})),
  };
  world.subnets.set(subnet.id, subnet);
  return subnet.id;
}

function addSecurityGroup(world: World, { name, id }: { name: string; id?: string }): string {
  const group = {
    id: id ?? newId(world, "sg"),
    name,
    description: name,
    vpcId: vpcOf(world),
    tags: new Map<string, string>(),
  };
  world.securityGroups.set(group.id, group);
  return group.id;
}

export function ec2(options: Ec2Options): Ec2 {
  const closing = new AbortController();
  const world = newWorld(options, closing.signal);
  const known = (id: string): Machine => {
    const machine = world.machines.get(id);
    if (machine === undefined) throw new Error(`no machine ${id}`);
    return machine;
  };
  const service: Service = async (call) => {
    const handler = Object.hasOwn(actions, call.action) ? actions[call.action] : undefined;
    if (handler === undefined)
      throw new AwsFault("InvalidAction", `The action ${call.action} is not valid for this web service.`);
    if (flag(call.input, "DryRun") === true)
      throw new AwsFault("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
    return content(handler(world, call.input));
  };
  return {
    service,
    capacity: world.capacity,
    faults: world.faults,
    hooks: world.hooks,
    machines: () => [...world.machines.values()],
    machine: (id) => world.machines.get(id),
    state: (machine) => stateOf(machine, world.clock.now()),
    poweredOff: (id) => poweredOff(world, known(id)),
    kill: (id, how) => kill(world, known(id), how?.noticed ?? true),
    interruptSpot: (id) => interruptSpot(world, known(id)),
    addImage: (image) => addImage(world, image).id,
    addSubnet: (subnet) => addSubnet(world, subnet),
    addSecurityGroup: (group) => addSecurityGroup(world, group),
    close: () => closing.abort(),
  };
}
