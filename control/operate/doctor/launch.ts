// The doctor on what machines are made from: launch templates and images. Pure.
import type { ImageSeen, TemplateSeen } from "../../../cloud/ports/doctor.ts";
import type { Configuration } from "../../../domain/configuration.ts";
import { tags } from "../../../domain/names.ts";
import type { Architecture } from "../../../domain/record.ts";
import { fail, lasting, ok, warn, worst, type Check } from "./check.ts";

const day = 24 * 60 * 60_000;
/** An image carries a runner, and GitHub gives no jobs to one 30 days behind: a month-old image needs a rebuild anyway. */
const imageOldMs = 30 * day;

/** `pool`: `class/architecture`. */
export function judgeTemplate(pool: string, version: string, seen: TemplateSeen | undefined, redeploy: string): Check {
  const name = `template ${pool}`;
  if (seen === undefined) return fail(name, `version ${version} of its launch template does not exist`, redeploy);
  const wrong: string[] = [];
  if (!seen.tokensRequired)
    wrong.push("metadata may be read without a token (IMDSv1): a job can steal the instance's credentials");
  if (seen.hopLimit !== 1)
    wrong.push(`metadata's hop limit is ${seen.hopLimit ?? "not set"}, not 1: containers can reach it`);
  if (seen.onShutdown !== "terminate")
    wrong.push(
      `a machine that powers off is ${seen.onShutdown === "stop" ? "stopped" : "not surely terminated"}: it leaks`,
    );
  if (!seen.tagsInMetadata)
    wrong.push("metadata does not show the tags: a machine without a record does not know that it is the pool's");
  if (!seen.instanceProfile) wrong.push("it gives machines no instance profile: agents cannot report");
  if (seen.disks.length === 0)
    wrong.push("it asks for no disk: the root is as small as the image, and may be unencrypted");
  for (const { device, encrypted } of seen.disks)
    if (!encrypted) wrong.push(`its disk ${device} is not encrypted: what a job leaves there can be read from a copy`);
  if (wrong.length > 0)
    return worst(
      name,
      wrong.map((found) => fail(name, found, redeploy)),
      "",
    );
  if (seen.latest !== version)
    return warn(
      name,
      `version ${version} is used, but ${seen.latest} is the newest: it was changed by hand, or a deployment was cut off`,
      redeploy,
    );
  return ok(name, `version ${version}: IMDSv2, hop limit 1, ends on power-off, tags in metadata`);
}

/** The parameter that names the image; undefined: the image can be looked for. */
export function judgeImageParameter(name: string, parameter: string, text: string | undefined): Check | undefined {
  const remedy = `aws ssm put-parameter --overwrite --type String --name ${parameter} --value ami-…`;
  if (text === undefined) return fail(name, `the parameter ${parameter} does not exist`, remedy);
  if (!/^ami-[0-9a-f]{8,17}$/.test(text))
    return fail(name, `the parameter ${parameter} holds "${text}", which is no AMI id`, remedy);
  return undefined;
}

/** What is wrong, and what would be right. */
interface Misfit {
  readonly found: string;
  readonly remedy: string;
}

/**
 * Where an image and the launch templates of its architecture do not fit, each difference once. `templates`: by pool. EC2 launches a machine
 * of another root device all the same, with a second disk; a root smaller than its snapshot it refuses (EC2 User Guide, "Block device
 * mappings for volumes on Amazon EC2 instances").
 */
export function misfitsOf(
  { virtualization, rootDevice, rootGiB }: Pick<ImageSeen, "virtualization" | "rootDevice" | "rootGiB">,
  templates: ReadonlyMap<string, Pick<TemplateSeen, "disks">>,
): readonly Misfit[] {
  const misfits: Misfit[] =
    virtualization === "hvm"
      ? []
      : [
          {
            found: `its virtualization is ${virtualization}, and the types of today boot hvm alone`,
            remedy: "build an image of virtualization type hvm",
          },
        ];
  const pools = [...templates].filter(([, { disks }]) => disks.length > 0);
  const elsewhere = pools.filter(([, { disks }]) => disks.every(({ device }) => device !== rootDevice));
  if (elsewhere.length > 0) {
    const devices = [...new Set(elsewhere.flatMap(([, { disks }]) => disks.map(({ device }) => device)))];
    misfits.push({
      found: `its root device is ${rootDevice}, and the launch templates size and encrypt ${devices.join(", ")}: each machine gets two disks, and its root neither the size nor the encryption of the environment`,
      remedy: `make operatingSystem (of defaults, or of the class) the one of the image (Amazon Linux has its root at /dev/xvda, Ubuntu at /dev/sda1) and deploy it, or name an image whose root device is ${devices.join(", ")}`,
    });
  }
  if (rootGiB !== undefined) {
    const small = pools.flatMap(([pool, { disks }]) => {
      const size = disks.find(({ device }) => device === rootDevice)?.sizeGiB;
      return size !== undefined && size < rootGiB ? [`${pool} (${size} GiB)`] : [];
    });
    if (small.length > 0)
      misfits.push({
        found: `its root's snapshot has ${rootGiB} GiB, more than the disk of ${small.join(", ")}: EC2 refuses every launch`,
        remedy: `give defaults.disk.sizeGiB, or disk.sizeGiB of these classes, at least ${rootGiB} and deploy it, or build a smaller image`,
      });
  }
  return misfits;
}

/** An image that no role of the environment may launch: EC2 answers with a missing right, for any owner (IAM's `ec2:Owner`). */
function notLaunchable(
  id: string,
  { owners, environment }: ImageSeen,
  configuration: Pick<Configuration, "account" | "environment" | "launchableImages">,
): readonly Misfit[] {
  const { launchableImages: may } = configuration;
  if (may === undefined || may.ids.includes(id) || owners.some((owner) => may.owners.includes(owner))) return [];
  const ours = owners.includes(configuration.account);
  if (ours && environment === configuration.environment) return [];
  const [owner = "an unknown account"] = owners;
  return ours
    ? [
        {
          found: `it is this account's without the tag ${tags.environment}=${configuration.environment}: the environment's roles may not launch it`,
          remedy: `aws ec2 create-tags --resources ${id} --tags Key=${tags.environment},Value=${configuration.environment}, or name it by id as an image in the environment's file and deploy it`,
        },
      ]
    : [
        {
          found: `it is ${owner}'s, and the environment's roles may launch images of ${may.owners.join(", ")} alone`,
          remedy: `add "${owner}" to imageOwners of the environment's file, or name the image by id there, and deploy it`,
        },
      ];
}

/** `templates`: those of the architecture that could be looked at, by pool. */
export function judgeImage(
  name: string,
  architecture: Architecture,
  id: string,
  source: string,
  seen: ImageSeen | undefined,
  templates: ReadonlyMap<string, TemplateSeen>,
  configuration: Pick<Configuration, "account" | "environment" | "launchableImages">,
  now: number,
): Check {
  const rebuild = `build an image, and name it in ${source}`;
  if (seen === undefined)
    return fail(name, `${id} (${source}) does not exist in this account and region, or is not shared with it`, rebuild);
  if (seen.state !== "available") return fail(name, `${id} is ${seen.state}, not available`, rebuild);
  if (seen.architecture !== architecture)
    return fail(name, `${id} is made for ${seen.architecture}, not ${architecture}`, rebuild);
  const unfit = [...misfitsOf(seen, templates), ...notLaunchable(id, seen, configuration)];
  const misfits = unfit.map(({ found, remedy }) => fail(name, `${id}: ${found}`, remedy));
  if (misfits.length > 0) return worst(name, misfits, "");
  const age = now - seen.createdAt;
  const found = `${id}, ${lasting(age)} old`;
  return age > imageOldMs ? warn(name, `${found}: its runner and its packages age with it`, rebuild) : ok(name, found);
}
