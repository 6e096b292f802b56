// What the metadata service shows of one machine, as a tree of paths (EC2 User Guide, instance metadata categories).
import type { Machine } from "../ec2/machine.ts";
import { roleCredentials, roleName } from "./role-credentials.ts";

/** A leaf's text, or a folder; an absent entry is a 404. */
export type Node = string | { readonly [name: string]: Node | undefined };

const whole = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

const iam = (machine: Machine, now: number): Node | undefined => {
  const role = roleName(machine);
  if (role === undefined || machine.profileArn === undefined) return undefined;
  return {
    info: JSON.stringify({
      Code: "Success",
      LastUpdated: whole(now),
      InstanceProfileArn: machine.profileArn,
      InstanceProfileId: `AIPA${machine.id.slice(2, 18).toUpperCase()}`,
    }),
    "security-credentials": { [role]: JSON.stringify(roleCredentials(machine, now), null, 2) },
  };
};

/** 404 until spot gives its notice. */
const spot = (machine: Machine): Node | undefined => {
  const notice = machine.spotNotice;
  return notice === undefined
    ? undefined
    : {
        "instance-action": JSON.stringify({ action: "terminate", time: whole(notice.takenAt) }),
        "termination-time": whole(notice.takenAt),
      };
};

const identity = (machine: Machine): string =>
  JSON.stringify(
    {
      accountId: machine.account,
      architecture: machine.type.architecture,
      availabilityZone: machine.zone,
      billingProducts: null,
      devpayProductCodes: null,
      marketplaceProductCodes: null,
      imageId: machine.imageId,
      instanceId: machine.id,
      instanceType: machine.type.name,
      kernelId: null,
      pendingTime: whole(machine.launchedAt),
      privateIp: machine.privateIp,
      ramdiskId: null,
      region: machine.region,
      version: "2017-09-30",
    },
    null,
    2,
  );

/** Everything under `/latest`. */
export const metadataOf = (machine: Machine, now: number): Node => ({
  dynamic: { "instance-identity": { document: identity(machine) } },
  "meta-data": {
    "ami-id": machine.imageId,
    "ami-launch-index": String(machine.launchIndex),
    events:
      machine.spotNotice === undefined
        ? undefined
        : { recommendations: { rebalance: JSON.stringify({ noticeTime: whole(machine.spotNotice.noticedAt) }) } },
    hostname: `ip-${machine.privateIp.replaceAll(".", "-")}.ec2.internal`,
    iam: iam(machine, now),
    "instance-action": "none",
    "instance-id": machine.id,
    "instance-life-cycle": machine.market,
    "instance-type": machine.type.name,
    "local-hostname": `ip-${machine.privateIp.replaceAll(".", "-")}.ec2.internal`,
    "local-ipv4": machine.privateIp,
    placement: { "availability-zone": machine.zone, region: machine.region },
    "reservation-id": machine.reservationId,
    services: { domain: "amazonaws.com", partition: "aws" },
    spot: spot(machine),
    tags: machine.metadata.tagsInMetadata ? { instance: Object.fromEntries(machine.tags) } : undefined,
  },
  "user-data": machine.userData === undefined ? undefined : Buffer.from(machine.userData, "base64").toString(),
});

/** The text at a path; a folder lists its entries, sub-folders with a slash at the end. */
export function read(root: Node, path: string): string | undefined {
  let node: Node | undefined = root;
  for (const part of path.split("/").filter((piece) => piece !== "")) {
    if (typeof node !== "object" || !Object.hasOwn(node, part)) return undefined;
    node = node[part];
  }
  if (node === undefined || typeof node === "string") return node;
  return Object.entries(node)
    .filter(([, child]) => child !== undefined)
    .map(([name, child]) => (typeof child === "string" ? name : `${name}/`))
    .join("\n");
}
