// The context of a command: its environment, the control plane's world, and where output goes.
import type { ForgeAuth } from "../../cloud/github/forge-client.ts";
import { AwsRefused } from "../../cloud/aws/sdk-errors.ts";
import type { Log } from "../../cloud/ports/log.ts";
import { Unconfigured } from "../../cloud/ports/settings.ts";
import type { OperatedWorld } from "../control-world.ts";
import { hostClock } from "../host-clock.ts";
import { missing } from "./arguments.ts";
import { BadInput } from "../words/bad-input.ts";
import type { Command } from "./command.ts";
import { environmentOption, regionOption, type Common } from "./general-options.ts";
import type { HelpGroup } from "./help.ts";
import { progress, type Progress } from "./progress.ts";
import { plain, type Terminal } from "../words/terminal.ts";

export interface Place {
  readonly environment: string;
  readonly region: string;
}

export interface Context {
  readonly groups: readonly HelpGroup[];
  readonly commands: readonly Command[];
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly progress: Progress;
  /** Throws BadInput where the environment or the region is not named. */
  place(): Place;
  /** The control plane's world; its events are shown as progress unless another log is given. */
  world(options?: { readonly forge?: ForgeAuth; readonly log?: Log }): Promise<OperatedWorld>;
  /** Prints the result: text for people, or one JSON object with `--json`. */
  result(object: object, words: () => readonly string[]): void;
}

export function contextOf(common: Common, terminal: Terminal, groups: readonly HelpGroup[]): Context {
  const shown = progress(terminal.err, hostClock, common.quiet);
  const place = (): Place => {
    const { environment, region } = common;
    const problems: string[] = [];
    if (environment === undefined) problems.push(missing(environmentOption));
    if (region === undefined) problems.push(missing(regionOption));
    if (environment === undefined || region === undefined) throw new BadInput(problems);
    return { environment, region };
  };
  return {
    groups,
    commands: groups.flatMap(({ commands }) => commands),
    json: common.json,
    terminal,
    progress: shown,
    place,
    world: async ({ forge, log = shown } = {}) => {
      const { environment, region } = place();
      // Loaded late: the SDK's clients take longer to load than `help` to answer.
      const { controlWorld } = await import("../control-world.ts");
      const world = controlWorld({ environment, region, log, ...(forge === undefined ? {} : { forge }) });
      const load = async () => {
        const waiting = shown.waiting(() => `reading the environment ${environment}`);
        return await world.settings
          .load()
          .catch(unreadable)
          .finally(() => waiting.done());
      };
      return { ...world, settings: { ...world.settings, load } };
    },
    result: (object, words) => {
      if (common.json) terminal.out.write(`${JSON.stringify(object, undefined, 2)}\n`);
      else for (const line of words()) terminal.out.write(`${line}\n`);
    },
  };
}

/** Missing credentials or permissions show at the first read, before anything is changed: a configuration error. */
function unreadable(error: unknown): never {
  if (error instanceof AwsRefused) throw new Unconfigured(plain(error.message), { cause: error });
  throw error;
}
