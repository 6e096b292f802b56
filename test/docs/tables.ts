// A Markdown page's tables: the cells below a head, without backticks and emphasis.

/** Rows of the first table of a page whose head begins with these cells; throws where there is none. */
export function rowsOf(text: string, ...head: readonly string[]): readonly (readonly string[])[] {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => head.every((cell, column) => cellsOf(line)[column] === cell));
  if (at < 0) throw new Error(`no table begins with ${head.join(", ")}`);
  const end = lines.findIndex((line, below) => below > at && !line.startsWith("|"));
  return lines.slice(at + 2, end < 0 ? lines.length : end).map(cellsOf);
}

const cellsOf = (line: string): readonly string[] =>
  line
    .replaceAll(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.replaceAll(/[`*]/g, "").trim());
