// RunInstances, DescribeInstances and their kin.
import { AwsFault } from "../http/service.ts";
import { giveBack, take } from "./capacity.ts";
import type { Market } from "./capacity.ts";
import { instanceType } from "./catalogue.ts";
import { createFleet } from "./create-fleet.ts";
import { describedInstance, instanceFacts, stateXml } from "./described-instance.ts";
import { terminate } from "./endings.ts";
import { idempotent } from "./idempotent.ts";
import { invalid, refuse, required, structure, text, texts } from "./input.ts";
import type { Input } from "./input.ts";
import { resolveImage, templateOf, versionOf } from "./launch-templates.ts";
import { imageOf, launch, refusal, subnetOf, vcpusInUse } from "./launch.ts";
import type { LaunchSpec } from "./launch.ts";
import { filtered, page } from "./listing.ts";
import { isDescribed, stateOf } from "./machine.ts";
import type { Machine } from "./machine.ts";
import { subnetsFor } from "./network.ts";
import { taggedAs } from "./tags.ts";
import { newId } from "./world.ts";
import type { Answer, Actions, World } from "./world.ts";
import { moment } from "./xml.ts";

const described = (world: World): Machine[] =>
  [...world.machines.values()].filter((machine) => isDescribed(machine, world.clock.now(), world.faults));

/** The named machines, all or none; without names all that are described. */
function machinesOf(world: World, input: Input, ids = texts(input, "InstanceId")): Machine[] {
  const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
  if (malformed !== undefined) throw new AwsFault("InvalidInstanceID.Malformed", `Invalid id: "${malformed}"`);
  const known = new Map(described(world).map((machine) => [machine.id, machine]));
  if (ids.length === 0) return [...known.values()];
  const missing = ids.filter((id) => !known.has(id));
  if (missing.length > 0)
    throw new AwsFault(
      "InvalidInstanceID.NotFound",
      missing.length === 1
        ? `The instance ID '${missing[0]}' does not exist`
        : `The instance IDs '${missing.join(", ")}' do not exist`,
    );
  return [...new Set(ids)].flatMap((id) => known.get(id) ?? []);
}

function describe(world: World, input: Input): Answer {
  if (texts(input, "InstanceId").length > 0 && text(input, "MaxResults") !== undefined)
    throw new AwsFault(
      "InvalidParameterCombination",
      "The parameter instancesSet cannot be used with the parameter maxResults",
    );
  const now = world.clock.now();
  const found = filtered(input, machinesOf(world, input), (machine) => instanceFacts(machine, now));
  const { entries, nextToken } = page(input, found, { min: 5, max: 1000 });
  const reservations = Map.groupBy(entries, (machine) => machine.reservationId);
  return {
    reservationSet: [...reservations].map(([reservationId, machines]) => ({
      reservationId,
      ownerId: world.account,
      groupSet: [],
      instancesSet: machines.map((machine) => describedInstance(world, machine)),
    })),
    nextToken,
  };
}

function terminateInstances(world: World, input: Input): Answer {
  const ids = texts(input, "InstanceId");
  if (ids.length === 0) throw new AwsFault("MissingParameter", "The request must contain the parameter InstanceId");
  const machines = machinesOf(world, input, ids);
  const kept = machines.find((machine) => machine.protectedFromTermination);
  if (kept !== undefined)
    throw new AwsFault(
      "OperationNotPermitted",
      `The instance '${kept.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
    );
  return {
    instancesSet: machines.map((machine) => {
      const previous = stateOf(machine, world.clock.now());
      terminate(world, machine);
      const current = stateOf(machine, world.clock.now());
      return { instanceId: machine.id, currentState: stateXml(current), previousState: stateXml(previous) };
    }),
  };
}

/** The template's data under what the request itself says. */
function specOf(world: World, input: Input): LaunchSpec {
  const named = structure(input, "LaunchTemplate");
  const template = named === undefined ? undefined : templateOf(world, named);
  const version = template === undefined ? undefined : versionOf(template, text(named, "Version"));
  const { ClientToken: _, TagSpecification: __, LaunchTemplate: ___, ...own } = input;
  const data = { ...version?.data, ...own };
  return {
    data,
    imageId: resolveImage(world, required(data, "ImageId")),
    template:
      template === undefined || version === undefined ? undefined : { id: template.id, version: version.number },
    tags: taggedAs(input, "instance"),
    clientToken: text(input, "ClientToken"),
  };
}

/** All-or-nothing below MinCount, as many as can be had up to MaxCount. */
function runInstances(world: World, input: Input): Answer {
  const spec = specOf(world, input);
  imageOf(world, spec.imageId);
  const typeName = text(spec.data, "InstanceType") ?? "m5.large";
  const type = instanceType(typeName);
  if (type === undefined) throw new AwsFault("InvalidParameterValue", `Invalid value '${typeName}' for InstanceType.`);
  const [min, max] = [Number(required(input, "MinCount")), Number(required(input, "MaxCount"))];
  if (!(min >= 1)) throw invalid(`Value (${min}) for parameter minCount is invalid. Minimum value is 1.`);
  if (!(max >= min)) throw invalid(`Value (${max}) for parameter maxCount is invalid. It is below minCount (${min}).`);
  refuse(spec.data, ["Placement", "InstanceMarketOptions"]);
  const subnet = world.chance.pick(subnetsFor(world, subnetOf(spec.data), undefined));
  const market: Market = "on-demand";
  const pool = { type, zone: subnet.zone, market };
  let count = 0;
  let problem = refusal(world, spec, type);
  for (const inUse = vcpusInUse(world, market); problem === undefined && count < max;) {
    problem = take(world.capacity, pool, inUse + count * type.vcpu, undefined);
    if (problem === undefined) count++;
  }
  if (problem !== undefined && count < min) {
    for (let taken = count; taken > 0; taken--) giveBack(world.capacity, pool);
    throw new AwsFault(problem.code, problem.message, problem.code === "InsufficientInstanceCapacity" ? 500 : 400);
  }
  const reservationId = newId(world, "r");
  const machines = Array.from({ length: count }, (_, index) =>
    launch(world, spec, pool, { subnet, reservationId, index }),
  );
  return {
    reservationId,
    ownerId: world.account,
    groupSet: [],
    instancesSet: machines.map((machine) => describedInstance(world, machine)),
  };
}

/** EC2 User Guide, "Instance console output": the last 64 KB. */
const consoleBytes = 65_536;

function consoleOutput(world: World, input: Input): Answer {
  const [machine] = machinesOf(world, input, [required(input, "InstanceId")]);
  const shown = machine === undefined ? "" : (world.hooks.console?.(machine) ?? machine.console);
  return {
    instanceId: machine?.id,
    timestamp: moment(world.clock.now()),
    output: Buffer.from(shown).subarray(-consoleBytes).toString("base64"),
  };
}

export const instanceActions: Actions = {
  CreateFleet: idempotent("CreateFleet", createFleet),
  RunInstances: idempotent("RunInstances", runInstances),
  DescribeInstances: describe,
  TerminateInstances: terminateInstances,
  GetConsoleOutput: consoleOutput,
};
