// `runpool logs <instance>`: what an instance ships to CloudWatch Logs; where it ships nothing, its console as EC2 shows it.
import { stripVTControlCharacters } from "node:util";
import { AwsRefused } from "../../cloud/aws/sdk-errors.ts";
import type { InstanceLogs, LogLine, LogPage } from "../../cloud/ports/instance-logs.ts";
import { instanceKey, instanceLogGroup } from "../../domain/names.ts";
import type { InstanceRecord } from "../../domain/record.ts";
import type { OperatedWorld } from "../control-world.ts";
import { BadInput } from "../words/bad-input.ts";
import { command } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Context } from "./context.ts";
import { instanceId } from "./instance-id.ts";
import { repeatedly } from "./interrupts.ts";
import { plain } from "../words/terminal.ts";

const name = "logs";
/** GetLogEvents takes 25 calls a second an account; EC2 renews a console's output within seconds at best. */
const pollMs = { shipped: 2_000, console: 5_000 } as const;

export const logsCommand = command({
  name,
  summary: "show an instance's shipped logs, or its console",
  details:
    "If the environment ships logs (shipLogs in its file), they are read from CloudWatch Logs, also after the instance has ended. " +
    "Otherwise EC2's console output is shown: boot, agent and runner, 64 KB at most, until about an hour after the end. Times are UTC.",
  operand: { name: "instance", help: "its id, e.g. i-0123456789abcdef0", required: true, accepts: instanceId },
  options: [
    { name: "follow", short: "f", help: "keep printing new lines until Ctrl-C or the instance's end" },
    {
      name: "lines",
      short: "n",
      value: "N",
      otherwise: "200",
      help: "number of lines, newest last, 1 to 10000",
      accepts: { pattern: /^([1-9]\d{0,3}|10000)$/, words: "it is a whole number from 1 to 10000" },
    },
    { name: "console", help: "show the console even if logs are shipped" },
  ],
  examples: [
    "runpool logs i-0123456789abcdef0",
    "runpool logs i-0123456789abcdef0 --follow",
    "runpool logs i-0123456789abcdef0 -n 1000 --json | jq -r .text",
  ],
  run: async ({ instance, follow, console: wantsConsole, lines }, context) => {
    const { environment, region } = context.place();
    const world = await context.world();
    const { configuration } = await world.settings.load();
    const key = instanceKey(configuration, instance);
    const record = async (): Promise<InstanceRecord | undefined> => (await world.instances.read([key])).items[0];
    if ((await record()) === undefined)
      throw new BadInput(
        [`no instance "${instance}" in environment "${environment}": see runpool instances --all`],
        name,
      );
    // Loaded late: no other command reads logs.
    const { logsOf } = await import("../log-world.ts");
    const logs = logsOf(environment, region);
    const waiting = context.progress.waiting(() => "reading the logs");
    const shipped = await (
      wantsConsole ? Promise.resolve(undefined) : newest(logs, instance, Number(lines), context)
    ).finally(() => waiting.done());
    const source = shipped === undefined ? consoleSource(logs, instance, Number(lines)) : shippedSource(logs, shipped);
    return await show(source, { instance, environment, follow, world, record }, context);
  },
});

/** A role that may not read the log group may still read the console. */
async function newest(
  logs: InstanceLogs,
  instance: string,
  lines: number,
  context: Context,
): Promise<LogPage | undefined> {
  try {
    return await logs.newest(instance, lines);
  } catch (error) {
    if (!(error instanceof AwsRefused)) throw error;
    context.progress.warn(`cannot read the shipped logs, showing the console instead: ${error.message}`);
    return undefined;
  }
}

type Line = Partial<Pick<LogLine, "at">> & Pick<LogLine, "text">;
interface Source {
  readonly name: "shipped" | "console";
  /** The newest lines first of all, then what has come since the last call. */
  read(): Promise<readonly Line[]>;
}

function shippedSource(logs: InstanceLogs, first: LogPage): Source {
  let next: LogPage["next"] | undefined;
  return {
    name: "shipped",
    read: async () => {
      const page = next === undefined ? first : await logs.since(next);
      next = page.next;
      return page.lines;
    },
  };
}

function consoleSource(logs: InstanceLogs, instance: string, most: number): Source {
  let seen: readonly string[] = [];
  return {
    name: "console",
    read: async () => {
      const text = (await logs.console(instance)) ?? "";
      const lines = text.replaceAll("\r", "").replace(/\n$/, "").split("\n");
      const all = text === "" ? [] : lines;
      const fresh = seen.length === 0 ? all.slice(-most) : all.slice(afterSeen(seen, all));
      if (all.length > 0) seen = all;
      return fresh.map((line) => ({ text: line }));
    },
  };
}

/** The console is a window of 64 KB that moves: what was seen ends where its last lines stand in it. */
function afterSeen(seen: readonly string[], all: readonly string[]): number {
  const last = seen.slice(-3);
  for (let at = all.length; at >= last.length; at--)
    if (last.every((line, i) => all[at - last.length + i] === line)) return at;
  return 0;
}

/** Shortens an agent's event (one JSON object per line); other lines are kept, without terminal escapes. */
function readable(line: string): string {
  if (!line.startsWith('{"at":"')) return stripVTControlCharacters(line);
  try {
    const { at, event, instance: _, ...facts } = JSON.parse(line) as Record<string, unknown>;
    const rest = Object.entries(facts).map(
      ([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    return typeof event === "string" ? `${String(at).slice(11, 19)} ${event}${rest.join("")}` : line;
  } catch {
    return line;
  }
}

interface Shown {
  readonly instance: string;
  readonly environment: string;
  readonly follow: boolean;
  readonly world: OperatedWorld;
  readonly record: () => Promise<InstanceRecord | undefined>;
}

async function show(source: Source, about: Shown, context: Context): Promise<ExitCode> {
  const { instance, environment, follow, world, record } = about;
  const { json, terminal, progress } = context;
  const write = (lines: readonly Line[]): void => {
    for (const { at, text } of lines) {
      const entry = { ...(at === undefined ? {} : { at: new Date(at).toISOString() }), source: source.name, text };
      terminal.out.write(json ? `${JSON.stringify(entry)}\n` : `${plain(readable(text))}\n`);
    }
  };
  const first = await source.read();
  write(first);
  if (first.length === 0) {
    const nothing =
      source.name === "shipped"
        ? `${instance} has shipped no line yet`
        : `${instance} ships no logs (${instanceLogGroup(environment)} has no stream of it: set shipLogs in the environment's file), and EC2 has no console output of it: it appears some minutes after boot, and is gone an hour after the end`;
    terminal.err.write(`${terminal.err.paint("red", "runpool:")} ${nothing}\n`);
    if (!follow) return exitCodes.failed;
  }
  if (!follow) return exitCodes.done;
  const repetition = {
    clock: world.clock,
    everyMs: pollMs[source.name],
    begun: () => progress.note(`Following ${instance}; Ctrl-C ends it`),
    unreached: (problem: string) => progress.warn(problem),
  };
  await repeatedly(repetition, async () => {
    // Before the lines: what an instance wrote last is read after it has ended.
    const state = (await record())?.state;
    const lines = await source.read();
    write(lines);
    const ended = lines.length === 0 && (state === undefined || state === "terminated");
    if (ended) progress.note(`${instance} has ended`);
    return ended;
  });
  return exitCodes.done;
}
