// Measuring: what a row consists of, medians of repetitions, processes timed from start to exit.
import { spawn } from "node:child_process";

/** One line of the table; `null` where a number means nothing. */
export interface Row {
  readonly name: string;
  readonly ms: number | null;
  readonly calls: number | null;
  /** Of the minimal reference client on the same server in the same run. */
  readonly lowerBoundMs: number | null;
  readonly lowerBoundCalls: number | null;
  /** `ms` to `lowerBoundMs`. */
  readonly ratio: number | null;
  /** Peak resident memory of the process measured, MiB. */
  readonly rssMb: number | null;
}

export interface Result {
  readonly row: Row;
  /** What was to be reached, and what else is worth saying. */
  readonly target: string;
  readonly met: boolean;
  readonly note?: string;
}

export interface Sample {
  readonly ms?: number;
  readonly calls?: number;
  readonly rssMb?: number;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? 0, sorted[Math.floor(middle)] ?? 0];
  return (low + high) / 2;
}

const medianOf = (samples: readonly Sample[], name: keyof Sample): number | null => {
  const numbers = samples.map((sample) => sample[name]).filter((one) => one !== undefined);
  return numbers.length === 0 ? null : Math.round(median(numbers) * 10) / 10;
};

export interface Targets {
  readonly ms?: number;
  readonly calls?: number;
  readonly rssMb?: number;
}

/** A row of the medians of what was measured, beside those of the reference. */
export function rowOf(
  name: string,
  samples: readonly Sample[],
  reference: readonly Sample[],
  targets: Targets,
  note?: string,
): Result {
  const [ms, lowerBoundMs] = [medianOf(samples, "ms"), medianOf(reference, "ms")];
  const [calls, rssMb] = [medianOf(samples, "calls"), medianOf(samples, "rssMb")];
  const ratio = ms === null || lowerBoundMs === null ? null : Math.round((ms / lowerBoundMs) * 100) / 100;
  const row = { name, ms, calls, lowerBoundMs, lowerBoundCalls: medianOf(reference, "calls"), ratio, rssMb };
  const met = Object.entries(targets).every(([what, most]) => (row[what as keyof Targets] ?? 0) <= most);
  const target = Object.entries(targets)
    .map(([what, most]) => `${most} ${what === "rssMb" ? "MiB" : what}`)
    .join(", ");
  return { row, target, met, ...(note === undefined ? {} : { note }) };
}

/** Measures a subject and its reference in turn, after one round that does not count. */
export async function inTurn(
  rounds: number,
  subject: () => Promise<Sample>,
  reference: () => Promise<Sample>,
): Promise<{ readonly samples: readonly Sample[]; readonly references: readonly Sample[] }> {
  const samples: Sample[] = [];
  const references: Sample[] = [];
  for (let round = 0; round <= rounds; round++) {
    const [sample, bound] = [await subject(), await reference()];
    if (round === 0) continue;
    samples.push(sample);
    references.push(bound);
  }
  return { samples, references };
}

export interface Ended {
  readonly ms: number;
  /** Epoch ms of its exit, as seen here. */
  readonly at: number;
  readonly code: number | null;
  readonly out: string;
  /** What it said on its error output: progress, or why it failed. */
  readonly err: string;
}

/** Runs Node with these arguments from start to exit. */
export function run(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> {
  const begun = performance.now();
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (err += part.toString()));
  let [ms, at] = [0, 0];
  child.once("exit", () => {
    ms = performance.now() - begun;
    at = performance.timeOrigin + performance.now();
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ ms, at, code, out, err }));
  });
}

/**
 * Says the peak of its resident memory, KiB, as the last line of its output: loaded before the program with `--import`. Of /proc, since
 * `getrusage` also counts what its parent held when it was started.
 */
const tellsPeak = `data:text/javascript,${encodeURIComponent(
  'import{writeSync,readFileSync}from"node:fs";process.on("exit",()=>writeSync(1,`\\npeak ${/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status","utf8"))?.[1]}\\n`))',
)}`;

/** The peak of a program's resident memory in MiB; measured in a run of its own, so that it costs no other run any time. */
export async function peakOf(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly rssMb: number } & Ended> {
  const ended = await run(["--import", tellsPeak, ...args], environment);
  return { ...ended, rssMb: Number(/peak (\d+)\s*$/.exec(ended.out)?.[1] ?? Number.NaN) / 1024 };
}
