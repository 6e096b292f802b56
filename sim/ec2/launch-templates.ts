// Launch templates and their versions (EC2 API Reference, CreateLaunchTemplate and its siblings).
import { AwsFault } from "../http/service.ts";
import { invalid, refuse, required, structure, text, texts } from "./input.ts";
import type { Input } from "./input.ts";
import { filtered, page, tagFacts } from "./listing.ts";
import { tagSet, taggedAs } from "./tags.ts";
import { newId } from "./world.ts";
import type { Answer, Actions, LaunchTemplate, TemplateVersion, World } from "./world.ts";
import { moment } from "./xml.ts";
import type { Xml } from "./xml.ts";

/** Where the answer's name of a member is not its request name in lower case (with `Set` for lists). */
const answerNames: Readonly<Record<string, string>> = { LicenseSpecification: "licenseSet" };

/** LaunchTemplateData as the answers name it: `BlockDeviceMapping` comes back as `blockDeviceMappingSet`. */
export function answered(data: Input, inside = ""): Xml {
  const members = Object.entries(data).map(([name, value]): [string, Xml] => {
    const lower = name.charAt(0).toLowerCase() + name.slice(1);
    if (Array.isArray(value)) {
      const entries = (value as unknown[]).map((entry) =>
        typeof entry === "object" && entry !== null ? answered(entry as Input, name) : String(entry),
      );
      // Alone among the lists, an interface's groups are not called `item`.
      if (inside === "NetworkInterface" && name === "SecurityGroupId") return ["groupSet", { "*groupId": entries }];
      return [answerNames[name] ?? `${lower}Set`, entries];
    }
    return [lower, typeof value === "object" && value !== null ? answered(value as Input, name) : String(value)];
  });
  return Object.fromEntries(members);
}

/** The template that `LaunchTemplateId` or `LaunchTemplateName` names. */
export function templateOf(world: World, input: Input): LaunchTemplate {
  const [id, name] = [text(input, "LaunchTemplateId"), text(input, "LaunchTemplateName")];
  if ((id === undefined) === (name === undefined))
    throw new AwsFault(
      "MissingParameter",
      "You must specify either the launch template ID or the launch template name, but not both.",
    );
  if (id !== undefined) {
    const found = world.templates.get(id);
    if (found !== undefined) return found;
    if (!/^lt-[0-9a-f]{8,17}$/.test(id))
      throw new AwsFault("InvalidLaunchTemplateId.Malformed", `Invalid id: "${id}" (expecting "lt-...")`);
    throw new AwsFault(
      "InvalidLaunchTemplateId.NotFound",
      `The specified launch template, with template ID ${id}, does not exist.`,
    );
  }
  const found = [...world.templates.values()].find((template) => template.name === name);
  if (found !== undefined) return found;
  throw new AwsFault(
    "InvalidLaunchTemplateName.NotFoundException",
    `The specified launch template, with template name ${name}, does not exist.`,
  );
}

const latest = (template: LaunchTemplate): number => template.versions.at(-1)?.number ?? 0;

/** A version by number, `$Latest` or `$Default` (the default). */
export function versionOf(template: LaunchTemplate, version = "$Default"): TemplateVersion {
  const wanted =
    version === "$Latest" ? latest(template) : version === "$Default" ? template.defaultVersion : Number(version);
  const found = template.versions.find((candidate) => candidate.number === wanted);
  if (found === undefined)
    throw new AwsFault(
      "InvalidLaunchTemplateId.VersionNotFound",
      `Could not find launch template version ${version} for ${template.id}.`,
    );
  return found;
}

const describeTemplate = (world: World, template: LaunchTemplate): Xml => ({
  launchTemplateId: template.id,
  launchTemplateName: template.name,
  createTime: moment(template.createdAt),
  createdBy: `arn:aws:iam::${world.account}:root`,
  defaultVersionNumber: template.defaultVersion,
  latestVersionNumber: latest(template),
  tagSet: tagSet(template.tags),
});

const describeVersion = (world: World, template: LaunchTemplate, version: TemplateVersion): Xml => ({
  launchTemplateId: template.id,
  launchTemplateName: template.name,
  versionNumber: version.number,
  versionDescription: version.description,
  createTime: moment(version.createdAt),
  createdBy: `arn:aws:iam::${world.account}:root`,
  defaultVersion: version.number === template.defaultVersion,
  launchTemplateData: answered(version.data),
});

/** 16 KB is measured before encoding. */
const checkData = (data: Input): Input => {
  const userData = text(data, "UserData");
  if (userData !== undefined && !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(userData))
    throw new AwsFault("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.");
  if (userData !== undefined && Buffer.from(userData, "base64").length > 16_384)
    throw invalid("User data is limited to 16384 bytes");
  return data;
};

function create(world: World, input: Input): Answer {
  const name = required(input, "LaunchTemplateName");
  if (!/^[a-zA-Z0-9().\-/_]{3,128}$/.test(name))
    throw new AwsFault(
      "InvalidLaunchTemplateName.MalformedException",
      "Launch template names must be between 3 and 128 characters long, and may contain letters, numbers, and the following characters: - ( ) . / _.",
    );
  if ([...world.templates.values()].some((template) => template.name === name))
    throw new AwsFault("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.");
  const data = structure(input, "LaunchTemplateData");
  if (data === undefined)
    throw new AwsFault("MissingParameter", "The request must contain the parameter LaunchTemplateData");
  const createdAt = world.clock.now();
  const template: LaunchTemplate = {
    id: newId(world, "lt"),
    name,
    createdAt,
    defaultVersion: 1,
    versions: [{ number: 1, description: text(input, "VersionDescription"), createdAt, data: checkData(data) }],
    tags: taggedAs(input, "launch-template"),
  };
  world.templates.set(template.id, template);
  return { launchTemplate: describeTemplate(world, template) };
}

function createVersion(world: World, input: Input): Answer {
  const template = templateOf(world, input);
  const source = text(input, "SourceVersion");
  const version: TemplateVersion = {
    number: latest(template) + 1,
    description: text(input, "VersionDescription"),
    createdAt: world.clock.now(),
    data: checkData({
      ...(source === undefined ? {} : versionOf(template, source).data),
      ...structure(input, "LaunchTemplateData"),
    }),
  };
  template.versions.push(version);
  return { launchTemplateVersion: describeVersion(world, template, version) };
}

function remove(world: World, input: Input): Answer {
  const template = templateOf(world, input);
  world.templates.delete(template.id);
  return { launchTemplate: describeTemplate(world, template) };
}

function describe(world: World, input: Input): Answer {
  const [ids, names] = [texts(input, "LaunchTemplateId"), texts(input, "LaunchTemplateName")];
  const named = [
    ...ids.map((id) => templateOf(world, { LaunchTemplateId: id })),
    ...names.map((name) => templateOf(world, { LaunchTemplateName: name })),
  ];
  const all = named.length > 0 ? named : [...world.templates.values()];
  const found = filtered(input, all, (template) => (filter) => {
    if (filter === "launch-template-name") return [template.name];
    return tagFacts(filter, template.tags);
  });
  const { entries, nextToken } = page(input, found, { min: 1, max: 200 });
  return { launchTemplates: entries.map((template) => describeTemplate(world, template)), nextToken };
}

function describeVersions(world: World, input: Input): Answer {
  const wanted = texts(input, "LaunchTemplateVersion");
  refuse(input, ["ResolveAlias", "MinVersion", "MaxVersion"]);
  const template = templateOf(world, input);
  const found =
    wanted.length > 0 ? wanted.map((version) => versionOf(template, version)) : template.versions.toReversed();
  const { entries, nextToken } = page(input, found, { min: 1, max: 200 });
  return { launchTemplateVersionSet: entries.map((one) => describeVersion(world, template, one)), nextToken };
}

/** An image id, or what the SSM parameter of `resolve:ssm:NAME` says (the caller's rights are not modelled). */
export function resolveImage(world: World, imageId: string): string {
  const alias = /^resolve:ssm:(.+)$/.exec(imageId)?.[1];
  if (alias === undefined) return imageId;
  const value = world.parameter(alias);
  if (value === undefined)
    throw new AwsFault("InvalidParameterValue", `The SSM parameter ${alias} could not be resolved.`);
  return value;
}

export const launchTemplateActions: Actions = {
  CreateLaunchTemplate: create,
  CreateLaunchTemplateVersion: createVersion,
  DeleteLaunchTemplate: remove,
  DescribeLaunchTemplates: describe,
  DescribeLaunchTemplateVersions: describeVersions,
};
