// The doctor on what machines are made from: launch templates and images. Pure.
import type { ImageSeen, TemplateSeen } from "../../cloud/doctor-ports.ts";
import type { Architecture } from "../../domain/record.ts";
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
export function judgeImageParameter(
  architecture: Architecture,
  parameter: string,
  text: string | undefined,
): Check | undefined {
  const name = `image ${architecture}`;
  const remedy = `aws ssm put-parameter --overwrite --type String --name ${parameter} --value ami-…`;
  if (text === undefined) return fail(name, `the parameter ${parameter} does not exist`, remedy);
  if (!/^ami-[0-9a-f]{8,17}$/.test(text))
    return fail(name, `the parameter ${parameter} holds "${text}", which is no AMI id`, remedy);
  return undefined;
}

export function judgeImage(
  architecture: Architecture,
  id: string,
  source: string,
  seen: ImageSeen | undefined,
  now: number,
): Check {
  const name = `image ${architecture}`;
  const rebuild = `build an image, and name it in ${source}`;
  if (seen === undefined)
    return fail(name, `${id} (${source}) does not exist in this account and region, or is not shared with it`, rebuild);
  if (seen.state !== "available") return fail(name, `${id} is ${seen.state}, not available`, rebuild);
  if (seen.architecture !== architecture)
    return fail(name, `${id} is made for ${seen.architecture}, not ${architecture}`, rebuild);
  const age = now - seen.createdAt;
  const found = `${id}, ${lasting(age)} old`;
  return age > imageOldMs ? warn(name, `${found}: its runner and its packages age with it`, rebuild) : ok(name, found);
}
