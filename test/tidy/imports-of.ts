// What a source imports: static, dynamic, re-exporting and type-only.
import { posix } from "node:path";
import { isNode, nodes, place, treeOf, type Source } from "./sources.ts";

export interface Import {
  readonly source: Source;
  /** `domain/limits.ts`, or a package's name as written. */
  readonly target: string;
  readonly at: string;
}

/** Every import whose target is written out. One that is not a literal has no target to judge. */
export function importsOf(source: Source): readonly Import[] {
  const found: Import[] = [];
  for (const [node] of nodes(treeOf(source))) {
    if (!/^(Import|ExportNamed|ExportAll)Declaration$|^ImportExpression$|^TSImportType$/.test(node.type)) continue;
    const from = node["source"];
    if (!isNode(from) || typeof from["value"] !== "string") continue;
    const name = from["value"];
    const target = name.startsWith(".") ? posix.join(posix.dirname(source.path), name) : name;
    found.push({ source, target, at: place(source, node) });
  }
  return found;
}
