// What the laptop's machines run beside Node: GitHub's runner and the jobs are shell scripts.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** By the package that has them: the ones that the runner, the agent's hooks and the demonstration's jobs call. */
const programs: Readonly<Record<string, readonly string[]>> = {
  bash: ["bash"],
  coreutils: ["chmod", "cp", "date", "dirname", "env", "id", "rm", "sleep", "touch", "uname"],
  grep: ["grep"],
};

/** The path of a program on PATH; undefined if it is not found. */
export const programOn = (path: string, program: string): string | undefined =>
  path
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/** A message naming the missing packages; undefined if none is missing. Without this check a machine would fail only after minutes. */
export function missingPrograms(path: string): string | undefined {
  const missing = Object.entries(programs)
    .map(([name, all]) => ({ name, absent: all.filter((program) => programOn(path, program) === undefined) }))
    .filter(({ absent }) => absent.length > 0);
  if (missing.length === 0) return undefined;
  const which = missing.map(({ name, absent }) => (name === absent.join() ? name : `${name} (${absent.join(", ")})`));
  return `not on the PATH: ${which.join(", ")}; jobs need bash, coreutils and grep: install them`;
}
