#!/usr/bin/env node
// The command line `runpool`.
import { run } from "./cli/run.ts";

// Whoever reads may stop reading (`| head`): that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});
process.exitCode = await run(process.argv.slice(2), process.env);
