// `runpool local` (and `npm start`), from its view to its exit code.
import { limits } from "../../domain/limits.ts";
import { demonstrate, howToUse, untilAborted } from "./demonstration.ts";
import { summaryText } from "./summary.ts";
import { liveView, plainView, silentView, type Screen, type View } from "./view.ts";

export interface Performance {
  /** One object at the end, and nothing else. */
  readonly json: boolean;
  /** Keep the cloud running, and print how to use it. */
  readonly keep: boolean;
  /** Lines also on a terminal. */
  readonly plain: boolean;
  readonly colour: boolean;
  readonly screen: Screen & { readonly isTTY?: boolean };
  /** Prints messages that are not part of the result. */
  readonly aside: (line: string) => void;
  /** How the command line is called here, e.g. `npm run -s runpool --`. */
  readonly command: string;
}

const every = (ms: number, call: () => void): (() => void) => {
  const timer = setInterval(call, ms);
  return () => clearInterval(timer);
};

function viewFor({ json, plain, colour, screen }: Performance): View {
  if (json) return silentView();
  if (screen.isTTY === true && !plain) return liveView(screen, colour, every);
  return plainView((line) => void screen.write(`${line}\n`), Date.now);
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** 0 only if every run got its runners and nothing was left; 130 where it was interrupted, with nothing left either. */
export async function perform(options: Performance): Promise<0 | 1 | 130> {
  const stop = new AbortController();
  const view = viewFor(options);
  let played = false;
  // However often: every process of the laptop's is to be ended.
  const heard = (): void => {
    if (!played && !stop.signal.aborted)
      view.run("stop", `giving back what was taken (${limits.giveBackWaitMs / 1000} s at most)`);
    stop.abort();
  };
  for (const signal of signals) process.on(signal, heard);
  const { summary, cloud, close } = await demonstrate(view, stop.signal);
  played = true;
  const interrupted = stop.signal.aborted;
  if (options.json) options.screen.write(`${JSON.stringify(summary, null, 2)}\n`);
  view.close(interrupted ? "  Interrupted; nothing is left." : summaryText(summary));
  if (options.keep && !interrupted) {
    options.aside(howToUse(cloud, options.command));
    await untilAborted(stop.signal);
  }
  await close();
  for (const signal of signals) process.off(signal, heard);
  return interrupted ? 130 : summary.ok ? 0 : 1;
}
