#!/usr/bin/env node
// The command line `runpool`.
import { keepCompiled } from "./compile-cache.ts";
import { exitCodes } from "./exit-codes.ts";
import { problemOfNode } from "./node-version.ts";

// The reader may close the pipe early (`| head`): not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});
const problem = problemOfNode(process.versions.node);
if (problem === undefined) {
  if (import.meta.filename.endsWith(".mjs")) keepCompiled(process.env);
  const { run } = await import("./run.ts");
  process.exitCode = await run(process.argv.slice(2), process.env);
} else {
  process.stderr.write(`${problem} (${process.execPath})\n`);
  process.exitCode = exitCodes.refused;
}
