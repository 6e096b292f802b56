// What instances may stand on in an environment: all that a deployment could take away from under them.
import { machineName } from "../../domain/class-keys.ts";
import type { Kept } from "../../domain/configuration.ts";
import { keptMachines, queuedClasses } from "../arns.ts";
import type { Environment } from "../environment/environment.ts";
import { keptPartitions } from "../environment/partitions.ts";

/** A field that is not named here takes nothing away when it changes (test/stacks/changes.test.ts has a row for each). */
export function keptOf(environment: Environment): Kept {
  const { network, region, account, kmsKeyArn, forge } = environment;
  const isPrivate = network.kind === "private";
  const isExisting = network.kind === "existing";
  return {
    classes: queuedClasses(environment).toSorted(),
    partitions: keptPartitions(environment),
    machines: keptMachines(environment).map(machineName).toSorted(),
    zones: isExisting ? [] : network.zones.toSorted(),
    all: {
      account: [account],
      region: [region],
      // By its policy an instance reads a table of this key alone.
      kmsKeyArn: [kmsKeyArn ?? "AWS's own key"],
      "forge.serverUrl": [forge.serverUrl],
      "network.kind": [network.kind],
      "network.cidr": isExisting ? [] : [network.cidr],
      "network.subnets": isExisting ? [network.subnets[0]?.vpc ?? ""] : [],
      // It stands in the first zone; another one's would have another address, and connections would break.
      "network.nat": isPrivate && network.nat ? [`the NAT gateway in ${network.zones[0]}`] : [],
      "network.endpoints": isPrivate ? [...network.endpoints].toSorted() : [],
    },
  };
}
