// `npm start`: the main job on the embedded cloud.
import { parseArgs } from "node:util";
import { demonstrate, howToUse, untilAborted } from "./laptop/demonstration.ts";
import { summaryText } from "./laptop/summary.ts";
import { liveView, plainView, silentView, type View } from "./laptop/view.ts";

const help = `Usage: npm start [-- OPTIONS]

Plays five workflow runs on the embedded cloud and exits 0 only if all of it held.

  --json   print one object at the end: runs, jobs, created, reused, leaked, readyMs, calls, ok
  --keep   leave the cloud running, and print how to point the AWS CLI and runpool at it
  --plain  plain lines also on a terminal
  --help   this text`;

const options = {
  json: { type: "boolean" },
  keep: { type: "boolean" },
  plain: { type: "boolean" },
  help: { type: "boolean" },
} as const;
const every = (ms: number, call: () => void): (() => void) => {
  const timer = setInterval(call, ms);
  return () => clearInterval(timer);
};
const viewFor = (json: boolean, plain: boolean): View => {
  if (json) return silentView();
  if (process.stdout.isTTY && !plain) return liveView(process.stdout, process.env["NO_COLOR"] === undefined, every);
  return plainView((line) => void process.stdout.write(`${line}\n`), Date.now);
};

const parsed = () => {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return process.exit(2);
  }
};

const values = parsed();
if (values.help === true) console.log(help);
else {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.abort());
  const view = viewFor(values.json ?? false, values.plain ?? false);
  const { summary, cloud, close } = await demonstrate(view, stop.signal);
  const interrupted = stop.signal.aborted;
  if (values.json === true) console.log(JSON.stringify(summary, null, 2));
  view.close(interrupted ? "  Interrupted; nothing is left." : summaryText(summary));
  if (values.keep === true && !interrupted) console.error(howToUse(cloud));
  if (values.keep === true && !interrupted) await untilAborted(stop.signal);
  await close();
  process.exit(interrupted ? 130 : summary.ok ? 0 : 1);
}
