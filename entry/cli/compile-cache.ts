// What V8 has compiled of the command line, kept for the next call: a tenth of the time of a warm provision.
import { statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** The variables that decide where caches are (XDG Base Directory Specification) and whether they last. */
export type CacheVariables = Readonly<Partial<Record<"XDG_CACHE_HOME" | "CI", string>>>;

/** Where it is kept; undefined where nothing is: in CI, whose machines begin without it and would only pay for its writing. */
export function compileCacheOf({ XDG_CACHE_HOME: chosen = "", CI }: CacheVariables): string | undefined {
  if (CI !== undefined) return undefined;
  const named = isAbsolute(chosen);
  const trusted = named ? chosen : homedir();
  // Anyone who can write there decides what we run: only this user may, not even the user behind a `sudo` that kept HOME.
  const { uid, mode } = statSync(trusted);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined;
  return named ? join(trusted, "runpool") : join(trusted, ".cache", "runpool");
}

/** Never throws: without a cache it is only slower. */
export function keepCompiled(variables: CacheVariables): void {
  try {
    const folder = compileCacheOf(variables);
    if (folder !== undefined) enableCompileCache(folder);
  } catch {
    // No home, or none that can be read.
  }
}
