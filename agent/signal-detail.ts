// What a signal tells beside its kind, cut to what a record may hold: its first line says what failed, its last lines why.
import { maxima } from "../domain/limits.ts";

/** The beginning of a text in at most `bytes` of UTF-8, without half a character. */
const beginning = (text: string, bytes: number): string =>
  new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, bytes), { stream: true });

/** The first line, and as many of the last lines as fit with it in `bytes` of UTF-8; of a line that does not fit its beginning. */
export function shortDetail(detail: string, bytes: number = maxima.signalDetailBytes): string {
  if (Buffer.byteLength(detail) <= bytes) return detail;
  const [first = "", ...lines] = detail.split("\n");
  const head = beginning(first, bytes);
  let left = bytes - Buffer.byteLength(head);
  const last: string[] = [];
  for (const line of lines.toReversed()) {
    const size = Buffer.byteLength(line) + 1;
    if (size > left) {
      if (last.length === 0 && left > 1) last.unshift(beginning(line, left - 1));
      break;
    }
    last.unshift(line);
    left -= size;
  }
  return [head, ...last].join("\n");
}
