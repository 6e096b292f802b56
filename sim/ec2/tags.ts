// Tags: those of a request's TagSpecification, and CreateTags on every kind of resource.
import { AwsFault } from "../http/service.ts";
import { invalid, required, structures, text, texts } from "./input.ts";
import type { Input } from "./input.ts";
import type { Answer, Actions, Tags, World } from "./world.ts";
import type { Xml } from "./xml.ts";

export const tagSet = (tags: Tags): Xml | undefined =>
  tags.size === 0 ? undefined : [...tags].map(([key, value]) => ({ key, value }));

const checkKey = (key: string): string => {
  if (key.length === 0 || key.length > 127) throw invalid("Tag key exceeds the maximum length of 127 characters");
  if (key.toLowerCase().startsWith("aws:"))
    throw invalid(`Tag keys starting with 'aws:' are reserved for internal use`);
  return key;
};

/** The keys and values of a `Tag` list. */
const tagsIn = (input: Input): Tags => {
  const tags: Tags = new Map();
  for (const tag of structures(input, "Tag")) {
    const [key, value] = [checkKey(required(tag, "Key")), text(tag, "Value") ?? ""];
    if (value.length > 256) throw invalid("Tag value exceeds the maximum length of 256 characters");
    if (tags.has(key)) throw invalid(`Duplicate tag key '${key}' specified.`);
    tags.set(key, value);
  }
  return tags;
};

/** What a request's `TagSpecification` says for one resource type. */
export const taggedAs = (input: Input, resourceType: string): Tags =>
  new Map(
    structures(input, "TagSpecification")
      .filter((specification) => text(specification, "ResourceType") === resourceType)
      .flatMap((specification) => [...tagsIn(specification)]),
  );

/** Tag keys that the metadata service cannot show as a path (EC2 User Guide, instance tags in instance metadata). */
export const refuseInMetadata = (keys: Iterable<string>): AwsFault | undefined => {
  for (const key of keys)
    if (/[\s/]/.test(key) || [".", "..", "_index"].includes(key))
      return invalid(
        `'${key}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{1,255}), and must not be a reserved name ('.', '..', '_index')`,
      );
  return undefined;
};

interface Tagged {
  readonly id: string;
  readonly resourceType: string;
  readonly tags: Tags;
}

const everything = (world: World): Tagged[] => {
  const named = (resourceType: string, resources: Iterable<{ id: string; tags: Tags }>): Tagged[] =>
    [...resources].map(({ id, tags }) => ({ id, resourceType, tags }));
  return [
    ...named("instance", world.machines.values()),
    ...named("image", world.images.values()),
    ...named("snapshot", world.snapshots.values()),
    ...named("launch-template", world.templates.values()),
    ...named("fleet", world.fleets.values()),
    ...named("subnet", world.subnets.values()),
    ...named("vpc", world.vpcs.values()),
    ...named("security-group", world.securityGroups.values()),
  ];
};

const notFound: Readonly<Record<string, string>> = {
  i: "InvalidInstanceID.NotFound",
  ami: "InvalidAMIID.NotFound",
  snap: "InvalidSnapshot.NotFound",
  lt: "InvalidLaunchTemplateId.NotFound",
  subnet: "InvalidSubnetID.NotFound",
  vpc: "InvalidVpcID.NotFound",
  sg: "InvalidGroup.NotFound",
};

/** The named resources, all or none. */
const resourcesOf = (world: World, input: Input): Tagged[] => {
  const all = new Map(everything(world).map((resource) => [resource.id, resource]));
  const ids = texts(input, "ResourceId");
  if (ids.length === 0) throw new AwsFault("MissingParameter", "The request must contain the parameter resourceIdSet");
  return ids.map((id) => {
    const found = all.get(id);
    if (found === undefined)
      throw new AwsFault(notFound[id.split("-")[0] ?? ""] ?? "InvalidID", `The ID '${id}' does not exist`);
    return found;
  });
};

function create(world: World, input: Input): Answer {
  const resources = resourcesOf(world, input);
  const tags = tagsIn(input);
  for (const { id, tags: has } of resources) {
    if (new Set([...has.keys(), ...tags.keys()]).size > 50)
      throw new AwsFault("TagLimitExceeded", "The maximum number of tags for a resource has been reached.");
    const refusal =
      world.machines.get(id)?.metadata.tagsInMetadata === true ? refuseInMetadata(tags.keys()) : undefined;
    if (refusal !== undefined) throw refusal;
  }
  for (const resource of resources) for (const [key, value] of tags) resource.tags.set(key, value);
  return { return: true };
}

export const tagActions: Actions = { CreateTags: create };
