// The steps of `runpool ami`: each runs one operation of the image pipeline and prints its result.
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { apiVersion } from "../../../cloud/github/api-version.ts";
import { prune } from "../../../control/operate/images/prune.ts";
import { publish } from "../../../control/operate/images/publish.ts";
import { smoke, type SmokeRefusal } from "../../../control/operate/images/smoke.ts";
import { classOf, imageParametersOf } from "../../../domain/configuration.ts";
import { suggestion } from "../../../domain/nearest.ts";
import { BadInput } from "../../words/bad-input.ts";
import { counted, spoken } from "../../words/durations.ts";
import { wordsOfReason } from "../../words/reasons.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import type { Context } from "../context.ts";
import { interruptible, onInterrupt } from "../interrupts.ts";
import { hostClock } from "../../host-clock.ts";
import { ageStep } from "./age-step.ts";
import { bake } from "./bake.ts";
import { checkStep } from "./check-step.ts";
import type { AmiInput } from "./options.ts";
import { PackerFailed } from "./packer.ts";
import { pipelineWorld } from "./pipeline-world.ts";
import { readRecipe } from "../../../build/recipe.ts";
import { proposeUpdates } from "./updates.ts";

export type Step = (input: AmiInput, context: Context) => Promise<ExitCode>;

/** It is there: `problemsOfStep` has checked that. */
const imageOf = ({ image = "" }: AmiInput): string => image;

const bakeStep: Step = async (input, context) => {
  const { environment, region } = context.place();
  const interrupts = onInterrupt(() => context.progress.note("Stopping: Packer takes its instance and keys away"));
  const more = {
    ...(input.subnet === undefined ? {} : { subnet_id: input.subnet }),
    ...(input["kms-key"] === undefined ? {} : { kms_key_id: input["kms-key"] }),
    ...(input["instance-profile"] === undefined ? {} : { instance_profile: input["instance-profile"] }),
    ...(input["ssh-interface"] === undefined ? {} : { ssh_interface: input["ssh-interface"] }),
  };
  try {
    const baked = await bake({
      environment,
      region,
      more,
      variant: input.variant ?? "",
      recipe: input.recipe,
      agent: input.agent,
      ...(input.downloads === undefined ? {} : { downloads: input.downloads }),
      dockerForJobs: input["docker-for-jobs"],
      validateOnly: input["dry-run"],
      now: new Date(hostClock.now()),
      say: (line) => context.progress.note(line),
      cancel: interrupts.signal,
    });
    context.result(baked, () => [
      baked.imageId === undefined ? `${baked.variant} can be built` : `${baked.imageId} is ${baked.name}`,
    ]);
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof PackerFailed)) throw error;
    context.terminal.err.write(`runpool: ${error.message}\n`);
    return interrupts.signal.aborted ? exitCodes.cancelled : exitCodes.failed;
  } finally {
    interrupts.release();
  }
};

function wordsOfRefusal(imageId: string, reason: SmokeRefusal): string {
  switch (reason.code) {
    case "no-image":
      return `there is no image ${imageId} here`;
    case "image-unfit":
      return `${imageId} is ${reason.state}, for ${reason.architecture ?? "no runner of ours"}`;
    case "unknown-class":
      return `resource-class is "${reason.given}"; this environment has ${reason.known.join(", ")}`;
    case "timeout":
      return `timeout-min is "${reason.given}"; it is a whole number from 1 to ${reason.most}, the environment's limits.provision`;
    default:
      return wordsOfReason(reason);
  }
}

const testStep: Step = async (input, context) => {
  const imageId = imageOf(input);
  const world = await context.world();
  const { images } = pipelineWorld(context.place().region, context.progress);
  const { class: resourceClass, "timeout-min": timeoutMin } = input;
  const { result: smoked, cancelled } = await interruptible(
    context.progress,
    {
      waiting: () => `waiting for an instance of ${imageId} to register`,
      first: () => context.progress.note("Stopping: the instance is ended"),
    },
    (cancel) =>
      smoke(world, images, {
        imageId,
        id: String(world.clock.now()),
        cancel,
        ...(resourceClass === undefined ? {} : { resourceClass }),
        ...(timeoutMin === undefined ? {} : { timeoutMin }),
      }),
  );
  const reasons = smoked.kind === "passed" ? [] : smoked.reasons.map((reason) => wordsOfRefusal(imageId, reason));
  context.result({ imageId, ...smoked, ...(smoked.kind === "passed" ? {} : { reasons }) }, () =>
    smoked.kind === "passed"
      ? [`${imageId} passed: ${smoked.instanceId} registered after ${spoken(smoked.readyMs)}, and is ended`]
      : [
          `${imageId} ${smoked.kind === "failed" ? "failed its test" : "was not tested"}:`,
          ...reasons.map((why) => `- ${why}`),
        ],
  );
  if (smoked.kind === "passed") return exitCodes.done;
  if (cancelled) return exitCodes.cancelled;
  return smoked.kind === "refused" ? exitCodes.refused : exitCodes.failed;
};

const publishStep: Step = async (input, context) => {
  const imageId = imageOf(input);
  const { settings } = await context.world();
  const { configuration } = await settings.load();
  const { class: resourceClass = "" } = input;
  const classes = Object.keys(configuration.resourceClasses);
  if (resourceClass !== "" && !classes.includes(resourceClass))
    throw new BadInput(
      [
        `--class is "${resourceClass}"; this environment has ${classes.join(", ")}${suggestion(resourceClass, classes)}`,
      ],
      "ami",
    );
  const { imageParameters } = classOf(configuration, resourceClass);
  const waiting = context.progress.waiting(() => `publishing ${imageId}`);
  const outcome = await publish(pipelineWorld(context.place().region, context.progress), {
    imageId,
    parameters: imageParameters,
  }).finally(() => waiting.done());
  context.result({ imageId, ...outcome }, () => {
    switch (outcome.kind) {
      case "published":
        return [
          `${outcome.parameter} is ${imageId}`,
          ...(outcome.before === undefined ? [] : [`(it was ${outcome.before})`]),
        ];
      case "unchanged":
        return [`${outcome.parameter} is ${imageId} already`];
      case "refused":
        return [`${imageId} is not published:`, ...outcome.reasons.map((why) => `- ${why}`)];
    }
  });
  return outcome.kind === "refused" ? exitCodes.failed : exitCodes.done;
};

const pruneStep: Step = async ({ keep, "dry-run": dryRun }, context) => {
  const { environment, region } = context.place();
  const { settings } = await context.world();
  const { configuration } = await settings.load();
  const parameters = imageParametersOf(configuration);
  const waiting = context.progress.waiting(() => (dryRun ? "looking at the images" : "deleting what nothing uses"));
  const pruned = await prune(pipelineWorld(region, context.progress), {
    environment,
    parameters,
    keep: Number(keep),
    dryRun,
  }).finally(() => waiting.done());
  const { kept, images, snapshots, problems } = pruned;
  const facts = {
    dryRun,
    deleted: images.map(({ imageId, name, snapshotIds }) => ({ imageId, name, snapshotIds })),
    snapshots: snapshots.map(({ snapshotId }) => snapshotId),
    kept: kept.map(({ image: { imageId, name }, reasons }) => ({ imageId, name, reasons })),
    problems,
  };
  const done = dryRun ? "would be deleted" : "deleted";
  context.result(facts, () => [
    `${counted(images.length, "image")} and ${counted(snapshots.length, "snapshot")} without one ${done}, ${kept.length} kept`,
    ...images.map(({ imageId, name }) => `- ${imageId} ${name}`),
    ...facts.kept.map(({ imageId, name, reasons }) => `  kept: ${imageId} ${name}: ${reasons.join("; ")}`),
    ...problems.map((problem) => `  not deleted: ${problem}`),
  ]);
  return problems.length === 0 ? exitCodes.done : exitCodes.failed;
};

const proposeStep: Step = async ({ recipe: folder, write }, context) => {
  const recipe = readRecipe(folder);
  const token = process.env["GITHUB_TOKEN"] ?? "";
  const get = (url: string): Promise<Response> => {
    if (!url.startsWith("https://api.github.com/")) return fetch(url);
    return fetch(url, { headers: { ...apiVersion, ...(token === "" ? {} : { authorization: `Bearer ${token}` }) } });
  };
  const waiting = context.progress.waiting(() => "asking what has been released");
  const { versions, proposals } = await proposeUpdates(recipe.versions, recipe.sources, get).finally(() =>
    waiting.done(),
  );
  const file = join(folder, "versions.json");
  if (write && proposals.length > 0) {
    await writeFile(`${file}.new`, `${JSON.stringify(versions, undefined, 2)}\n`);
    await rename(`${file}.new`, file);
  }
  context.result({ proposals, versions, written: write && proposals.length > 0 }, () =>
    proposals.length === 0
      ? ["everything is the newest"]
      : [
          ...proposals.map(
            ({ name, from, to, checksum }) =>
              `${name}: ${from} → ${to}${checksum === "confirmed" ? "" : " (checksum computed from the download: check it in another way)"}`,
          ),
          write ? `written to ${file}` : "(--write writes it)",
        ],
  );
  return exitCodes.done;
};

const steps: Readonly<Record<AmiInput["step"], Step>> = {
  bake: bakeStep,
  test: testStep,
  publish: publishStep,
  prune: pruneStep,
  check: checkStep,
  age: ageStep,
  propose: proposeStep,
};
export const runStep: Step = (input, context) => steps[input.step](input, context);
