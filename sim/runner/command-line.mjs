// The runner's command line: a command, --flags, --name value, and every one of them also as ACTIONS_RUNNER_INPUT_<NAME> (CommandSettings.cs).
import { mask } from "./root.mjs";

const commands = ["configure", "remove", "run", "warmup"];
const flags = [
  "check",
  "commit",
  "disableupdate",
  "ephemeral",
  "help",
  "local",
  "no-default-labels",
  "once",
  "replace",
  "unattended",
  "version",
];
const secretArguments = ["token", "pat", "jitconfig"];
const prefix = "ACTIONS_RUNNER_INPUT_";

/** Takes the inputs out of the environment, so that no job inherits them. */
function takeEnvironment() {
  const found = new Map();
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.toUpperCase().startsWith(prefix)) continue;
    delete process.env[name];
    const text = (value ?? "").trim();
    if (text !== "") found.set(name.slice(prefix.length).toLowerCase(), text);
  }
  return found;
}

/** Parses arguments and environment. `unknown` lists what the real runner would not recognise either. */
export function readCommandLine(args) {
  const given = new Map();
  const raised = new Set();
  const unknown = [];
  let command = "";
  for (let i = 0; i < args.length; i++) {
    const word = args[i];
    if (!word.startsWith("--")) {
      if (commands.includes(word.toLowerCase())) command = word.toLowerCase();
      else unknown.push(word);
      continue;
    }
    const name = word.slice(2).toLowerCase();
    if (flags.includes(name)) raised.add(name);
    else if (i + 1 < args.length && !args[i + 1].startsWith("--")) given.set(name, args[++i]);
    else unknown.push(name);
  }
  const inherited = takeEnvironment();
  for (const name of secretArguments) {
    mask(given.get(name));
    mask(inherited.get(name));
  }
  const text = (name) => given.get(name) ?? inherited.get(name) ?? "";
  const flag = (name) => raised.has(name) || (inherited.get(name) ?? "").toLowerCase() === "true";
  return {
    command,
    unknown,
    flag,
    text,
    /** The value, or its default; without either the unattended runner gives up (PromptManager.cs). */
    required: (name, fallback = "") => {
      const value = text(name) || fallback;
      if (value !== "") return value;
      if (flag("unattended"))
        throw new Error(`Invalid configuration provided for ${name}. Terminating unattended configuration.`);
      throw new Error(`The stand-in does not ask questions: give --${name} or --unattended.`);
    },
  };
}
