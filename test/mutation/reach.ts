// Which tests reach a file: by the imports of their sources, or by naming it where it is read or started.
import { posix } from "node:path";
import { importsOf } from "../tidy/imports-of.ts";
import { files, sources, type Source } from "../tidy/sources.ts";

/** What a source's text may name: names, folders and paths. */
const wordsIn = ({ text }: Source): ReadonlySet<string> => new Set(text.match(/[\w@.-]+(?:\/[\w@.-]+)*/g));
const fromRoot = (word: string): string => word.replace(/^(?:\.{1,2}\/)+/, "");

/** By what a file is named: its path; what is no TypeScript also by its name, and by its folder where all of one is read. */
const namesOf = (path: string): readonly string[] =>
  path.endsWith(".ts")
    ? [path]
    : [path, posix.basename(path), posix.dirname(path), posix.basename(posix.dirname(path))];

/** By file: whose sources use it. */
const users = new Map<string, Set<string>>();
const known = new Set(files);
const byName = Map.groupBy(
  files.flatMap((path) => namesOf(path).map((name) => ({ name, path }))),
  ({ name }) => name,
);
for (const source of sources) {
  if (source.path.startsWith("test/mutation/")) continue;
  const words = [...wordsIn(source)];
  const named = words.flatMap((word) => byName.get(fromRoot(word)) ?? []).map(({ path }) => path);
  const beside = words.map((word) => posix.join(posix.dirname(source.path), word));
  const used = [
    ...importsOf(source).map(({ target }) => target),
    ...named,
    ...beside.filter((path) => known.has(path)),
  ];
  for (const path of used) if (path !== source.path) users.set(path, (users.get(path) ?? new Set()).add(source.path));
}

/** The test files that reach `path`, the nearest first; among those as near, by name. */
export function testsThatReach(path: string): readonly string[] {
  const seen = new Set([path]);
  const found: string[] = [];
  for (let ring = [path]; ring.length > 0;) {
    ring = [...new Set(ring.flatMap((one) => [...(users.get(one) ?? [])]))]
      .filter((user) => !seen.has(user))
      .toSorted();
    for (const user of ring) seen.add(user);
    found.push(...ring.filter((user) => user.endsWith(".test.ts")));
  }
  return found;
}
