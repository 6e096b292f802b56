// Reasons, causes and problems in words, for terminals, logs and summaries.
import type { RefreshReport } from "../../control/refresh/refresh.ts";
import type { Released } from "../../control/runs/release.ts";
import type { Brake } from "../../domain/brake.ts";
import { limits } from "../../domain/limits.ts";
import type { Cause, InstanceReason, Problem, Reason, RungName } from "../../domain/reasons.ts";
import type { Signal, SignalReport } from "../../domain/record.ts";

/** What a signal says beside its kind, the cause first. */
export const wordsOfReport = ({ cause, detail }: SignalReport): string | undefined =>
  cause === undefined || detail === undefined ? (cause ?? detail) : `${cause}: ${detail}`;

const inSeconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
const inMinutes = (ms: number): string => `${Math.round(ms / 60_000)} min`;

export function wordsOfCause(cause: Cause): string {
  switch (cause.code) {
    case "gone":
      if (cause.by === "unknown") return "EC2 does not know the machine";
      return `EC2 reports it ${cause.by}${cause.reason === undefined ? "" : `: ${cause.reason}`}`;
    case "used-up":
      return `used ${cause.uses} times of at most ${cause.most}`;
    case "aged":
      return `older than ${inMinutes(cause.mostMs)}`;
    case "class-retired":
      return `class ${cause.resourceClass} is retired`;
    case "configuration-replaced":
      return "its configuration is no longer the deployed one";
    case "not-deployed":
      return `${cause.machine} is no longer deployed`;
    case "template-replaced":
      return `launch template version ${cause.version}, not ${cause.wanted}`;
    case "image-replaced":
      return `image ${cause.imageId}, not ${cause.wanted}`;
    case "disk-full":
      return `${Math.round(cause.free * 100)} % of its disk is free`;
    case "runner-outdated":
      return `GitHub soon gives runner ${cause.version} no more jobs: ${cause.newer} is out for four weeks`;
    case "spoilt":
      return `its instance has written what no agent writes: ${cause.attributes.join(", ")}`;
    case "retired":
      return "its agent ended it";
    case "expired":
      return `past its threshold as ${cause.state}`;
    case "silent":
      return `no heartbeat for ${inSeconds(cause.ms)}`;
    case "unacknowledged":
      return "did not acknowledge the release and has no runner at GitHub";
    case "given-back":
      return "given back before it was up";
    case "owner-done":
      return "its owner is done with it, and nobody else gets it";
    case "operator":
      return cause.reason;
    case "no-record":
      return "its record is gone";
    case "not-own":
      return "it is no longer this provision's own";
    case "asked-to-leave":
      return "it was asked to leave";
    case "unanswered":
      return `claimed, and has not begun to register for ${inSeconds(limits.claimAnswerMs)}`;
    case "not-ready":
      return "it was not ready in time";
    case "damaged":
      return `its record is damaged: ${cause.problem}`;
    case "condemned":
      return `it was condemned: ${cause.cause === undefined ? "no reason given" : wordsOfCause(cause.cause)}`;
    case "failed":
      return [cause.signal.kind, wordsOfReport(cause.signal) ?? []].flat().join(": ");
    case "running-on":
      return cause.late ? "EC2 has not ended it in time" : "EC2 still runs it";
    case "left":
      return "it has left its run";
    case "job-over":
      return "the one job of its runner is over";
    case "no-owner":
      return "prepared without an owner";
    case "unrecorded":
      return "our tags, but no record";
    case "too-old":
      return "older than any machine may become, by EC2's launch time";
    case "not-condemnable":
      return "past its threshold, and its record cannot be condemned";
    case "leave-unanswered":
      return `asked to leave, and silent for ${inSeconds(cause.ms)}`;
    case "hung":
      return `silent for ${inMinutes(cause.ms)}, and not online at GitHub`;
    default:
      // A record may hold what a newer version wrote.
      return (cause as { readonly code: string }).code;
  }
}

/** How far it came: the agent's last signal, the first line of its report. */
function wordsOfLast(signal: Signal | undefined): string {
  if (signal === undefined) return "last signal: none";
  const [line] = wordsOfReport(signal)?.split("\n") ?? [];
  return `last signal: ${signal.kind}${line === undefined ? "" : ` (${line})`}`;
}

/** Which instance, why, how far it came, and where to read what it printed before it could report: EC2 keeps that for an hour after its end. */
function wordsOfInstance({ instanceId, instanceType, zone, cause, signal }: InstanceReason): string {
  const last = cause.code === "failed" ? "" : `; ${wordsOfLast(signal)}`;
  const console = `aws ec2 get-console-output --latest --instance-id ${instanceId}`;
  return `${instanceId} (${instanceType}, ${zone}): ${wordsOfCause(cause)}${last} (view console: ${console})`;
}

const wordsOfBrake = ({ resourceClass, architecture, imageId, lost, until }: Brake): string =>
  `${lost} new instances of ${resourceClass}/${architecture} with ${imageId} failed to become ready, and none came up: ` +
  `not launching more until ${new Date(until).toISOString()}, unless the image, the launch template or the configuration changes`;

const rungs: Readonly<Record<RungName, string>> = {
  "as-asked": "as asked",
  siblings: "AMD and Intel siblings",
  "one-size-up": "one size up",
  "on-demand": "on-demand",
};

const advice: Readonly<Record<Extract<Reason, { code: "advice" }>["on"], string>> = {
  "no-capacity": "no capacity: allow more instance types or zones, or let `fallback` take on-demand",
  "no-type": "no type matches: widen `allowed-instance-types`, or choose another `resource-class` or `architecture`",
  quota: "quota: `runpool doctor` names the vCPU quota to raise at Service Quotas",
};

export function wordsOfReason(reason: Reason): string {
  switch (reason.code) {
    case "paused":
      return `provisioning is paused: ${reason.reason} (\`runpool resume\` ends the pause)`;
    case "overlay":
      return `the configuration overlay is invalid: ${reason.problem} (run mode \`refresh\` with corrected inputs)`;
    case "released":
      return "released while it was provisioned: its instances were asked to leave (a release job waits for the provision job by its `needs`)";
    case "cancelled":
      return "cancelled; all acquired instances were returned";
    case "launch":
      return `${rungs[reason.rung]}: ${reason.kind}: ${reason.reason}`;
    case "braked":
      return wordsOfBrake(reason.brake);
    case "failed-launches":
      return `${reason.machines} new instances failed to become ready; not launching more (check the image and the pre-runner script)`;
    case "instance":
      return wordsOfInstance(reason);
    case "out-of-time":
      return `${reason.missing} of ${reason.count} instances were not ready in time`;
    case "full": {
      const { scope, maximum, holders } = reason;
      const reached = `the maximum of ${maximum} instances (${scope}) is reached`;
      if (holders === undefined) return reached;
      const held = holders.map(([who, instances]) => `${who} (${instances})`).join(", ");
      return `${reached}; held by ${held}: release them, or raise the maximum (limits in the environment's file)`;
    }
    case "error":
      return reason.problem;
    case "advice":
      return advice[reason.on];
  }
}

export function wordsOfProblem(problem: Problem): string {
  switch (problem.code) {
    case "overlay":
      return problem.problem;
    case "braked":
      return wordsOfReason(problem);
    case "token":
      return `${problem.partition}: ${problem.error}`;
    case "floor-ignored": {
      const { pool, resourceClass, retired } = problem;
      return `idle floor of ${pool}: class ${resourceClass} ${retired ? "is retired" : "does not exist"}: take it out of idleFloors`;
    }
    case "failed":
    case "short": {
      const { part, of, run } = problem;
      const about = [part === "instance" ? [] : part, run === undefined ? [] : `run ${run}`, of ?? []]
        .flat()
        .join(" of ");
      return `${about}: ${problem.code === "failed" ? problem.error : wordsOfReason(problem.reason)}`;
    }
  }
}

/** A report of refresh with its causes and problems in words. */
export const worded = ({ findings, problems, tokens, ...report }: RefreshReport) => ({
  ...report,
  findings: findings.map(({ why, ...finding }) => ({ ...finding, why: wordsOfCause(why) })),
  problems: problems.map(wordsOfProblem),
  tokens: { ...tokens, problems: tokens.problems.map(wordsOfProblem) },
});
export type WordedReport = ReturnType<typeof worded>;

/** What a release has left behind, and why. */
export const wordsOfLeft = ({ left }: Pick<Released, "left">): readonly { instanceId: string; why: string }[] =>
  left.map(({ instanceId, why }) => ({
    instanceId,
    why: why === "busy" ? "a job still runs on it" : "it has not answered",
  }));
