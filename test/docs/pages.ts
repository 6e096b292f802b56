// The pages of docs/ that are printed from the code.
import { commandsPage } from "./commands-page.ts";
import { environmentSchemaText } from "./environment-schema.ts";
import { inputsPage } from "./inputs-page.ts";
import { lifePage } from "./life-page.ts";

export interface Page {
  /** Below the project's root. */
  readonly path: string;
  readonly text: () => string;
}

export const pages: readonly Page[] = [
  { path: "docs/life.md", text: lifePage },
  { path: "docs/inputs.md", text: inputsPage },
  { path: "docs/commands.md", text: commandsPage },
  { path: "docs/environment.schema.json", text: environmentSchemaText },
];

export const root = new URL("../../", import.meta.url);
