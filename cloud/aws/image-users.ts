// Who uses an image: launch templates in any of their versions, with aliases resolved, and machines that are not gone.
import {
  paginateDescribeInstances,
  paginateDescribeLaunchTemplateVersions,
  paginateDescribeLaunchTemplates,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { asSdkError, raise } from "./sdk-errors.ts";

type Users = Map<string, string[]>;
const add = (users: Users, imageId: string | undefined, who: string): void => {
  if (imageId === undefined || imageId === "") return;
  users.set(imageId, [...(users.get(imageId) ?? []), who]);
};

/**
 * The current value of `resolve:ssm:NAME`. Read from Parameter Store itself: EC2's own ResolveAlias fails for a whole template if one
 * of its versions names a parameter that is gone; such a version launches nothing, and so uses nothing.
 */
async function resolved(ssm: SSMClient, alias: string): Promise<string | undefined> {
  const Name = alias.slice("resolve:ssm:".length);
  try {
    return (await ssm.send(new GetParameterCommand({ Name }))).Parameter?.Value;
  } catch (error) {
    if (/^Parameter(Version)?NotFound$/.test(asSdkError(error).name)) return undefined;
    return raise(`GetParameter ${Name}`, error);
  }
}

async function templates(client: EC2Client, ssm: SSMClient, users: Users): Promise<void> {
  const aliases = new Map<string, Promise<string | undefined>>();
  const idOf = (named: string): Promise<string | undefined> => {
    if (!named.startsWith("resolve:ssm:")) return Promise.resolve(named);
    const known = aliases.get(named) ?? resolved(ssm, named);
    aliases.set(named, known);
    return known;
  };
  for await (const { LaunchTemplates } of paginateDescribeLaunchTemplates({ client, pageSize: 200 }, {}))
    for (const { LaunchTemplateId, LaunchTemplateName } of LaunchTemplates ?? []) {
      const versions = paginateDescribeLaunchTemplateVersions({ client, pageSize: 200 }, { LaunchTemplateId });
      for await (const { LaunchTemplateVersions } of versions)
        for (const { VersionNumber, LaunchTemplateData } of LaunchTemplateVersions ?? []) {
          const named = LaunchTemplateData?.ImageId;
          if (named === undefined) continue;
          add(users, await idOf(named), `launch template ${LaunchTemplateName ?? ""} version ${VersionNumber ?? 0}`);
        }
    }
}

async function machines(client: EC2Client, users: Users): Promise<void> {
  const states = ["pending", "running", "shutting-down", "stopping", "stopped"];
  const wanted = { Filters: [{ Name: "instance-state-name", Values: states }] };
  for await (const { Reservations } of paginateDescribeInstances({ client, pageSize: 1000 }, wanted))
    for (const { InstanceId, ImageId } of (Reservations ?? []).flatMap(({ Instances }) => Instances ?? []))
      add(users, ImageId, `instance ${InstanceId ?? ""}`);
}

/** By image id, users of other environments too: an image in use must not be deleted. */
export async function imageUsers(client: EC2Client, ssm: SSMClient): Promise<ReadonlyMap<string, readonly string[]>> {
  const users: Users = new Map();
  try {
    await templates(client, ssm, users);
    // After the templates: what was launched from them meanwhile is seen.
    await machines(client, users);
  } catch (error) {
    return raise("who uses an image", error);
  }
  return users;
}
