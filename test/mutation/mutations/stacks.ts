// Mistakes in the stacks: trust, guards and what is deployed.
import { of, type Mutation } from "../mutation.ts";

export const stacksMutations: readonly Mutation[] = [
  ...of("stacks/check-trust.ts", [
    "`deployFrom` without numbers is deployed",
    '["deployFrom.repository", deployFrom?.repository,',
    '["deployFrom.repository", undefined,',
    "stacks/trust-mistakes",
  ]),
  ...of(
    "stacks/first-boot-files.ts",
    [
      "tools that read https_proxy in lower case go past the proxy",
      "    ...Object.fromEntries(Object.entries(named).map(([name, value]) => [name.toLowerCase(), value])),",
      "",
      "stacks/first-boot-settings",
    ],
    ["dockerd pulls past the proxy", '  "docker.service",', "", "stacks/first-boot-settings"],
  ),
  ...of(
    "stacks/github-trust.ts",
    [
      "an owner or repository of a later, equal name deploys",
      "repo:${owner}@${ownerId}/${name}@${id}",
      "repo:${owner}@*/${name}@*",
      "stacks/github-trust",
    ],
    [
      "another repository of the owner takes the role by its subject",
      "claims: { repository: names },",
      "claims: {},",
      "stacks/github-trust",
    ],
    [
      "another owner takes the role by its subject",
      "claims: { repository_owner_id: ownerIds },",
      "claims: {},",
      "stacks/github-trust",
    ],
    [
      "refs that `provisionFrom` excludes take the role",
      "claims: { ...claims, ...within },",
      "claims,",
      "stacks/github-trust",
    ],
    [
      "the pinned owner's number is not asked for",
      "claims: { ...pins, ...claims, ...within },",
      "claims: { ...claims, ...within },",
      "stacks/github-trust",
    ],
  ),
  ...of("stacks/network.ts", [
    "removing a zone moves the subnets of the others",
    "cidrBlock: partOf(network.cidr, placeOfZone(zone) + 8),",
    "cidrBlock: partOf(network.cidr, network.zones.indexOf(zone) + 8),",
    "stacks/changes",
  ]),
  ...of(
    "stacks/pool-stack.ts",
    [
      "a removed launch template is deleted before what uses it has moved",
      "found.lifecycle = { createBeforeDestroy: true };",
      "",
      "stacks/removal-guard",
    ],
    [
      "what is removed goes before the guard has looked",
      "dependsOn: [guard, ...parts],",
      "dependsOn: [guard],",
      "stacks/removal-guard",
    ],
    [
      "a change of a part is made before the guard has looked",
      "found.dependsOn = [...(found.dependsOn ?? []), dependable(guard)];",
      "",
      "stacks/removal-guard",
    ],
  ),
];
