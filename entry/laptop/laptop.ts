// `npm start`: the main job on the embedded cloud.
import { missingPrograms } from "./machine-programs.ts";
import { help, parseOptions } from "./options.ts";

const understood = () => {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return process.exit(2);
  }
};

const options = understood();
const missing = missingPrograms(process.env["PATH"] ?? "");
if (options.help) console.log(help);
else if (missing !== undefined) {
  console.error(missing);
  process.exitCode = 2;
} else {
  // Loaded late: the embedded cloud takes a second, which nobody waits for to be refused.
  const { perform } = await import("./perform.ts");
  process.exit(
    await perform({
      ...options,
      colour: (process.env["NO_COLOR"] ?? "") === "",
      screen: process.stdout,
      aside: (line) => console.error(line),
      command: "npm run -s runpool --",
    }),
  );
}
