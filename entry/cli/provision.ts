// `runpool provision`: makes sure that a run's instances exist.
import * as z from "zod/mini";
import { provision, type Provisioned } from "../../control/runs/provision.ts";
import { wordsOfReason } from "../../control/pool/reasons.ts";
import { limits, maxima } from "../../domain/limits.ts";
import {
  inputNameOf,
  labelOf,
  wordsOfProblem,
  type RawRequest,
  type Request,
  type RequestProblem,
} from "../../domain/request.ts";
import { alikeTogether } from "../words/alike-reasons.ts";
import { labelChoices, requestDefaults, requestOf, labelOfInput } from "../request-inputs.ts";
import { BadInput } from "../words/bad-input.ts";
import { inColumns } from "../words/columns.ts";
import { command, type Given, type Option } from "./command.ts";
import { counted, spoken } from "../words/durations.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Context } from "./context.ts";
import { heldInstances, whatRemains } from "./held-instances.ts";
import { onInterrupt } from "./interrupts.ts";
import { attemptOption, repositoryOption, runIdOption } from "./run-options.ts";

const name = "provision";

const options: readonly Option[] = [
  { ...runIdOption, required: true },
  { ...attemptOption, otherwise: requestDefaults.attempt },
  { ...repositoryOption, required: true },
  {
    name: "name",
    value: "NAME",
    variables: ["GITHUB_JOB"],
    otherwise: requestDefaults.name,
    help: "distinguishes several provisions of one run; the same name finds the same instances",
  },
  {
    name: "instance-count",
    value: "N",
    otherwise: requestDefaults.instanceCount,
    help: `how many instances, 1 to ${maxima.instanceCount}`,
  },
  {
    name: "resource-class",
    value: "CLASS",
    otherwise: requestDefaults.resourceClass,
    help: "minimum vCPU and memory; runpool config lists the environment's classes",
  },
  {
    name: "architecture",
    value: "NAME",
    otherwise: requestDefaults.architecture,
    choices: ["x64", "arm64"],
    help: "processor architecture",
  },
  {
    name: "usage-class",
    value: "NAME",
    choices: ["on-demand", "spot"],
    help: "how EC2 bills the instances (default: as the class says)",
  },
  {
    name: "allowed-instance-types",
    value: "TYPES",
    otherwise: requestDefaults.allowedInstanceTypes,
    help: 'names and wildcards, e.g. "c* m5.*" (default: every type that is large enough)',
  },
  {
    name: "labels",
    value: "LABELS",
    otherwise: requestDefaults.labels,
    help: "further runner labels, separated by blanks or commas; each is appended to the run's label: gpu becomes <run-id>-gpu",
  },
  {
    name: "label",
    value: "WHICH",
    otherwise: requestDefaults.label,
    choices: labelChoices,
    help: "the label jobs use in runs-on; secret: a new unguessable label, with new instances, for each call",
  },
  { name: "fallback", help: "use on-demand instances if spot capacity is short" },
  { name: "min-count", value: "N", help: "accept at least N instances if not all are available (default: all)" },
  { name: "timeout-min", value: "MIN", help: "minutes to wait for the instances (default: the environment's limit)" },
  {
    name: "max-runtime-min",
    value: "MIN",
    help: "minutes the instances may serve (default: the environment's limit)",
  },
];

/** Texts as they come: the request's own rules read them, with the environment's classes, in `requestOf`. */
const schema = z.object({
  "run-id": z.string(),
  attempt: z.string(),
  repository: z.string(),
  name: z.string(),
  "instance-count": z.string(),
  "resource-class": z.string(),
  architecture: z.string(),
  "usage-class": z.optional(z.string()),
  "allowed-instance-types": z.string(),
  labels: z.string(),
  label: z.string(),
  fallback: z._default(z.boolean(), false),
  "min-count": z.optional(z.string()),
  "timeout-min": z.optional(z.string()),
  "max-runtime-min": z.optional(z.string()),
});

/** `label`: "" = the run id. */
const rawOf = (input: z.infer<typeof schema>, label: string): RawRequest => ({
  runId: input["run-id"],
  attempt: input.attempt,
  repository: input.repository,
  name: input.name,
  instanceCount: input["instance-count"],
  resourceClass: input["resource-class"],
  architecture: input.architecture,
  usageClass: input["usage-class"] ?? "",
  allowedInstanceTypes: input["allowed-instance-types"],
  labels: input.labels,
  fallback: String(input.fallback),
  minCount: input["min-count"] ?? "",
  timeoutMin: input["timeout-min"] ?? "",
  maxRuntimeMin: input["max-runtime-min"] ?? "",
  label,
});

/** A field is called by its flag, or by the variable that it came from. */
const named =
  ({ sources }: Given) =>
  (problem: RequestProblem): string => {
    const input = inputNameOf(problem.field);
    return wordsOfProblem(problem, sources[input] ?? `--${input}`);
  };

export const provisionCommand = command({
  name,
  summary: "reuse or create the instances of a run",
  details:
    "All or nothing: a provision that fails, or is cancelled by Ctrl-C or SIGTERM, gives back the instances it has. " +
    "Called again with the same run, attempt and name, it finds the instances it has. Jobs then use runs-on: <run-id>, or the secret label that is printed.",
  options,
  examples: [
    "runpool provision -e prod --run-id 1001 --repository example/shop",
    "runpool provision --instance-count 3 --resource-class xlarge --usage-class spot",
    "runpool provision --instance-count 10 --min-count 6 --timeout-min 5",
    "runpool provision --allowed-instance-types 'c* m7i.*' --label secret --json",
  ],
  schema,
  run: async (input, context, given) => {
    const held = heldInstances(context.progress);
    const world = await context.world({ log: held });
    const loaded = await world.settings.load();
    const { configuration } = loaded;
    const label = labelOfInput(input.label, world.random);
    if (label === undefined)
      throw new BadInput([`${given.sources["label"]} is "${input.label}"; it is ${labelChoices.join(" or ")}`], name);
    const parsed = requestOf(rawOf(input, label), configuration);
    if (!parsed.ok) throw new BadInput(parsed.problems.map(named(given)), name);
    const { request } = parsed;
    const asked = `${counted(request.count, `${request.resourceClass} instance`)} for run ${request.runId}`;
    context.progress.note(`Provisioning ${asked} in ${configuration.environment}`);
    const remains = (): string => whatRemains(held.instances(), request, configuration.provisionMs);
    const interrupts = onInterrupt(
      () =>
        context.progress.note(
          `Cancelling: giving back all instances (${spoken(limits.giveBackWaitMs)} at most); press Ctrl-C again to exit at once`,
        ),
      () => context.terminal.err.write(`\n${remains()}\n`),
    );
    const waiting = context.progress.waiting(() =>
      interrupts.signal.aborted
        ? "giving back"
        : `waiting for ${asked}, ${held.ready()} of ${request.count} registered`,
    );
    try {
      const outcome = await provision(world, request, { cancel: interrupts.signal, loaded });
      waiting.done();
      return show(outcome, request, context);
    } finally {
      waiting.done();
      interrupts.release();
    }
  },
});

function show(outcome: Provisioned, request: Request, context: Context): 0 | 1 | 130 {
  const { err, out } = context.terminal;
  const label = labelOf(request);
  if (outcome.kind === "ready") {
    const { instances, created, reused, readyMs, reasons = [] } = outcome;
    for (const reason of alikeTogether(reasons))
      context.progress.warn(`fewer than the ${request.count} instances requested: ${reason}`);
    const facts = reasons.length === 0 ? outcome : { ...outcome, reasons: reasons.map(wordsOfReason) };
    context.result({ label, ...facts }, () => [
      `${counted(instances.length, "instance")} ready for run ${request.runId} in ${spoken(readyMs)}: ${reused} from the pool, ${created} created`,
      ...inColumns(
        [
          { title: "INSTANCE" },
          { title: "TYPE" },
          { title: "ZONE", spare: 2 },
          { title: "USAGE", spare: 1 },
          { title: "FROM" },
        ],
        instances.map(({ instanceId, instanceType, zone, usageClass, origin }) =>
          [instanceId, instanceType, zone, usageClass, origin].map((text) => ({ text })),
        ),
        out.columns(),
        (title) => out.paint("dim", title),
      ),
      `runs-on: ${label}`,
    ]);
    return exitCodes.done;
  }
  if (context.json) context.result({ ...outcome, reasons: outcome.reasons.map(wordsOfReason) }, () => []);
  const title = outcome.kind === "failed" ? "provision failed" : "provision cancelled";
  err.write(`${err.paint("red", "runpool:")} ${title}\n`);
  for (const reason of alikeTogether(outcome.reasons)) err.write(`- ${reason}\n`);
  return outcome.kind === "failed" ? exitCodes.failed : exitCodes.cancelled;
}
