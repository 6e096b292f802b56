// What a host gives a forge's runner: a place an assignment, in which its program and its jobs run. No forge's word is in it.

/** What a runner consists of, for a host that lays it out itself. */
export interface Program {
  /** The folder of its distribution, unpacked. */
  readonly distribution: string;
  /** The listener's command line, its program below the distribution. */
  readonly listener: readonly [program: string, ...words: string[]];
  /** Files that lie beside the distribution in every place, by name. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Bounds {
  readonly limitMs: number;
  /** Taken out of every line. */
  readonly secrets?: readonly string[];
  /** Each line of output, masked, as it comes. */
  readonly said?: (line: string) => void;
}

export interface BoundedEnd {
  /** The exit code; 128 + the signal's number where a signal ended it, as shells say; 127 where it could not be started. */
  readonly code: number;
  readonly timedOut: boolean;
  /** The last lines of output, masked. */
  readonly lastLines: readonly string[];
}

/** Two commands may run at once, each at a desk of its own: an assignment registers while the one before is removed. */
export type Desk = "register" | "remove";

export interface Command extends Bounds {
  /** Below the distribution. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** Beside what the host gives; secrets come this way, since any user can read a command line. */
  readonly environment: Readonly<Record<string, string>>;
  /** Files that lie beside the program, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Names of files that it may leave there and that are wanted. */
  readonly results?: readonly string[];
}

export interface CommandEnd extends BoundedEnd {
  /** Of `results` those that it left. */
  readonly files: Readonly<Record<string, string>>;
}

export interface SandboxProcess {
  readonly pid: number;
  readonly parent: number;
  /** What it may be called: its own name, and the first words of its command line, all without folders. */
  readonly names: readonly string[];
}

export interface SandboxSeen {
  readonly listener: "none" | "running" | "exited";
  /** Once exited; absent where it ended while nobody looked. */
  readonly exitCode?: number;
  readonly frozen: boolean;
  /** While the listener runs at least itself and its children; after a freeze, and once the listener has ended, all that live. */
  readonly processes: readonly SandboxProcess[];
  /** What the listener has said, with `startMark` before each of its starts; bounded, since jobs can write there. */
  readonly log: string;
  /** How long ago something was last written there, ms by the host's own clock; infinite where there is no log. */
  readonly quietMs: number;
  /** What jobs have written into the file that `RUNPOOL_JOBS_FILE` names; bounded too. */
  readonly jobs: string;
}

/** Stands in the log before each start of the listener; only what follows the last one is about the present process. */
export const startMark = "--- runpool starts the listener ---";

/** One place an assignment. What has been done already may be asked for again; a call that has no known outcome rejects. */
export interface Sandbox {
  /** Ends whatever an earlier attempt left, and makes the place afresh. */
  lay(assignment: number): Promise<void>;
  /** Puts a file beside the program before its first start, for the jobs' user. Its name holds no folder. */
  put(assignment: number, name: string, text: string): Promise<void>;
  /** Runs a program of the distribution to its end where no job can reach it, in a folder that holds nothing of an earlier run. */
  run(desk: Desk, command: Command): Promise<CommandEnd>;
  /** Starts the listener; where one lives already, does nothing. */
  start(assignment: number, environment: Readonly<Record<string, string>>): Promise<void>;
  look(assignment: number): Promise<SandboxSeen>;
  /** Stops all its processes where they stand, and looks. They stand until `thaw`, also when nobody is left who wanted it. */
  freeze(assignment: number): Promise<SandboxSeen>;
  thaw(assignment: number): Promise<void>;
  /** Kills what stands frozen; what has been thawed meanwhile is spared, since it may have begun something. */
  killFrozen(assignment: number): Promise<"killed" | "thawed">;
  kill(assignment: number): Promise<void>;
  /** Kills, and takes away the place and whatever its jobs left elsewhere; what may take long is done in the background. */
  destroy(assignment: number): Promise<void>;
  /** Waits until the program has left this file beside itself, and takes it away; does not wait where it cannot write there. */
  awaitFile(assignment: number, name: string, limitMs: number): Promise<void>;
  /** The folder that jobs work in. */
  workFolder(assignment: number): string;
  /** Resolves when nothing is taken away in the background any more. */
  settled(): Promise<void>;
}
