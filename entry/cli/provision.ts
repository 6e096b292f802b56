// `runpool provision`: makes sure that a run's instances exist.
import { provision, type Provisioned } from "../../control/runs/provision.ts";
import { wordsOfReason } from "../words/reasons.ts";
import { limits } from "../../domain/limits.ts";
import { inputNameOf, labelOf, wordsOfProblem, type Request, type RequestProblem } from "../../domain/request.ts";
import { alikeTogether } from "../words/alike-reasons.ts";
import { defaultOf, rawRequestOf, requestInputList, requestOf, type RequestInput } from "../request-inputs.ts";
import { BadInput } from "../words/bad-input.ts";
import { inColumns } from "../words/columns.ts";
import { command, type Given, type Option } from "./command.ts";
import { counted, spoken } from "../words/durations.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Context } from "./context.ts";
import { heldInstances, whatRemains } from "./held-instances.ts";
import { interruptible } from "./interrupts.ts";
import { attemptOption, repositoryOption, runIdOption } from "./run-options.ts";

const name = "provision";

const words = ({ help, otherwise }: RequestInput): string =>
  `${help.replaceAll("`", "")}${typeof otherwise === "object" ? ` (default: ${otherwise.words})` : ""}`;

const options: readonly Option[] = [
  { ...runIdOption, required: true },
  { ...attemptOption, otherwise: "1" },
  { ...repositoryOption, required: true },
  ...requestInputList.map(({ name: input, value, variables, choices, ...more }) => ({
    name: input,
    help: words(more),
    // All of them are checked together, with the environment's classes: `requestOf`.
    accepts: { pattern: /^/, words: "" },
    ...(value === undefined ? {} : { value }),
    ...(value === undefined || defaultOf(more) === "" ? {} : { otherwise: defaultOf(more) }),
    ...(variables === undefined ? {} : { variables }),
    ...(choices === undefined ? {} : { choices }),
  })),
];

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
  run: async (_input, context, given) => {
    const held = heldInstances(context.progress);
    const world = await context.world({ log: held });
    const loaded = await world.settings.load();
    const { configuration } = loaded;
    const of = (input: string): string => String(given.values[input] ?? "");
    const run = { runId: of("run-id"), attempt: of("attempt"), repository: of("repository") };
    const parsed = requestOf(rawRequestOf(run, of), configuration, world.random);
    if (!parsed.ok) throw new BadInput(parsed.problems.map(named(given)), name);
    const { request } = parsed;
    const asked = `${counted(request.count, `${request.resourceClass} instance`)} for run ${request.runId}`;
    context.progress.note(`Provisioning ${asked} in ${configuration.environment}`);
    const { result } = await interruptible(
      context.progress,
      {
        waiting: (cancelled) =>
          cancelled ? "giving back" : `waiting for ${asked}, ${held.ready()} of ${request.count} registered`,
        first: () =>
          context.progress.note(
            `Cancelling: giving back all instances (${spoken(limits.giveBackWaitMs)} at most); press Ctrl-C again to exit at once`,
          ),
        again: () =>
          context.terminal.err.write(`\n${whatRemains(held.instances(), request, configuration.provisionMs)}\n`),
      },
      (cancel) => provision(world, request, { cancel, loaded }),
    );
    return show(result, request, context);
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
