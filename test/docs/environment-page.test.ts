// docs/environment.md has every field of an environment's file, with its default.
import { expect, test } from "vitest";
import { formatDuration } from "../../domain/duration.ts";
import { operationalDefaults } from "../../domain/configuration.ts";
import { fileFieldOf } from "../../stacks/environment/operational.ts";
import { environmentFields } from "../stacks/environment-fields.ts";
import { readText } from "../tidy/sources.ts";
import { documents, inlineCode } from "./markdown.ts";
import { allRowsOf } from "./tables.ts";

function written(value: unknown, required: boolean, path: string): string {
  if (required) return "required";
  const stored = Object.entries(fileFieldOf).find(([, field]) => field === path && path.startsWith("limits."))?.[0];
  const limit = operationalDefaults[stored as keyof typeof operationalDefaults];
  const meant = stored === undefined ? value : stored.endsWith("Ms") ? formatDuration(limit as number) : limit;
  if (meant === undefined || meant === "") return "none";
  if (typeof meant !== "object") return JSON.stringify(meant).replaceAll('"', "");
  const { kind, ...rest } = meant as { readonly kind?: string };
  // A cell is read without emphasis, so without the stars of wildcards.
  return kind ?? (Object.keys(rest).length === 0 ? "none" : JSON.stringify(meant).replaceAll("*", ""));
}

test("every field of an environment's file is in the page, with its default", () => {
  const fields = new Map(
    environmentFields().map(({ path, required, default: value }) => [path, written(value, required, path)]),
  );
  expect(fields.size).toBeGreaterThan(40);
  const shown = allRowsOf(readText("docs/environment.md"), "field", "default").flatMap(([names = "", value = ""]) =>
    names.split(", ").map((name): [string, string] => [name, value]),
  );
  expect(new Map(shown)).toEqual(fields);
  expect(shown).toHaveLength(fields.size);
});

test("every field of an environment's file that a page names is one", () => {
  const paths = environmentFields().map(({ path }) => path);
  const named = documents
    .filter(({ path }) => !path.startsWith("docs/decisions/") && path !== "docs/life.md")
    .flatMap(inlineCode)
    .flatMap(({ text, place }) => {
      const [path] =
        /^(?:limits|defaults|forge|alarms|given|(?:provision|deploy|images)From)(?:\.\w+)+/.exec(text) ?? [];
      return path === undefined ? [] : [{ path, place }];
    });
  expect(named.length).toBeGreaterThan(20);
  const isField = (path: string): boolean => paths.some((one) => one === path || one.startsWith(`${path}.`));
  expect(named.filter(({ path }) => !isField(path))).toEqual([]);
});
