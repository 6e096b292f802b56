// Twenty processes at once at one pool that has exactly what they want: everyone is served from it, nothing is had twice.
import { performance } from "node:perf_hooks";
import { repository, type BenchCloud, type Environment } from "../bench-cloud.ts";
import { inTurn, rowOf, run, type Sample, type Targets, type Told } from "../measure.ts";
import { freshRun, variables } from "../requests.ts";
import { benchExecutable, warmPool } from "./provision-process.ts";

const processes = 20;
const each = 5;

interface Contest {
  readonly sample: Sample;
  readonly won: number;
}

async function compete(
  cloud: BenchCloud,
  environment: Environment,
  program: string,
  types: (index: number) => string,
): Promise<Contest> {
  await cloud.reset();
  const begun = performance.now();
  const ended = await Promise.all(
    Array.from({ length: processes }, (_, index) =>
      run([program], {
        ...variables(cloud, environment),
        BENCH_TABLE: environment.table,
        BENCH_QUEUE: environment.defaults.queues["large"]?.url ?? "",
        BENCH_COUNT: String(each),
        BENCH_RUN: freshRun(),
        BENCH_REPOSITORY: repository,
        BENCH_TYPES: types(index),
      }),
    ),
  );
  const ms = performance.now() - begun;
  const won = ended.flatMap(({ out }) => out.trim().split(" ")).filter((id) => id.startsWith("i-"));
  const failed = ended.find(({ code }) => code !== 0);
  if (failed !== undefined) throw new Error(failed.err);
  if (new Set(won).size !== won.length) throw new Error("an instance was had twice");
  return { sample: { ms, calls: await cloud.calls() }, won: won.length };
}

async function contestRow(
  cloud: BenchCloud,
  directory: string,
  name: string,
  targets: Targets,
  typeOf: (index: number) => string,
  wish: (index: number) => string,
): Promise<Told> {
  const subject = await benchExecutable(directory, "select-process");
  const reference = await benchExecutable(directory, "reference-process");
  const served: number[] = [];
  const { samples, references } = await inTurn(
    3,
    async () => {
      const { sample, won } = await compete(cloud, await warmPool(cloud, processes * each, typeOf), subject, wish);
      served.push(won);
      return sample;
    },
    async () => (await compete(cloud, await warmPool(cloud, processes * each), reference, wish)).sample,
  );
  const least = Math.min(...served);
  const told = rowOf(name, samples, references, targets, `${least} of ${processes * each} from the pool, none twice`);
  return { ...told, met: told.met && least === processes * each };
}

export const competeRow = (cloud: BenchCloud, directory: string, targets: Targets): Promise<Told> =>
  contestRow(
    cloud,
    directory,
    "compete-20x5",
    targets,
    () => "m5.large",
    () => "",
  );

export const competeMixedRow = (cloud: BenchCloud, directory: string, targets: Targets): Promise<Told> =>
  contestRow(
    cloud,
    directory,
    "compete-mixed",
    targets,
    (index) => (index % 2 === 0 ? "m5.large" : "c5.large"),
    (index) => (index % 2 === 0 ? "m*" : "c*"),
  );
