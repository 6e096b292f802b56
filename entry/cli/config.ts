// `runpool config`: every value of an environment's configuration, and where it comes from.
import type { LoadedSettings } from "../../cloud/ports/settings.ts";
import { operationalDefaults, sourceOf, type Operational } from "../../domain/configuration.ts";
import { inColumns } from "../words/columns.ts";
import { command } from "./command.ts";
import { spoken } from "../words/durations.ts";
import { exitCodes } from "./exit-codes.ts";
import { plain } from "../words/terminal.ts";

interface ConfigurationValue {
  readonly value: unknown;
  /** `overlay`: set by refresh's inputs; `defaults`: deployed by the stack; `built-in`: neither says anything. */
  readonly source: "overlay" | "defaults" | "built-in" | "stack";
}

function valuesOf({ configuration, defaults, overlay }: LoadedSettings): Record<string, ConfigurationValue> {
  const values: Record<string, ConfigurationValue> = {};
  for (const name of Object.keys(operationalDefaults) as (keyof Operational)[])
    values[name] = { value: configuration[name], source: sourceOf(name, defaults, overlay) };
  const rest = Object.entries(configuration).filter(
    ([name]) => !Object.hasOwn(operationalDefaults, name) && name !== "key",
  );
  for (const [name, value] of rest) values[name] = { value, source: "stack" };
  return values;
}

type Line = readonly [name: string, words: string, source: string];

/** One line a value; what holds others is spread over lines, named `name.part`. */
function linesOf(name: string, value: unknown, source: string): readonly Line[] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const parts = Object.entries(value);
    if (parts.length > 0) return parts.flatMap(([part, inner]) => linesOf(`${name}.${part}`, inner, source));
    return [[name, "(none)", source]];
  }
  return [[name, words(name, value), source]];
}

function words(name: string, value: unknown): string {
  if (typeof value === "number" && name.endsWith("Ms")) return `${value} (${spoken(value)})`;
  if (typeof value === "string") {
    const lines = value.split("\n");
    return lines.length > 1 ? `${lines[0]} … (${lines.length} lines)` : value === "" ? "(empty)" : value;
  }
  if (!Array.isArray(value)) return JSON.stringify(value);
  const parts = value.map((one: unknown) =>
    typeof one === "object" && one !== null ? Object.values(one).join(" ") : String(one),
  );
  return parts.length === 0 ? "(none)" : parts.join(", ");
}

export const configCommand = command({
  name: "config",
  summary: "show every configuration value and its source",
  details:
    "Sources: stack = deployed; defaults = set in the environment's file; overlay = changed later by refresh's inputs; " +
    "built-in = not set anywhere.",
  options: [],
  examples: ["runpool config -e prod", "runpool config --json | jq '.values.idleMs'"],
  run: async (_input, context) => {
    const world = await context.world();
    const loaded = await world.settings.load();
    const values = valuesOf(loaded);
    const { out } = context.terminal;
    for (const problem of loaded.overlayProblems ?? [])
      context.terminal.err.write(`the configuration overlay is invalid and ignored: ${plain(problem)}\n`);
    context.result({ ...context.place(), values }, () =>
      inColumns(
        [{ title: "NAME" }, { title: "SOURCE" }, { title: "VALUE" }],
        Object.entries(values)
          .flatMap(([name, { value, source }]) => linesOf(name, value, source))
          .map(([name, value, source]) => [
            { text: plain(name) },
            { text: source, paint: (text: string) => out.paint(source === "overlay" ? "yellow" : "dim", text) },
            { text: plain(value) },
          ]),
        undefined,
        (title) => out.paint("dim", title),
      ),
    );
    return exitCodes.done;
  },
});
