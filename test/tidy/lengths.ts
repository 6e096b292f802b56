// `npm run check:length`: names the files and functions that are longer than most. A hint for the reader, never a failure.
import { liesIn, nodes, place, sources, treeOf, isNode, type Node, type Source } from "./sources.ts";

const longest = { file: 300, test: 400, function: 60 };

const linesOf = (text: string): number => text.split("\n").length - 1;
const isFunction = (node: Node): boolean =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
const spanOf = (node: Node, { text }: Source): number => linesOf(`${text.slice(node.start, node.end)}\n`);

/** The lines of the functions inside a node: a factory counts without the small functions that it is made of. */
function linesOfInner(node: Node, source: Source): number {
  let lines = 0;
  for (const part of Object.values(node))
    for (const one of (Array.isArray(part) ? part : [part]).filter(isNode))
      lines += isFunction(one) ? spanOf(one, source) - 1 : linesOfInner(one, source);
  return lines;
}

function* warnings(source: Source): Generator<string> {
  const limit = liesIn(source.path, ["test/", "bench/"]) ? longest.test : longest.file;
  if (linesOf(source.text) > limit) yield `${source.path} has ${linesOf(source.text)} lines`;
  for (const [node] of nodes(treeOf(source))) {
    const lines = isFunction(node) ? spanOf(node, source) - linesOfInner(node, source) : 0;
    if (lines > longest.function) yield `${place(source, node)}: a function of ${lines} lines`;
  }
}

for (const source of sources) for (const line of warnings(source)) console.log(`warning: ${line}`);
