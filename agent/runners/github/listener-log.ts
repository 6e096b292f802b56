// What a listener's output says: whether it listens, and how many jobs it has begun.
import { startMark } from "../../../cloud/ports/sandbox.ts";
import { hostMaxima } from "../../machine/host-limits.ts";

export interface ListenerSaid {
  /** "Listening for Jobs" since its last start (Runner.cs). */
  readonly online: boolean;
  /** "Running job:" over all its starts (JobDispatcher.cs). */
  readonly jobs: number;
  /** "Current runner version:" of its last start that got so far (Runner.cs). */
  readonly version?: string;
  /** The last lines since its last start. */
  readonly lastLines: readonly string[];
}

/**
 * Its last words are that it runs a job. It says so before it renews GitHub's lock upon it, and only then starts the worker
 * (JobDispatcher.cs, RunAsync): that job is taken, and nobody else would get it.
 */
export const saysJobLast = (text: string): boolean =>
  text.replace(/\n$/, "").split("\n").at(-1)?.includes(": Running job: ") === true;

export function readListenerLog(text: string): ListenerSaid {
  const at = text.lastIndexOf(startMark);
  const present = at < 0 ? text : text.slice(at + startMark.length);
  const lines = present.split("\n").filter((line) => line.trim() !== "");
  const version = /^Current runner version: '([0-9A-Za-z.-]{1,40})'/m.exec(present)?.[1];
  return {
    ...(version === undefined ? {} : { version }),
    online: /^.{0,30}Listening for Jobs/m.test(present),
    jobs: text.match(/^.{0,30}Running job: /gm)?.length ?? 0,
    // A job can write lines of any length there.
    lastLines: lines.slice(-hostMaxima.detailLines).map((line) => line.slice(0, hostMaxima.lineLength)),
  };
}
