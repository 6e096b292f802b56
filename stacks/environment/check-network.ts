// Rules for networks that can be checked without AWS.
import { operationalDefaults } from "../../domain/configuration.ts";
import type { Environment, Problem } from "./environment.ts";
import { placeOfZone, subnetsOfKind } from "./subnet-blocks.ts";

/** An address as a number, or undefined where a part is above 255. */
const addressOf = (text: string): number | undefined => {
  const parts = text.split(".").map(Number);
  return parts.some((part) => part > 255) ? undefined : parts.reduce((sum, part) => sum * 256 + part, 0);
};

/** Where docker puts its containers by default ("Packet filtering and firewalls"): to a machine in it the VPC's name server is one of them. */
const dockers = "172.17.";

function problemsOfCidr(cidr: string): readonly Problem[] {
  const [address = "", size = ""] = cidr.split("/");
  const [base, bits] = [addressOf(address), Number(size)];
  // VPC User Guide, "VPC CIDR blocks": /16 to /28. A quarter of it (half for a private network's two tiers) is a subnet.
  if (base === undefined || bits < 16 || bits > 24)
    return [["network.cidr", `${cidr} must be an IPv4 block from /16 to /24`]];
  if (base % 2 ** (32 - bits) !== 0) return [["network.cidr", `${cidr} is not aligned to its size`]];
  // RFC 6890: this host, loopback, link-local, multicast and reserved; no VPC may have one.
  const [first = 0, second] = address.split(".").map(Number);
  if (first === 0 || first === 127 || first >= 224 || (first === 169 && second === 254))
    return [["network.cidr", `${cidr} is reserved: use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16`]];
  if (cidr.startsWith(dockers))
    return [["network.cidr", `${cidr} is used by docker for containers: use another block`]];
  return [];
}

/** VPC User Guide, "Subnet CIDR blocks": the first four addresses of each subnet and its last are AWS's. */
const keptOfSubnet = 5;

/** A sixteenth of the block a zone, where an interface endpoint takes an address too. */
function problemsOfRoom(environment: Environment): readonly Problem[] {
  const { network } = environment;
  if (network.kind === "existing") return [];
  const endpoints = network.kind === "private" ? network.endpoints.length : 0;
  const aZone = 2 ** (28 - Number(network.cidr.split("/")[1])) - keptOfSubnet - endpoints;
  const room = aZone * network.zones.length;
  const maxInstances = environment.limits.maxInstances ?? operationalDefaults.maxInstances;
  const rule = `${network.cidr} has room for ${room} instances, ${aZone} a zone; limits.maxInstances is ${maxInstances}`;
  return room < maxInstances ? [["network.cidr", rule]] : [];
}

/**
 * Session Manager's agent knows the proxy too, but a session must also work on a machine that cannot reach it: without a NAT gateway it needs
 * these endpoints (Session Manager prerequisites).
 */
function problemsOfSessions({ network, sessionAccess }: Environment): readonly Problem[] {
  if (!sessionAccess || network.kind !== "private" || network.nat) return [];
  const missing = (["ssm", "ssmmessages"] as const).filter((one) => !network.endpoints.includes(one));
  return missing.map((one) => [
    "network.endpoints",
    `must contain "${one}": without nat, sessionAccess could only use the proxy`,
  ]);
}

function problemsOfZones(zones: readonly string[], region: string, path: (at: number) => string): Problem[] {
  const problems: Problem[] = [];
  for (const [at, zone] of zones.entries()) {
    if (!zone.startsWith(region) || zone.length !== region.length + 1)
      problems.push([path(at), `"${zone}" is not a zone of ${region}`]);
    const first = zones.indexOf(zone);
    if (first !== at)
      problems.push([
        path(at),
        `"${zone}" is already ${path(first)}: EC2 refuses a fleet with two subnets of one zone`,
      ]);
  }
  return problems;
}

export function problemsOfNetwork(environment: Environment): readonly Problem[] {
  const { network, region, proxy } = environment;
  if (network.kind !== "existing") {
    const problems = [
      ...problemsOfCidr(network.cidr),
      ...problemsOfZones(network.zones, region, (at) => `network.zones[${at}]`),
    ];
    for (const [at, zone] of network.zones.entries())
      if (placeOfZone(zone) >= subnetsOfKind)
        problems.push([`network.zones[${at}]`, `"${zone}": a subnet is cut from the block for zones a to h only`]);
    if (network.zones.length === 0) problems.push(["network.zones", "must contain at least one zone"]);
    if (network.kind === "private" && !network.nat && proxy === undefined)
      problems.push(["network.nat", "is false and no proxy is set: instances could not reach GitHub"]);
    problems.push(...problemsOfSessions(environment));
    return problems.length > 0 ? problems : problemsOfRoom(environment);
  }
  const { subnets } = network;
  const problems = problemsOfZones(
    subnets.map(({ zone }) => zone),
    region,
    (at) => `network.subnets[${at}].zone`,
  );
  if (subnets.length === 0) problems.push(["network.subnets", "must contain at least one subnet"]);
  const home = subnets[0]?.vpc;
  for (const [at, { id, vpc }] of subnets.entries()) {
    if (vpc !== home)
      problems.push([
        `network.subnets[${at}].vpc`,
        `is ${vpc}, but subnets[0] is in ${home}: one security group serves one VPC`,
      ]);
    if (subnets.findIndex((other) => other.id === id) !== at)
      problems.push([`network.subnets[${at}].id`, `${id} is listed twice`]);
  }
  return problems;
}
