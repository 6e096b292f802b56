// `runpool local`: the main job on the embedded cloud, without an AWS account.
import { Unconfigured } from "../../cloud/ports/settings.ts";
import { missingPrograms } from "../laptop/machine-programs.ts";
import { command } from "./command.ts";

export const localCommand = command({
  name: "local",
  summary: "try runpool without AWS: five workflow runs on an embedded cloud",
  details:
    "Starts stand-ins of AWS and GitHub on loopback ports and plays five workflow runs on them, with real agents, real jobs and the real control plane. Takes a " +
    "minute, leaves nothing behind, and exits 0 only if every run got its runners. With --keep the cloud keeps running for other commands. Linux only.",
  options: [
    { name: "keep", help: "leave the cloud running until Ctrl-C; prints how to point other programs at it" },
    { name: "plain", help: "one line per event, even on a terminal" },
  ],
  examples: ["runpool local", "runpool local --keep", "runpool local --json | jq .ok"],
  placeless: true,
  run: async ({ keep, plain }, { json, terminal: { out, err } }) => {
    // Its machines are processes that are found and ended by /proc.
    if (process.platform !== "linux")
      throw new Unconfigured(
        `local needs Linux, and this is ${process.platform}: run it in a container or a virtual machine`,
      );
    const missing = missingPrograms(process.env["PATH"] ?? "");
    if (missing !== undefined) throw new Unconfigured(missing);
    // Loaded late: the embedded cloud is half as large as all the rest.
    const { perform } = await import("../laptop/perform.ts");
    return await perform({
      json,
      keep,
      plain,
      colour: out.paint("bold", "") !== "",
      screen: {
        isTTY: out.terminal,
        get columns() {
          return out.columns();
        },
        get rows() {
          return out.rows();
        },
        write: (text) => out.write(text),
      },
      aside: (line) => err.write(`${line}\n`),
      // From its source it is called as a script of the checkout.
      command: import.meta.filename.endsWith(".ts") ? "npm run -s runpool --" : "runpool",
    });
  },
});
