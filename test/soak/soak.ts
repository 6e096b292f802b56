// `npm run soak -- --seconds N --seed S`: the soak on demand. The seed plans workflows and kills; how processes interleave is the host's.
import { parseArgs } from "node:util";
import { soak } from "./play.ts";
import { reportLines } from "./report.ts";

const { values } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== "--"),
  options: {
    seconds: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    lanes: { type: "string", default: "6" },
    "max-instances": { type: "string", default: "13" },
    "least-processes": { type: "string", default: "30" },
    brief: { type: "boolean", default: false },
  },
});
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.abort());
const began = performance.now();
const tell = (line: string): void =>
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
const report = await soak({
  seed: values.seed,
  chaosMs: Number(values.seconds) * 1000,
  lanes: Number(values.lanes),
  maxInstances: Number(values["max-instances"]),
  leastProcesses: Number(values["least-processes"]),
  abandons: !values.brief,
  tell,
  stop: stop.signal,
});
for (const line of reportLines(report)) console.log(line);
process.exitCode = stop.signal.aborted ? 130 : report.problems.length > 0 ? 1 : 0;
