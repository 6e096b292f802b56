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
  ["stateDiagram-v2\nidle --> claimed: take", "take is not a move"],
  ["stateDiagram-v2\nwaiting --> [*]", "waiting is not a state"],
  ["stateDiagram-v2\nidle -> claimed: claim", '"idle -> claimed: claim" is not an arrow'],
  [sequence("A->>B: hello"), "B is not a participant"],
  [sequence("A->>A: signal ready"), "ready is not a signal"],
  [sequence("A->>A: start (idle → running)"), "no start leads from idle to running"],
  [sequence("A->>A: wanted: go"), "unknown wanted: go"],
  [sequence("A->>A: one; two"), '"one; two" has a sign that ends it for Mermaid'],
  [sequence("par x", "A->>A: y"), "a par has no end, or an end no par"],
  [sequence("A says hello"), '"A says hello" is not a message'],
  ["pie", "pie is a kind of diagram that has no check"],
])("%j is wrong", (text, problem) => {
  expect(problemsOfDiagram(text)).toEqual([problem]);
});
