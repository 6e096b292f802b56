// Words in lines: cut at blanks, never within a word.

/** Lines of at most `room` characters; a longer word has one of its own. `room` undefined: one line. */
export function wrap(text: string, room = Number.POSITIVE_INFINITY): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" "))
    if (line === "") line = word;
    else if (line.length + 1 + word.length <= room) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  return [...lines, line];
}

/** The same with every line after the first indented, and all of them within `columns`. */
export const hanging = (text: string, indent: number, columns: number | undefined): readonly string[] => {
  const lines = wrap(text, columns === undefined ? undefined : Math.max(20, columns - indent));
  return lines.map((line, i) => (i === 0 ? line : " ".repeat(indent) + line));
};
