// action.yml and docs/inputs.md as text, from the declarations of the action's inputs and outputs.
import { inputNames, inputs, modes, outputs, type InputName } from "../../entry/action/inputs.ts";

const quoted = (text: string): string => (text.includes('"') ? `'${text.replaceAll("'", "''")}'` : `"${text}"`);

function* file(): Generator<string> {
  yield "# The action: provision, release or refresh. Generated from entry/action/inputs.ts by `npm run docs`.";
  yield "# Its bundle is in the release tags (v1, v1.2.3), not on main: docs/action.md.";
  yield "name: runpool";
  yield "description: EC2 runners for GitHub Actions in your own AWS account - pooled, isolated per run, and terminated when idle";
  yield "author: the runpool contributors";
  yield "branding:";
  yield "  icon: server";
  yield "  color: blue";
  yield "";
  yield "inputs:";
  for (const name of inputNames) {
    const { help, required, otherwise = "", declared = otherwise } = inputs[name];
    const texts = typeof help === "string" ? [help] : Object.entries(help).map(([mode, text]) => `[${mode}] ${text}`);
    yield `  ${name}:`;
    yield `    description: ${quoted(texts.join(". "))}`;
    yield required === true
      ? "    required: true"
      : `    default: ${declared.startsWith("${{") ? declared : quoted(declared)}`;
  }
  yield "";
  yield "outputs:";
  for (const [name, text] of Object.entries(outputs)) {
    yield `  ${name}:`;
    yield `    description: ${quoted(`[provision] ${text}`)}`;
  }
  yield "";
  yield "runs:";
  yield "  using: node24";
  yield "  main: dist/action/action.mjs";
  yield "  post: dist/action/action-post.mjs";
}

const sentence = (text: string): string => (/[.…]$/.test(text) ? text : `${text}.`);

function entry(name: InputName, text: string): string {
  const { required, otherwise = "", declared = otherwise } = inputs[name];
  const remark = required === true ? " (required)" : declared === "" ? "" : ` (default \`${declared}\`)`;
  return `- **\`${name}\`**${remark}: ${sentence(text)}`;
}

function* page(): Generator<string> {
  yield "# Inputs and outputs of the action";
  yield "";
  yield "<!-- Generated from entry/action/inputs.ts: `npm run docs` writes it, a test compares it. -->";
  yield "";
  yield "How to use them: [action.md](action.md), and the workflows in [examples/workflows](../examples/workflows). An empty input counts as absent.";
  yield "";
  yield "## Every mode";
  yield "";
  for (const name of inputNames) {
    const { help } = inputs[name];
    if (typeof help === "string") yield entry(name, help);
  }
  for (const mode of modes) {
    yield "";
    yield `## Mode \`${mode}\``;
    yield "";
    for (const name of inputNames) {
      const { help } = inputs[name];
      const text = typeof help === "string" ? undefined : help[mode];
      if (text !== undefined) yield entry(name, text);
    }
  }
  yield "";
  yield "## Outputs";
  yield "";
  for (const [name, text] of Object.entries(outputs)) yield `- **\`${name}\`**: ${sentence(text)}`;
}

const text = (lines: Iterable<string>): string => `${[...lines].join("\n")}\n`;
export const inputsPage = (): string => text(page());
export const actionFile = (): string => text(file());
