// Where output goes: results to stdout, progress and errors to stderr; colour only where a person looks.
import { styleText } from "node:util";
import type { Variables } from "../cli/arguments.ts";

export type Style = Parameters<typeof styleText>[0];

export interface Sink {
  /** One whose cursor can be moved: not where it is dumb. */
  readonly terminal: boolean;
  /** Of the terminal; undefined where it is none. */
  columns(): number | undefined;
  rows(): number | undefined;
  write(text: string): void;
  /** The unchanged text if colours are off. */
  paint(style: Style, text: string): string;
}
export interface Terminal {
  readonly out: Sink;
  readonly err: Sink;
}

/** What is needed of process.stdout and process.stderr. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}
export interface Streams {
  readonly stdout: Stream;
  readonly stderr: Stream;
}

const sink = (stream: Stream, colours: boolean, dumb: boolean): Sink => ({
  terminal: stream.isTTY === true && !dumb,
  columns: () => (stream.isTTY === true ? stream.columns : undefined),
  rows: () => (stream.isTTY === true ? stream.rows : undefined),
  write: (text) => void stream.write(text),
  paint: (style, text) => (stream.isTTY === true && colours ? styleText(style, text, { validateStream: false }) : text),
});

/** No colours with NO_COLOR (no-color.org: set and not empty), on a dumb terminal, or where they are not wanted. */
export function terminalOn({ stdout, stderr }: Streams, variables: Variables, noColor: boolean): Terminal {
  const dumb = variables["TERM"] === "dumb";
  const colours = !noColor && (variables["NO_COLOR"] ?? "") === "" && !dumb;
  return { out: sink(stdout, colours, dumb), err: sink(stderr, colours, dumb) };
}

/**
 * Without what would move the cursor, pretend to be colour, turn the direction of what follows or not be seen at all: some of what is shown
 * was written by others. Unicode, "UAX #9", table of explicit directional formatting characters; joiners stay, since words are made of them.
 */
export const plain = (text: string): string =>
  text.replaceAll(
    // eslint-disable-next-line no-control-regex -- control characters are what it is about
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu,
    "?",
  );
