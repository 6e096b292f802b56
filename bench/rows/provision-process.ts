// Provision as users start it: the bundled command line, from process start to exit, on a pool that has all it wants.
import { join } from "node:path";
import { bundle, cli as commandLine, together, type Executable } from "../../build/bundles.ts";
import { repository, type BenchCloud, type Environment } from "../bench-cloud.ts";
import { idleInstance, several } from "../instances.ts";
import { inTurn, peakOf, rowOf, run, type Ended, type Sample, type Targets, type Result } from "../measure.ts";
import { freshRun, variables } from "../requests.ts";

const rounds = 9;
const entries = new Map<string, Promise<string>>();

/** Bundled once a directory; gives the entry file. */
function built(directory: string, what: Executable, source?: string): Promise<string> {
  const path = join(directory, what.name);
  const before = entries.get(path);
  if (before !== undefined) return before;
  const made = bundle(what, directory, source).then(({ entry }) => entry);
  entries.set(path, made);
  return made;
}
export const cliOf = (directory: string): Promise<string> => built(directory, commandLine);
/** One of the benchmark's own: the control plane is its start. */
export const benchExecutable = (directory: string, name: string): Promise<string> =>
  built(
    directory,
    { ...commandLine, name, stages: { start: "entry/control-world.ts", together } },
    join(import.meta.dirname, "..", `${name}.ts`),
  );

export async function warmPool(
  cloud: BenchCloud,
  count: number,
  type: (index: number) => string = () => "m5.large",
): Promise<Environment> {
  const environment = await cloud.environment();
  await cloud.put(
    environment,
    several(count, (index) => idleInstance(environment, type(index))),
  );
  return environment;
}

export const provisionArguments = (count: number): readonly string[] => [
  "provision",
  "--run-id",
  freshRun(),
  "--attempt",
  "1",
  "--repository",
  repository,
  "--instance-count",
  String(count),
  "--usage-class",
  "on-demand",
  "--json",
];

interface Outcome {
  readonly reused: number;
  readonly instances: readonly unknown[];
}
function checked(ended: Ended, count: number): Ended {
  if (ended.code !== 0) throw new Error(`not provisioned: ${ended.err}`);
  const { reused, instances } = JSON.parse(ended.out.replace(/\npeak .*\s*$/, "")) as Outcome;
  if (instances.length !== count || reused !== count) throw new Error(`not all from the pool: ${ended.out}`);
  return ended;
}

/** Both keep what is compiled of them; the first round, which does not count, begins without. */
const own = (cloud: BenchCloud, environment: Environment, directory: string) => ({
  ...variables(cloud, environment),
  XDG_CACHE_HOME: directory,
});

const referenceVariables = (cloud: BenchCloud, environment: Environment, directory: string, count: number) => ({
  ...variables(cloud, environment),
  NODE_COMPILE_CACHE: join(directory, "reference"),
  BENCH_TABLE: environment.table,
  BENCH_QUEUE: environment.defaults.queues["large"]?.url ?? "",
  BENCH_COUNT: String(count),
  BENCH_RUN: freshRun(),
  BENCH_START: "true",
});

/** One process, on a pool of twice as many as it wants. */
export async function provisionOnce(cloud: BenchCloud, directory: string, count: number): Promise<Sample> {
  const cli = await cliOf(directory);
  const environment = await warmPool(cloud, 2 * count);
  await cloud.reset();
  const { ms } = checked(await run([cli, ...provisionArguments(count)], own(cloud, environment, directory)), count);
  return { ms, calls: await cloud.calls() };
}

export async function provisionProcessRow(
  cloud: BenchCloud,
  directory: string,
  count: number,
  targets: Targets,
): Promise<Result> {
  const cli = await cliOf(directory);
  const reference = await benchExecutable(directory, "reference-process");
  const bound = async (): Promise<Sample> => {
    const environment = await warmPool(cloud, 2 * count);
    await cloud.reset();
    const { ms, out } = await run([reference], referenceVariables(cloud, environment, directory, count));
    if (out !== `taken ${count}\n`) throw new Error(`the reference: ${out}`);
    return { ms, calls: await cloud.calls() };
  };
  const { samples, references } = await inTurn(rounds, () => provisionOnce(cloud, directory, count), bound);
  const environment = await warmPool(cloud, 2 * count);
  const peak = await peakOf([cli, ...provisionArguments(count)], own(cloud, environment, directory));
  checked(peak, count);
  return rowOf(`provision-process-${count}`, [...samples, { rssMb: peak.rssMb }], references, targets);
}
