// `npm run simulate -- --seeds N --from S`: many worlds, on all cores; each failing seed with the one command that replays it.
import { noFaults, type Fault } from "../world/faults.ts";
import { simulateSeeds } from "./seeds.ts";
import { help, parseOptions, replayOf, type SimulateOptions } from "./simulate-options.ts";
import { simulate, type SimulationResult } from "./simulation.ts";

function understood(): SimulateOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return process.exit(2);
  }
}

const { seeds, from, trace, help: asksHelp } = understood();
if (asksHelp) {
  console.log(help);
  process.exit(0);
}

function print({ seed, violations, rates }: SimulationResult): void {
  console.log(`seed ${seed} FAILED`);
  for (const { rule, at, detail } of violations) console.log(`  ${new Date(at).toISOString()} ${rule}: ${detail}`);
  const present = Object.entries(rates).filter(([, rate]) => rate > 0);
  console.log(`  faults: ${present.map(([name, rate]) => `${name} ${Number(rate.toPrecision(2))}`).join(", ")}`);
  console.log(`  replay: npm run ${replayOf(seed)}`);
}

async function traced(): Promise<SimulationResult> {
  return await simulate(from, {
    heard: (at, process, name, facts) => {
      console.log(`${(at / 1000).toFixed(3).padStart(10)} ${process.padEnd(28)} ${name} ${JSON.stringify(facts)}`);
    },
  });
}

/** On stderr, since it is long: how far it is. */
const progressEvery = 500;

const started = performance.now();
const results: SimulationResult[] = [];
if (trace) results.push(await traced());
else
  await simulateSeeds({
    count: seeds,
    from,
    onResult: (result) => {
      results.push(result);
      if (result.violations.length > 0) print(result);
      if (results.length % progressEvery === 0 && results.length < seeds)
        console.error(
          `${results.length} of ${seeds} seeds after ${((performance.now() - started) / 1000).toFixed(0)} s`,
        );
    },
  });
const failed = results.filter(({ violations }) => violations.length > 0);
if (trace) failed.forEach(print);
const seconds = (performance.now() - started) / 1000;
const sum = (of: (result: SimulationResult) => number): number => results.reduce((all, one) => all + of(one), 0);
console.log(
  `${results.length} seeds, ${failed.length} failed; ${sum(({ hours }) => hours).toFixed(0)} simulated hours, ` +
    `${sum(({ events }) => events)} events (at most ${Math.max(...results.map(({ events }) => events))} a world), ` +
    `at least ${Math.min(...results.map(({ workflows }) => workflows))} workflows and ${Math.min(...results.map(({ hours }) => hours)).toFixed(1)} hours a world, ` +
    `${Math.round(sum(({ events }) => events) / seconds)} events/s, ${seconds.toFixed(1)} s`,
);
const total = (name: keyof SimulationResult["tally"]): string => `${name} ${sum(({ tally }) => tally[name])}`;
console.log(
  `provisions: ${total("ready")}, ${total("failed")}, ${total("cancelled")}, ${total("died")}; ${total("created")}, ${total("reused")}, ${total("jobs")}, ${total("released")}`,
);
const met = (fault: Fault): number => sum((result) => result.met[fault]);
console.log(`faults met: ${(Object.keys(noFaults) as Fault[]).map((fault) => `${fault} ${met(fault)}`).join(", ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;
