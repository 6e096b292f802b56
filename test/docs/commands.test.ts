// Every command that a page shows is one: `runpool` with the options that it has, npm scripts that exist.
import { expect, test } from "vitest";
import { readArguments } from "../../entry/cli/arguments.ts";
import { BadInput } from "../../entry/words/bad-input.ts";
import { commands } from "../../entry/cli/commands.ts";
import { readText } from "../tidy/sources.ts";
import { blocksOf, documents, inlineCode, type Document, type Found } from "./markdown.ts";

/** The words of a simple command: up to a pipe, a redirection, a comment or the next command. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/'[^']*'|"[^"]*"|[^\s'"|;&>#]+(?:'[^']*'|"[^"]*")?|[|;&>#]/g)) {
    if (/^[|;&>#]/.test(word)) break;
    words.push(word.replaceAll(/['"]/g, ""));
  }
  return words;
}

/** Shell lines of blocks and inline code, with a command that goes on over a line's end in one. */
const linesOf = (document: Document): readonly Found[] => [
  ...blocksOf(document)
    .filter(({ language }) => ["sh", "bash"].includes(language))
    .flatMap(({ text, place }) =>
      text
        .replaceAll("\\\n", " ")
        .split("\n")
        .map((line) => ({ text: line, place })),
    ),
  ...inlineCode(document),
];

const argumentsOf = (line: string): readonly string[] | undefined => {
  const words = wordsOf(line.replace(/^sudo /, ""));
  const [program = ""] = words;
  if (program === "runpool") return words.slice(1);
  const scripted = /^npm run (?:-s )?runpool -- /.exec(line);
  return scripted === null ? undefined : wordsOf(line.slice(scripted[0].length));
};

/** What a workflow's job has in its environment, so that options it stands for are not missing. */
const job = { GITHUB_RUN_ID: "1", GITHUB_RUN_ATTEMPT: "1", GITHUB_REPOSITORY: "a/b", RUNPOOL_ENVIRONMENT: "prod" };

/** A page names a command, or some of its options, without what else it needs. */
const lacking = (problem: string): boolean => / is missing| needs a value|required/.test(problem);

/** A page's placeholder as a value of its kind. */
const exemplary = (word: string): string =>
  word
    .replace(/^(?:(i-)|(ami-))…$|^AMI$/, (_, instance?: string) => `${instance ?? "ami-"}0123456789abcdef0`)
    .replace(/^…$/, "1");

function problemsOf({ text, place }: Found): readonly string[] {
  const words = argumentsOf(text)?.map(exemplary);
  if (words === undefined) return [];
  try {
    readArguments(words, job, commands);
    return [];
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return error.problems.filter((problem) => !lacking(problem)).map((problem) => `${place}: ${text}: ${problem}`);
  }
}

test("every runpool command that a page shows exists, with the options shown", () => {
  const lines = documents.flatMap(linesOf);
  expect(lines.filter(({ text }) => argumentsOf(text) !== undefined).length).toBeGreaterThan(20);
  expect(lines.flatMap(problemsOf)).toEqual([]);
});

test("a command that does not exist is found out", () => {
  const line = (text: string): Found => ({ text, place: "x" });
  expect(problemsOf(line("runpool stauts --watch | jq ."))).not.toEqual([]);
  expect(problemsOf(line("npm run -s runpool -- drain --all --soon"))).not.toEqual([]);
  expect(problemsOf(line("runpool retire i-… # --soon"))).toEqual([]);
});

test("every npm script that a page names exists", () => {
  const { scripts } = JSON.parse(readText("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
  const named = documents.flatMap(linesOf).flatMap(({ text, place }) =>
    [...text.matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(start|test)\b)/g)].map(([, run, own]) => ({
      name: run ?? own ?? "",
      place,
    })),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ name }) => !Object.hasOwn(scripts, name))).toEqual([]);
});
