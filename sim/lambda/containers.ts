// Where a function's code runs: a process with the deployed archive, killed and stopped as Lambda does; or a function of this process.
import { fork, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { inflateRawSync } from "node:zlib";
import type { FunctionPlan } from "./plan.ts";

export interface InvocationError {
  readonly errorType: string;
  readonly errorMessage: string;
}
/** What came of an event; `payload` is JSON. `lost`: the container is of no further use. */
export type Outcome = { readonly payload: string } | { readonly error: InvocationError; readonly lost?: true };

export interface Context {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  /** Epoch ms of the host's clock. */
  readonly deadline: number;
}

/** One event at a time. */
export interface Container {
  run(event: string, context: Context): Promise<Outcome>;
  kill(): void;
}

/** Opens a container of a function; `line`: what it prints. */
export type Runtime = (of: FunctionPlan, line: (text: string) => void) => Container;

/** By function name: for worlds whose time is virtual. */
export const inProcess =
  (handlers: Readonly<Record<string, (event: unknown, context: Context) => Promise<unknown>>>): Runtime =>
  ({ name }) => ({
    run: async (event, context) => {
      try {
        const reply = await handlers[name]?.(JSON.parse(event), context);
        return { payload: JSON.stringify(reply ?? null) };
      } catch (error) {
        const { name: errorType, message: errorMessage } = error instanceof Error ? error : new Error(String(error));
        return { error: { errorType, errorMessage } };
      }
    },
    kill: () => undefined,
  });

/** The files of an archive, as a deployment uploads it (PKWARE APPNOTE 4.3.7, 4.3.12). */
export function* filesOf(archive: Buffer): Generator<readonly [name: string, content: Buffer]> {
  const end = archive.lastIndexOf(Buffer.from("PK\x05\x06"));
  if (end < 0) throw new Error("the function's code is no zip archive");
  let at = archive.readUInt32LE(end + 16);
  for (let count = archive.readUInt16LE(end + 10); count > 0; count--) {
    const [method, packed] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const name = archive.toString("utf8", at + 46, at + 46 + nameLength);
    const local = archive.readUInt32LE(at + 42);
    const begin = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const content = archive.subarray(begin, begin + packed);
    yield [name, method === 0 ? content : inflateRawSync(content)];
    at += 46 + nameLength + extra + comment;
  }
}

const exited: Outcome = {
  error: { errorType: "Runtime.ExitError", errorMessage: "Runtime exited without providing a reason" },
  lost: true,
};

/** Stopped between two events, as Lambda freezes a container: what a handler left behind does not go on meanwhile. */
function processOf(
  program: string,
  entry: string,
  variables: Readonly<Record<string, string>>,
  line: (text: string) => void,
): Container {
  const child: ChildProcess = fork(program, [pathToFileURL(entry).href], {
    cwd: dirname(entry),
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", ...variables },
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let gone = false;
  let answer: ((outcome: Outcome) => void) | undefined;
  const settle = (outcome: Outcome): void => {
    answer?.(outcome);
    answer = undefined;
  };
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (part: string) => {
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) line(text);
    });
  }
  child.on("message", (outcome: Outcome) => {
    child.kill("SIGSTOP");
    // What it printed before is read first.
    setImmediate(() => settle(outcome));
  });
  const over = (): void => {
    gone = true;
    settle(exited);
  };
  child.on("exit", over);
  child.on("error", over);
  return {
    run: (event, context) =>
      new Promise((resolve) => {
        if (gone) return resolve(exited);
        answer = resolve;
        child.kill("SIGCONT");
        child.send({ event, context });
      }),
    kill: () => void child.kill("SIGKILL"),
  };
}

export interface ProcessesOptions {
  /** A folder of its own: each function's code is unpacked in it. */
  readonly directory: string;
  /** What Lambda gives every function: region, credentials, and where AWS answers. */
  readonly variables: Readonly<Record<string, string>>;
  /** Lambda's own part of a process: `runtime.mjs`, by default the one beside this file. */
  readonly program?: string | undefined;
}

/** Runs what was deployed. */
export function processes({
  directory,
  variables,
  program = join(import.meta.dirname, "runtime.mjs"),
}: ProcessesOptions): Runtime {
  const unpacked = new Map<string, string>();
  const unpack = ({ name, archive, handler }: FunctionPlan): string => {
    const folder = join(directory, name);
    for (const [file, content] of filesOf(archive)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), content);
    }
    const [module = ""] = handler.split(".");
    return join(folder, `${module}.mjs`);
  };
  return (of, line) => {
    const entry = unpacked.get(of.name) ?? unpack(of);
    unpacked.set(of.name, entry);
    return processOf(program, entry, { ...variables, ...of.variables }, line);
  };
}
