// The pages of docs/ that are printed from the code.
import { lifePage } from "./life-page.ts";

export interface Page {
  /** Below the project's root. */
  readonly path: string;
  readonly text: () => string;
}

export const pages: readonly Page[] = [{ path: "docs/life.md", text: lifePage }];

export const root = new URL("../../", import.meta.url);
