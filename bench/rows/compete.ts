// Twenty processes at once at one pool that has exactly what they want: everyone is served from it, nothing is had twice.
import { performance } from "node:perf_hooks";
import { repository, type BenchCloud, type Environment } from "../bench-cloud.ts";
import { inTurn, rowOf, run, type Sample, type Targets, type Result } from "../measure.ts";
import { freshRun, variables } from "../requests.ts";
import { benchExecutable, warmPool } from "./provision-process.ts";

const processes = 20;
const each = 5;

export interface Contest {
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

interface Rules {
  readonly name: string;
  /** The type of the pool's instance of this number. */
  readonly typeOf: (index: number) => string;
  /** What the process of this number wants. */
  readonly wanted: (index: number) => string;
}
const even = (index: number): boolean => index % 2 === 0;
const allAlike: Rules = { name: "compete-20x5", typeOf: () => "m5.large", wanted: () => "" };
const mixed: Rules = {
  name: "compete-mixed",
  typeOf: (index) => (even(index) ? "m5.large" : "c5.large"),
  wanted: (index) => (even(index) ? "m*" : "c*"),
};
export const contests = { allAlike, mixed } as const;

/** One contest of our selection; throws where an instance was had twice. */
export async function contestOnce(cloud: BenchCloud, directory: string, { typeOf, wanted }: Rules): Promise<Contest> {
  const program = await benchExecutable(directory, "select-process");
  return await compete(cloud, await warmPool(cloud, processes * each, typeOf), program, wanted);
}

export async function contestRow(
  cloud: BenchCloud,
  directory: string,
  rules: Rules,
  targets: Targets,
): Promise<Result> {
  const reference = await benchExecutable(directory, "reference-process");
  const served: number[] = [];
  const { samples, references } = await inTurn(
    3,
    async () => {
      const { sample, won } = await contestOnce(cloud, directory, rules);
      served.push(won);
      return sample;
    },
    async () => (await compete(cloud, await warmPool(cloud, processes * each), reference, rules.wanted)).sample,
  );
  const least = Math.min(...served);
  const note = `${least} of ${processes * each} from the pool, none twice`;
  const result = rowOf(rules.name, samples, references, targets, note);
  return { ...result, met: result.met && least === processes * each };
}
