// The pictures say what the life table says: states, moves and signals by their names, arrows as the table has them.
import { expect, test } from "vitest";
import { problemsOfDiagram } from "./diagram.ts";
import { blocksOf, documents } from "./markdown.ts";

const diagrams = documents.flatMap(blocksOf).filter(({ language }) => language === "mermaid");

test("there are pictures of provision, claim and release", () => {
  const inConcepts = diagrams.filter(({ place }) => place.startsWith("docs/concepts.md"));
  expect(inConcepts.map(({ text }) => text.split("\n")[0])).toEqual([
    "stateDiagram-v2",
    ...Array.from({ length: 3 }, () => "sequenceDiagram"),
  ]);
});

test.each(diagrams)("$place is drawn as the code has it", ({ text }) => {
  expect(problemsOfDiagram(text)).toEqual([]);
});

const sequence = (...lines: string[]): string => ["sequenceDiagram", "participant A as a", ...lines].join("\n");

test.each([
  ["stateDiagram-v2\nidle --> running: claim", "no claim leads from idle to running"],
  ["stateDiagram-v2\nidle --> claimed: take", "take is no move"],
  ["stateDiagram-v2\nwaiting --> [*]", "waiting is no state"],
  ["stateDiagram-v2\nidle -> claimed: claim", '"idle -> claimed: claim" is no arrow'],
  [sequence("A->>B: hello"), "B takes no part"],
  [sequence("A->>A: signal ready"), "ready is no signal"],
  [sequence("A->>A: start (idle → running)"), "no start leads from idle to running"],
  [sequence("A->>A: wanted: go"), "nothing is wanted: go"],
  [sequence("A->>A: one; two"), '"one; two" has a sign that ends it for Mermaid'],
  [sequence("par x", "A->>A: y"), "a par has no end, or an end no par"],
  [sequence("A says hello"), '"A says hello" is no message'],
  ["pie", "pie is a kind of diagram that nobody checks here"],
])("%j is wrong", (text, problem) => {
  expect(problemsOfDiagram(text)).toEqual([problem]);
});
