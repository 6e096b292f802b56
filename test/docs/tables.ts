// A Markdown page's tables: the cells below a head, without backticks and emphasis.

const cellsOf = (line: string): readonly string[] =>
  line
    .replaceAll(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.replaceAll(/[`*]/g, "").trim());

/** Rows of all tables of a page whose heads begin with these cells; throws where there is none. */
export function allRowsOf(text: string, ...head: readonly string[]): readonly (readonly string[])[] {
  const lines = text.split("\n");
  const heads = lines.flatMap((line, at) => (head.every((cell, column) => cellsOf(line)[column] === cell) ? [at] : []));
  if (heads.length === 0) throw new Error(`no table begins with ${head.join(", ")}`);
  return heads.flatMap((at) => {
    const end = lines.findIndex((line, below) => below > at && !line.startsWith("|"));
    return lines.slice(at + 2, end < 0 ? lines.length : end).map(cellsOf);
  });
}
