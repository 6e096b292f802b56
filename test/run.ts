// `npm test`: runs vitest, then says why tests were skipped and which passed at a second try only, and ends with the line `N passed, N failed, N skipped`.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { reportDescriptor, type ClosingReport, type Retried, type Skipped } from "./closing-report.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const reporters = ["--reporter=default", `--reporter=${fileURLToPath(new URL("closing-report.ts", import.meta.url))}`];

/** Vitest in a process of its own: whatever it or a test prints late comes before the closing line. */
async function runVitest(given: readonly string[]): Promise<{ exit: number; report: ClosingReport | undefined }> {
  const child = spawn(process.execPath, [vitest, "run", ...reporters, ...given], {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit", "pipe"],
  });
  // Ctrl-C reaches vitest through the terminal; this process waits for it to clean up.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  let said = "";
  child.stdio[reportDescriptor]?.on("data", (part: Buffer) => (said += part.toString()));
  const exit = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  return { exit, report: said === "" ? undefined : (JSON.parse(said) as ClosingReport) };
}

/** One line a skipped test; tests that share a reason stand under it. */
function* skippedLines(skipped: readonly Skipped[]): Generator<string> {
  const byReason = Map.groupBy(skipped, ({ reason }) => reason ?? "not selected, or no reason given");
  for (const [reason, tests] of byReason) {
    yield `SKIPPED (${reason}):`;
    for (const { name } of tests) yield `  ${name}`;
  }
}

function* retriedLines(retried: readonly Retried[]): Generator<string> {
  if (retried.length === 0) return;
  yield `RETRIED (${retried.length} of the passed failed at first):`;
  for (const { name, failed } of retried) yield* [`  ${name}`, `    ${failed.split("\n").slice(0, 5).join("\n    ")}`];
}

const { exit, report } = await runVitest(process.argv.slice(2));
const { passed, failed, skipped, retried } = report ?? { passed: 0, failed: 1, skipped: [], retried: [] };
const nothingRan = passed + failed === 0;
for (const line of [...skippedLines(skipped), ...retriedLines(retried)]) console.log(line);
if (report === undefined) console.error("vitest ended without a report");
if (nothingRan) console.error("no test ran");
// Vitest may fail beyond its tests (a worker that would not end): then one failure stands for that.
const unexplained = exit !== 0 && failed === 0 && !nothingRan ? 1 : 0;
console.log(`${passed} passed, ${failed + unexplained} failed, ${skipped.length} skipped`);
process.exitCode = failed + unexplained > 0 || nothingRan ? 1 : 0;
