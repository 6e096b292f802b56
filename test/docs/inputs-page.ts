// docs/inputs.md as text: the action's inputs and outputs, printed from action.yml.
import { inputNames, inputOf, type Mode } from "../../entry/action/inputs.ts";
import { readActionFile } from "../workflow-runner/action-file.ts";

/** `[provision] One. [refresh] Other.` by mode; a text without a mode stands for all. */
function byMode(description: string): ReadonlyMap<string, string> {
  const parts = description.split(/\[(provision|release|refresh)\] /);
  const found = new Map<string, string>();
  if ((parts[0] ?? "").trim() !== "") found.set("all", (parts[0] ?? "").trim());
  for (let i = 1; i < parts.length; i += 2) found.set(parts[i] ?? "", (parts[i + 1] ?? "").trim());
  return found;
}

const sentence = (text: string): string => (/[.…]$/.test(text) ? text : `${text}.`);

const titles: Readonly<Record<Mode, string>> = {
  provision: "Mode `provision`",
  release: "Mode `release`",
  refresh: "Mode `refresh`",
};

function* page(): Generator<string> {
  const { inputs, outputs } = readActionFile();
  const entry = (name: string, text: string): string => {
    const { default: otherwise = "", required } = inputs[name] ?? {};
    const remark = required === true ? " (required)" : otherwise === "" ? "" : ` (default \`${otherwise}\`)`;
    return `- **\`${name}\`**${remark}: ${sentence(text)}`;
  };
  yield "# Inputs and outputs of the action";
  yield "";
  yield "<!-- Generated from action.yml: `npm run docs` writes it, a test compares it. -->";
  yield "";
  yield "How to use them: [action.md](action.md), and the workflows in [examples/workflows](../examples/workflows). An empty input is as good as none.";
  yield "";
  yield "## Every mode";
  yield "";
  for (const name of inputNames)
    if (inputOf(name).modes === undefined) yield entry(name, byMode(inputs[name]?.description ?? "").get("all") ?? "");
  for (const mode of ["provision", "release", "refresh"] as const) {
    yield "";
    yield `## ${titles[mode]}`;
    yield "";
    for (const name of inputNames) {
      const text = byMode(inputs[name]?.description ?? "").get(mode);
      if (text !== undefined) yield entry(name, text);
    }
  }
  yield "";
  yield "## Outputs";
  yield "";
  for (const [name, { description }] of Object.entries(outputs))
    yield `- **\`${name}\`**: ${sentence(byMode(description).get("provision") ?? description)}`;
}

export const inputsPage = (): string => `${[...page()].join("\n")}\n`;
