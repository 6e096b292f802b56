// How much of each world was searched, as one table that closes the suite.
import type { Found } from "./search.ts";

export const inWords = ({ broken }: Pick<Found, "broken">): string =>
  broken === undefined ? "no promise is broken" : [broken.promise, ...broken.trace].join("\n");

/** A line a world, printed by `print` when all have been searched: how many states, and to which depth. */
export class Extent {
  readonly #lines: string[] = [];
  #states = 0;
  #ms = 0;

  add(name: string, { states, ms, whole, depth }: Pick<Found, "states" | "ms" | "whole" | "depth">): void {
    this.#states += states;
    this.#ms += ms;
    const extent = whole ? `all of it, ${depth} steps deep` : `every state up to ${depth} steps`;
    this.#lines.push(`  ${states.toLocaleString("en").padStart(9)} states, ${extent}: ${name}`);
  }

  note(line: string): void {
    this.#lines.push(`  ${line}`);
  }

  print(title: string): void {
    const sum = `${this.#states.toLocaleString("en")} states in ${(this.#ms / 1000).toFixed(0)} s`;
    console.log([`model: ${title}: ${sum}`, ...this.#lines].join("\n"));
  }
}
