// What Node.js has compiled of the sources is kept between the processes that tests start: a start of the command line takes a third of the time.
import { join } from "node:path";

/** For the environment of a child. Node.js tells files apart by their contents, and versions of itself. */
export const compileCache = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, "..", "node_modules", ".cache", "compile"),
} as const;
