// What happens, as events: the executable decides how they are written.
import type { LogEvent } from "../../domain/events.ts";

/** One event a line. Never a secret. */
export interface Log {
  event(...event: LogEvent): void;
}
