// Provision as users start it: the bundled command line, from process start to exit, on a pool that has all it wants.
import { join } from "node:path";
import { bundle } from "../../entry/build/bundles.ts";
import { repository, type BenchCloud, type Environment } from "../bench-cloud.ts";
import { idleInstance, several } from "../instances.ts";
import { inTurn, peakOf, rowOf, run, type Ended, type Sample, type Targets, type Told } from "../measure.ts";
import { freshRun, variables } from "../requests.ts";

const rounds = 9;
const built = new Map<string, Promise<string>>();

/** Bundled as executables are, once a directory; gives the entry file. */
export function executable(directory: string, name: string, source?: string): Promise<string> {
  const path = join(directory, name);
  const before = built.get(path);
  if (before !== undefined) return before;
  const made = bundle({ name, form: "folder", node: "node24" }, directory, source).then(({ entry }) => entry);
  built.set(path, made);
  return made;
}
export const benchExecutable = (directory: string, name: string): Promise<string> =>
  executable(directory, name, join(import.meta.dirname, "..", `${name}.ts`));

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

const referenceVariables = (cloud: BenchCloud, environment: Environment, count: number) => ({
  ...variables(cloud, environment),
  BENCH_TABLE: environment.table,
  BENCH_QUEUE: environment.defaults.queues["large"]?.url ?? "",
  BENCH_COUNT: String(count),
  BENCH_RUN: freshRun(),
  BENCH_START: "true",
});

/** One process, on a pool of twice as many as it wants. */
export async function provisionOnce(cloud: BenchCloud, directory: string, count: number): Promise<Sample> {
  const cli = await executable(directory, "cli");
  const environment = await warmPool(cloud, 2 * count);
  await cloud.reset();
  const { ms } = checked(await run([cli, ...provisionArguments(count)], variables(cloud, environment)), count);
  return { ms, calls: await cloud.calls() };
}

export async function provisionProcessRow(
  cloud: BenchCloud,
  directory: string,
  count: number,
  targets: Targets,
): Promise<Told> {
  const cli = await executable(directory, "cli");
  const reference = await benchExecutable(directory, "reference-process");
  const bound = async (): Promise<Sample> => {
    const environment = await warmPool(cloud, 2 * count);
    await cloud.reset();
    const { ms, out } = await run([reference], referenceVariables(cloud, environment, count));
    if (out !== `taken ${count}\n`) throw new Error(`the reference: ${out}`);
    return { ms, calls: await cloud.calls() };
  };
  const { samples, references } = await inTurn(rounds, () => provisionOnce(cloud, directory, count), bound);
  const environment = await warmPool(cloud, 2 * count);
  const peak = await peakOf([cli, ...provisionArguments(count)], variables(cloud, environment));
  checked(peak, count);
  return rowOf(`provision-process-${count}`, [...samples, { rssMb: peak.rssMb }], references, targets);
}
