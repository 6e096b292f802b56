// One picture over the other on a terminal, as `status --watch` shows it: within its size, without flicker.
import type { Sink } from "./terminal.ts";

/** The cursor home; to the end of the line, of the screen. */
const codes = { home: "\u001b[H", clearLine: "\u001b[K", clearRest: "\u001b[J" } as const;
/** A line longer than the terminal is wide ends at its edge, also where it became narrower meanwhile: no picture grows by wrapping. */
const [cut, wrapped] = ["\u001b[?7l", "\u001b[?7h"];
const usualRows = 24;

export interface Frames {
  /** How many lines the terminal has for a picture; the last is the cursor's. */
  room(): number;
  draw(lines: readonly string[]): void;
}

/** Each picture is drawn where the one before stood. What the screen showed before the first is kept, above it. */
export function frames(out: Sink): Frames {
  let begun = false;
  const room = (): number => Math.max(1, (out.rows() ?? usualRows) - 1);
  return {
    room,
    draw: (lines) => {
      const before = begun ? "" : "\n".repeat(room() + 1);
      begun = true;
      // Cleared first: behind a line as wide as the terminal it would take the last character.
      const text = lines
        .slice(0, room())
        .map((line) => `${codes.clearLine}${line}\n`)
        .join("");
      out.write(`${before}${cut}${codes.home}${text}${codes.clearRest}${wrapped}`);
    },
  };
}
