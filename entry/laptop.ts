// `npm start`: the main job on the embedded cloud.
import { help, parseOptions } from "./laptop/options.ts";
import { perform } from "./laptop/perform.ts";

const understood = () => {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return process.exit(2);
  }
};

const options = understood();
if (options.help) console.log(help);
else
  process.exit(
    await perform({
      ...options,
      colour: (process.env["NO_COLOR"] ?? "") === "",
      screen: process.stdout,
      aside: (line) => console.error(line),
      command: "npm run -s runpool --",
    }),
  );
