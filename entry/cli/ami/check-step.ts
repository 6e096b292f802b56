// `runpool ami check`: this machine by the image's spec, or an AMI as EC2 describes it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { LaunchReader, TemplateSeen } from "../../../cloud/ports/doctor.ts";
import type { ImageSeen } from "../../../cloud/ports/images.ts";
import { Unconfigured } from "../../../cloud/ports/settings.ts";
import { misfitsOf } from "../../../control/operate/doctor/launch.ts";
import type { Configuration } from "../../../domain/configuration.ts";
import type { Architecture } from "../../../domain/record.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import type { Context } from "../context.ts";
import { pipelineWorld } from "./pipeline-world.ts";
import type { AmiInput } from "./options.ts";

/** Where a baked image has it. */
const installed = "/usr/lib/runpool/spec";

async function checkMachine({ phase, recipe }: AmiInput, context: Context): Promise<ExitCode> {
  const beside = resolve(recipe, "spec");
  const folder = existsSync(join(beside, "check.sh")) ? beside : installed;
  if (!existsSync(join(folder, "check.sh")))
    throw new Unconfigured(
      `no spec found in ${beside} or ${installed}: run this in a checkout of runpool, or give --recipe`,
    );
  const child = spawn("bash", [join(folder, "check.sh"), phase], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const waiting = context.progress.waiting(() => "checking this machine");
  const code = await new Promise<number>((done, failed) => {
    child.once("error", failed);
    child.once("close", (ended) => done(ended ?? -1));
  }).finally(() => waiting.done());
  const lines = output.trimEnd().split("\n");
  const missing = lines.flatMap((line) => /^MISSING +(.+)$/.exec(line)?.[1] ?? []);
  const standIns = lines.flatMap((line) => /^STAND-IN +(.+)$/.exec(line)?.[1] ?? []);
  context.result({ phase, ok: code === 0, missing, standIns, summary: lines.at(-1) }, () => lines);
  if (code === 64) return exitCodes.refused;
  return code === 0 ? exitCodes.done : exitCodes.failed;
}

interface Problem {
  readonly words: string;
  /** Not by itself a reason against the image: launch templates see to it, or it could not be compared. */
  readonly isAdvice: boolean;
}
const against = (words: string): Problem => ({ words, isAdvice: false });
const advice = (words: string): Problem => ({ words, isAdvice: true });

/** What EC2 itself knows; what is on the disk, only a machine of it can tell. */
const problemsOf = (image: ImageSeen): readonly Problem[] => [
  ...(image.architecture === undefined ? [against("its architecture is neither x86_64 nor arm64")] : []),
  ...(image.state === "available" ? [] : [against(`it is ${image.state}`)]),
  ...(image.encrypted ? [] : [advice("its snapshot is not encrypted (instances' disks are, by the launch template)")]),
  ...(image.metadataV2
    ? []
    : [advice("it does not ask for instance metadata version 2 itself (the launch template does)")]),
];

/** The launch templates of one partition, by pool: all partitions have the same machines. And why some could not be read. */
async function templatesOf(
  launch: LaunchReader,
  { templates, classes = {} }: Configuration,
  architecture: Architecture,
) {
  const byPool = new Map(Object.entries(templates).map(([key, template]) => [key.split("#").at(-1) ?? key, template]));
  const seen = new Map<string, TemplateSeen>();
  const unread: string[] = [];
  for (const [pool, { id, version }] of byPool) {
    // A class with an image of its own has nothing to do with this one.
    const [resourceClass = "", own] = pool.split("/");
    if (own !== architecture || classes[resourceClass]?.imageParameters?.[architecture] !== undefined) continue;
    const look = await launch.template(id, version);
    if (look.kind === "unseen") unread.push(`${pool} (${look.why})`);
    else if (look.value === undefined) unread.push(`${pool} (there is no ${id} with version ${version})`);
    else seen.set(pool, look.value);
  }
  return { seen, unread };
}

/** Compares the image with the environment's launch templates; reports if there is no environment yet. */
async function misfitsIn(image: ImageSeen, launch: LaunchReader, context: Context): Promise<readonly Problem[]> {
  if (image.architecture === undefined) return [];
  const { settings } = await context.world();
  let configuration: Configuration;
  try {
    ({ configuration } = await settings.load());
  } catch (error) {
    if (!(error instanceof Unconfigured)) throw error;
    return [advice(`it was not compared with what the launch template does: ${error.message}`)];
  }
  const { seen, unread } = await templatesOf(launch, configuration, image.architecture);
  return [
    ...misfitsOf(image, seen).map(({ found, remedy }) => against(`${found}: ${remedy}`)),
    ...unread.map((template) => advice(`it was not compared with the launch template of ${template}`)),
  ];
}

async function checkImage(imageId: string, context: Context): Promise<ExitCode> {
  const { images, launch } = pipelineWorld(context.place().region, context.progress);
  const waiting = context.progress.waiting(() => `looking at ${imageId}`);
  const image = await images.one(imageId).finally(() => waiting.done());
  const problems =
    image === undefined
      ? [against("no such image in this account and region")]
      : [...problemsOf(image), ...(await misfitsIn(image, launch, context))];
  const wordsOf = (asAdvice: boolean): readonly string[] =>
    problems.flatMap(({ words, isAdvice }) => (isAdvice === asAdvice ? [words] : []));
  const missing = wordsOf(false);
  context.result({ imageId, ok: missing.length === 0, missing, advice: wordsOf(true) }, () => [
    `${imageId}${image === undefined ? "" : ` (${image.name}, ${image.architecture ?? "?"})`}: ${missing.length === 0 ? "may serve" : "cannot serve"}`,
    ...problems.map(({ words }) => `- ${words}`),
    "To check the disk, run runpool ami check on a machine of this image.",
  ]);
  return missing.length === 0 ? exitCodes.done : exitCodes.failed;
}

export const checkStep = (input: AmiInput, context: Context): Promise<ExitCode> =>
  input.image === undefined ? checkMachine(input, context) : checkImage(input.image, context);
