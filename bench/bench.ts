// `npm run bench`: how fast the control plane and the agent are, and how many calls they make, beside the least that is possible.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openBenchCloud } from "./bench-cloud.ts";
import type { Result } from "./measure.ts";
import { rows } from "./rows/rows.ts";
import { heading, lineOf } from "./table-text.ts";

const help = `Usage: npm run bench [-- OPTIONS]

Measures on the embedded cloud, with 8 ms added to every AWS call. Medians; nothing fails for being slow.

  --json        print one array of {name, ms, calls, lowerBoundMs, lowerBoundCalls, ratio, rssMb}
  --only NAME   only rows whose names begin so; may be given again
  --help        this text

Rows: ${rows.map(({ name }) => name).join(", ")}`;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", default: false },
  },
});
const chosen = rows.filter(({ name }) => values.only.length === 0 || values.only.some((one) => name.startsWith(one)));
if (values.help || chosen.length === 0) {
  console.log(help);
  process.exit(values.help ? 0 : 2);
}

const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const directory = await mkdtemp(join(tmpdir(), "runpool-bench-"));
const cloud = await openBenchCloud();
const all: Result[] = [];
try {
  say(heading);
  for (const row of chosen) {
    const result = await row.measure(cloud, directory);
    all.push(result);
    say(lineOf(result));
  }
} finally {
  cloud.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
if (values.json)
  console.log(
    JSON.stringify(
      all.map(({ row }) => row),
      undefined,
      2,
    ),
  );
