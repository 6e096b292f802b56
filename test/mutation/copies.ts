// A copy of this checkout in which a mistake may be made, and the tests run on it.
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { files } from "../tidy/sources.ts";
import { edited, type Edit } from "./edit.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Below the checkout, so that guests of test/agent/systemd have it as they have the checkout. */
const home = join(root, ".runpool", "mutate");

export interface Copy {
  /** Makes the mistake for as long as `work` lasts. */
  readonly with: <T>(edit: Edit, work: () => Promise<T>) => Promise<T>;
  /** Runs test files in order of their names; ends at the first failure. */
  readonly test: (tests: readonly string[]) => Promise<Outcome>;
  /** Ends what runs in it, and takes it away. */
  readonly remove: () => void;
}

/** What the tests said. `hung`: they did not end in time. `nothing`: none of them ran here, for the reason in `said`. */
export interface Outcome {
  readonly kind: "passed" | "failed" | "hung" | "nothing";
  readonly said: string;
}

/** Longer than the longest test file takes on a busy machine. */
const limitMs = 20 * 60_000;
/** A mistake may make a test wait for ever; those that take longer say so themselves. */
const testLimitMs = 90_000;

/** A copy by its number. Named by the process too, so that two runs do not share one. */
export function makeCopy(number: number): Copy {
  const folder = join(home, `${process.pid}-${number}`);
  /** The tests that run in it now. */
  const running = new Set<ChildProcess>();
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return {
    remove: () => {
      for (const tests of running) end(tests);
      rmSync(folder, { recursive: true, force: true });
    },
    with: async (edit, work) => {
      const path = join(folder, edit.file);
      const before = readFileSync(path, "utf8");
      writeFileSync(path, edited(before, edit));
      try {
        return await work();
      } finally {
        writeFileSync(path, before);
      }
    },
    test: (tests) => run(folder, tests, running),
  };
}

/** With all that it has started: it is a group of its own. */
function end({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, "SIGKILL");
}

function run(folder: string, tests: readonly string[], running: Set<ChildProcess>): Promise<Outcome> {
  const words = [
    "test/run.ts",
    "--bail=1",
    "--retry=0",
    "--maxWorkers=1",
    `--testTimeout=${testLimitMs}`,
    "--no-color",
    ...tests,
  ];
  const child = spawn(process.execPath, words, {
    cwd: folder,
    // What `.ci/run` unpacks for the guests lies in the checkout alone.
    env: { RUNPOOL_TEST_DOCKER: join(root, ".runpool", "docker"), ...process.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += part.toString()));
  return new Promise((done, failed) => {
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      end(child);
    }, limitMs);
    child.once("error", failed);
    child.once("close", () => {
      running.delete(child);
      clearTimeout(timer);
      done(hung ? { kind: "hung", said } : judged(said));
    });
  });
}

/** By the closing line of test/run.ts. */
function judged(said: string): Outcome {
  const [, passed, failed] = /^(\d+) passed, (\d+) failed, \d+ skipped$/m.exec(said) ?? [];
  if (passed === undefined || said.includes("no test ran")) return { kind: "nothing", said };
  return { kind: failed === "0" ? "passed" : "failed", said };
}
