// `npm start`: the main job on the embedded cloud.
import { demonstrate, howToUse, untilAborted } from "./laptop/demonstration.ts";
import { help, parseOptions } from "./laptop/options.ts";
import { summaryText } from "./laptop/summary.ts";
import { liveView, plainView, silentView, type View } from "./laptop/view.ts";

const every = (ms: number, call: () => void): (() => void) => {
  const timer = setInterval(call, ms);
  return () => clearInterval(timer);
};
const viewFor = (json: boolean, plain: boolean): View => {
  if (json) return silentView();
  if (process.stdout.isTTY && !plain) return liveView(process.stdout, process.env["NO_COLOR"] === undefined, every);
  return plainView((line) => void process.stdout.write(`${line}\n`), Date.now);
};
const understood = () => {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return process.exit(2);
  }
};

const options = understood();
if (options.help) console.log(help);
else {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.abort());
  const view = viewFor(options.json, options.plain);
  const { summary, cloud, close } = await demonstrate(view, stop.signal);
  const interrupted = stop.signal.aborted;
  if (options.json) console.log(JSON.stringify(summary, null, 2));
  view.close(interrupted ? "  Interrupted; nothing is left." : summaryText(summary));
  if (options.keep && !interrupted) console.error(howToUse(cloud));
  if (options.keep && !interrupted) await untilAborted(stop.signal);
  await close();
  process.exit(interrupted ? 130 : summary.ok ? 0 : 1);
}
