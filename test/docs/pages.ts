// What is printed from the code: pages of docs/, and action.yml.
import { commandsPage } from "./commands-page.ts";
import { costsPage } from "./costs-page.ts";
import { environmentSchemaText } from "./environment-schema.ts";
import { actionFile, inputsPage } from "./inputs-page.ts";
import { lifePage } from "./life-page.ts";

export interface Page {
  /** Below the project's root. */
  readonly path: string;
  readonly text: () => string;
}

export const pages: readonly Page[] = [
  { path: "docs/life.md", text: lifePage },
  { path: "action.yml", text: actionFile },
  { path: "docs/inputs.md", text: inputsPage },
  { path: "docs/commands.md", text: commandsPage },
  { path: "docs/costs.md", text: costsPage },
  { path: "docs/environment.schema.json", text: environmentSchemaText },
];

export const root = new URL("../../", import.meta.url);
