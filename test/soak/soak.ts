// `npm run soak -- --seconds N --seed S`: the soak on demand. The seed plans workflows and kills; how processes interleave is the host's.
import { soak } from "./play.ts";
import { reportLines } from "./report.ts";
import { help, parseOptions, type SoakOptions } from "./soak-options.ts";

function understood(): SoakOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return process.exit(2);
  }
}

const { seconds, brief, help: asksHelp, ...options } = understood();
if (asksHelp) {
  console.log(help);
  process.exit(0);
}
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.abort());
const began = performance.now();
const tell = (line: string): void =>
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
const report = await soak({ ...options, chaosMs: seconds * 1000, abandons: !brief, tell, stop: stop.signal });
for (const line of reportLines(report)) console.log(line);
process.exitCode = stop.signal.aborted ? 130 : report.problems.length > 0 ? 1 : 0;
